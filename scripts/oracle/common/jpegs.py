"""JPEG files of all kinds: what Pillow writes, and what it does not write, put together from pieces of what it does."""

import io
import struct

import numpy as np
from PIL import Image

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def picture(height, width, channels=3, seed=0, kind="smooth"):
    """Smooth colours with an edge, or noise of black and white."""
    rng = np.random.default_rng([seed, height, width, channels])
    if kind == "noise":
        pixels = rng.integers(0, 2, (height, width, channels)).astype(np.uint8) * 255
    else:
        coarse = rng.integers(0, 256, (height // 5 + 2, width // 5 + 2, channels)).astype(np.uint8)
        pixels = np.dstack([np.asarray(Image.fromarray(c).resize((width, height), Image.BICUBIC))
                            for c in np.moveaxis(coarse, 2, 0)]).copy()
        pixels[height // 3:, width // 2:] //= 2
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, {1: "L", 3: "RGB", 4: "CMYK"}[channels])


def save(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def segments(file):
    """The marker segments of a file, with their markers; entropy-coded data belongs to the scan header before it."""
    at, found = 2, []
    while file[at + 1] != 0xd9:
        marker = file[at + 1]
        end = at + 2 + struct.unpack(">H", file[at + 2:at + 4])[0]
        if marker == 0xda:
            while file[end] != 0xff or file[end + 1] == 0 or 0xd0 <= file[end + 1] <= 0xd7:
                end += 1
        found.append((marker, file[at:end]))
        at = end
    return found


def join(parts):
    return SOI + b"".join(part for _, part in parts) + EOI


def without(file, *markers):
    return join([s for s in segments(file) if s[0] not in markers])


def insert(file, extra):
    """With extra bytes behind the start of the image."""
    return file[:2] + extra + file[2:]


def sampled(file, factors, size=None):
    """The same data with other sampling factors, as 0x21 of each component, and another size: another picture."""
    parts = []
    for marker, part in segments(file):
        if marker in (0xc0, 0xc1, 0xc2):
            part = bytearray(part)
            if size:
                part[5:9] = struct.pack(">HH", *size)
            for i, factor in enumerate(factors):
                part[11 + 3 * i] = factor
        parts.append((marker, bytes(part)))
    return join(parts)


def scans(height, width, factors, ids=(1, 2, 3, 4), head=JFIF, quality=80, restart=0, seed=0, order=None):
    """A sequential file of a scan for each component, whose sampling factors are (h, v): grey files put together."""
    widest, highest = max(h for h, _ in factors), max(v for _, v in factors)
    frame, body, tables = b"", [], b""
    for i, (h, v) in enumerate(factors):
        size = -(-height * v // highest), -(-width * h // widest)
        plane = save(picture(*size, 1, seed + i), quality=quality, restart_marker_blocks=restart)
        parts = segments(plane)
        tables = b"".join(part for marker, part in parts if marker in (0xdb, 0xc4, 0xdd))
        data = next(part for marker, part in parts if marker == 0xda)
        body.append(data[:5] + bytes([ids[i]]) + data[6:])
        frame += bytes([ids[i], h << 4 | v, 0])
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8 + len(frame), 8, height, width, len(factors)) + frame
    return SOI + head + tables + frame + b"".join(body[i] for i in order or range(len(body))) + EOI


def wide_tables(file, factor=1):
    """With quantization tables of 16 bits, multiplied."""
    parts = []
    for marker, part in segments(file):
        if marker == 0xdb:
            body = part[4:]
            body = b"".join(bytes([body[i] | 0x10]) + b"".join(struct.pack(">H", v * factor) for v in body[i + 1:i + 65])
                            for i in range(0, len(body), 65))
            part = b"\xff\xdb" + struct.pack(">H", 2 + len(body)) + body
        parts.append((0xc1 if marker == 0xc0 else marker, part.replace(b"\xff\xc0", b"\xff\xc1") if marker == 0xc0 else part))
    return join(parts)


def files():
    """All files by name."""
    found = {}
    sizes = [(1, 1), (1, 17), (2, 3), (3, 2), (5, 4), (7, 9), (8, 8), (15, 16), (16, 17), (17, 31), (33, 18), (31, 40)]
    for i, (h, w) in enumerate(sizes):
        for subsampling, name in enumerate(("444", "422", "420")):
            found[f"{name}-{h}x{w}"] = save(picture(h, w, seed=i), quality=85, subsampling=subsampling)
        found[f"progressive-420-{h}x{w}"] = save(picture(h, w, seed=i), quality=85, subsampling=2, progressive=True)
        found[f"grey-{h}x{w}"] = save(picture(h, w, 1, i), quality=85)
    for quality in (1, 5, 25, 50, 75, 90, 95, 100):
        found[f"quality-{quality}"] = save(picture(24, 20, seed=quality), quality=quality, subsampling=quality % 3)
        found[f"progressive-quality-{quality}"] = save(picture(24, 20, seed=quality), quality=quality, progressive=True)
        found[f"noise-{quality}"] = save(picture(16, 24, seed=quality, kind="noise"), quality=quality, subsampling=0)
        found[f"grey-noise-{quality}"] = save(picture(24, 16, 1, quality, "noise"), quality=quality)
    image, tall = picture(40, 50, seed=100), picture(64, 64, seed=101)
    found["optimized"] = save(image, optimize=True)
    found["grey-as-colour"] = save(picture(30, 30, 1).convert("RGB"))
    found["grey-as-colour-progressive"] = save(picture(30, 30, 1).convert("RGB"), progressive=True)
    found["grey-progressive"] = save(picture(29, 35, 1), progressive=True, quality=95)
    for n in (1, 3, 8):
        found[f"restart-{n}"] = save(image, restart_marker_blocks=n)
        found[f"restart-{n}-progressive"] = save(image, restart_marker_blocks=n, progressive=True)
        found[f"restart-{n}-grey"] = save(image.convert("L"), restart_marker_blocks=n)
    found["restart-rows"] = save(image, restart_marker_rows=1, subsampling=0)
    found["restart-behind"] = save(image)[:-2] + b"\xff\xd0" + EOI
    found["comment-and-fill-bytes"] = insert(save(image), b"\xff\xfe\x00\x05abc\xff\xff\xff\xfe\x00\x02\xff\xec\x00\x03x")
    found["behind-the-end"] = save(image) + b"\xff\xd8 more"
    found["junk-before-a-marker"] = insert(save(image), b"\xff\xfe\x00\x02junk")
    found["wide-tables"] = wide_tables(save(image, quality=20))
    # Numbers that 16 bits do not hold, in whole blocks and in blocks of one row or column of coefficients.
    rows = np.repeat(np.random.default_rng(7).integers(0, 256, (1, 64)).astype(np.uint8), 32, 0)
    for factor in (60, 150, 250):
        found[f"overflow-{factor}"] = wide_tables(save(picture(24, 24, kind="noise"), quality=50), factor)
        found[f"overflow-row-{factor}"] = wide_tables(save(Image.fromarray(rows), quality=50), factor)
        found[f"overflow-column-{factor}"] = wide_tables(save(Image.fromarray(rows.T.copy()), quality=50), factor)

    # Sampling factors that Pillow does not write.
    interleaved = save(tall, subsampling=2)
    found["411"] = sampled(interleaved, (0x41, 0x11, 0x11), (32, 128))
    found["411-odd"] = sampled(interleaved, (0x41, 0x11, 0x11), (31, 125))
    found["v4"] = sampled(interleaved, (0x14, 0x11, 0x11), (128, 31))
    pairs = save(tall, subsampling=1)
    found["440"] = sampled(pairs, (0x12, 0x11, 0x11), (64, 64))
    found["440-odd"] = sampled(pairs, (0x12, 0x11, 0x11), (63, 61))
    found["progressive-440"] = sampled(save(tall, subsampling=1, progressive=True), (0x12, 0x11, 0x11), (64, 64))
    found["grey-2x2"] = sampled(save(image.convert("L")), (0x22,))
    for name, factors in {
        "444": ((1, 1), (1, 1), (1, 1)), "all-2": ((2, 2), (2, 2), (2, 2)), "420": ((2, 2), (1, 1), (1, 1)),
        "422": ((2, 1), (1, 1), (1, 1)), "440": ((1, 2), (1, 1), (1, 1)), "410": ((4, 2), (1, 1), (1, 1)),
        "311": ((3, 1), (1, 1), (1, 1)), "3v": ((1, 3), (1, 1), (1, 1)), "mixed": ((2, 2), (2, 1), (1, 2)),
        "fine-colours": ((1, 1), (2, 2), (2, 2)), "4x4": ((4, 4), (2, 2), (1, 1)), "2-of-4": ((2, 2), (1, 4), (4, 1)),
    }.items():
        for h, w in ((21, 35), (6, 5), (3, 2)):
            found[f"scans-{name}-{h}x{w}"] = scans(h, w, factors, seed=h)
    found["scans-restart"] = scans(30, 33, ((2, 2), (1, 1), (1, 1)), restart=2)
    found["scans-other-order"] = scans(30, 33, ((2, 1), (1, 1), (1, 1)), order=(2, 0, 1))

    # Colour spaces.
    three = ((1, 1),) * 3
    rgb = (ord("R"), ord("G"), ord("B"))
    found["ids-rgb"] = scans(20, 24, three, rgb, b"")
    found["ids-rgb-420"] = scans(21, 23, ((2, 2), (1, 1), (1, 1)), rgb, b"")
    found["ids-rgb-jfif"] = scans(20, 24, three, rgb, JFIF)
    found["ids-rgb-adobe-1"] = scans(20, 24, three, rgb, adobe(1))
    found["ids-0-1-2"] = scans(20, 24, three, (0, 1, 2), b"")
    found["no-marker"] = scans(20, 24, three, head=b"")
    for transform in (0, 1, 2):
        found[f"adobe-{transform}"] = scans(20, 24, three, head=adobe(transform))
        found[f"adobe-{transform}-jfif"] = scans(20, 24, three, head=JFIF + adobe(transform))
    found["keep-rgb"] = save(image, keep_rgb=True)
    cmyk = picture(25, 30, 4)
    found["cmyk"] = save(cmyk)
    found["cmyk-progressive"] = save(cmyk, progressive=True)
    found["cmyk-without-marker"] = without(save(cmyk), 0xee)
    found["cmyk-noise"] = save(picture(24, 24, 4, kind="noise"), quality=95)
    for transform in (0, 1, 2):
        found[f"four-adobe-{transform}"] = scans(20, 24, ((1, 1),) * 4, head=adobe(transform))
        found[f"four-420-adobe-{transform}"] = scans(21, 23, ((2, 2), (1, 1), (1, 1), (2, 2)), head=adobe(transform))
    found["four-jfif"] = scans(20, 24, ((1, 1),) * 4)
    return found
