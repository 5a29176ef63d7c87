"""How TensorFlow resizes images and reads small files of each format, for the tests of lib/images.

resize.json: images as lists of numbers and what tf.image.resize makes of them.
decode/*, decode.json: small files in each format and what tf.io.decode_image reads from them. BMP with a palette and
32-bit BMP are read with Pillow, since TensorFlow gives them another number of channels.
grey/*, grey.json: files whose colours tell how they become grey, and what tf.io.decode_image(channels=1) reads from them.
"""

import io
import json
import struct
import zlib

import numpy as np
import tensorflow as tf
import testdata
from PIL import Image, PngImagePlugin

FOLDER = "lib/images/testdata"


def texture(height, width):
    """The formula is in resize_test.go as well, so that a full-size image needs no space here."""
    y, x = np.mgrid[:height, :width]
    return ((x * x * 3 + y * 7 * x + y * 13) % 256).astype(np.float32)


def resize(image, size):
    return tf.image.resize(image, size, method="bilinear", antialias=False).numpy()


def make_resize():
    rng = np.random.default_rng(7)
    cases = []
    for (h, w, c), size in [
        ((5, 7, 1), (9, 13)), ((6, 6, 3), (11, 4)), ((16, 12, 3), (7, 5)), ((8, 8, 1), (8, 8)),
        ((1, 1, 3), (4, 3)), ((10, 10, 1), (3, 3)), ((2, 3, 1), (16, 1)), ((25, 25, 1), (22, 22)),
    ]:
        image = rng.integers(0, 256, (h, w, c)).astype(np.float32)
        cases.append({
            "height": h, "width": w, "channels": c, "new_height": size[0], "new_width": size[1],
            "pixels": image.ravel().tolist(), "resized": resize(image, size).ravel().tolist(),
        })
    samples = []
    for size, new in [(200, 255), (255, 224), (200, 96), (200, 224)]:
        resized = resize(texture(size, size)[..., None], (new, new))[..., 0]
        points = [[int(y), int(x), float(resized[y, x])] for y, x in rng.integers(0, new, (60, 2))]
        samples.append({"size": size, "new_size": new, "points": points})
    testdata.place(f"{FOLDER}/resize.json").write_text(json.dumps({"cases": cases, "samples": samples}))


def make_decode():
    rng = np.random.default_rng(8)
    smooth = np.asarray(Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((24, 20), Image.BICUBIC))
    rgb, grey = Image.fromarray(smooth), Image.fromarray(smooth).convert("L")
    rgba = rgb.copy()
    rgba.putalpha(grey)
    files = {
        "grey.jpg": (grey, {"quality": 90}),
        "grey-as-colour.jpg": (grey.convert("RGB"), {"quality": 90}),
        "colour-444.jpg": (rgb, {"quality": 90, "subsampling": 0}),
        "colour-420.jpg": (rgb, {"quality": 90, "subsampling": 2}),
        "progressive.jpg": (rgb, {"quality": 90, "subsampling": 0, "progressive": True}),
        "grey.png": (grey, {}),
        "grey-16-bit.png": (Image.fromarray(np.asarray(grey).astype(np.uint16) * 200), {}),
        "colour.png": (rgb, {}),
        "transparent.png": (rgba, {}),
        "palette.png": (rgb.quantize(16), {}),
        "grey.bmp": (grey, {}),
        "colour.bmp": (rgb, {}),
        "transparent.bmp": (rgba, {}),
    }
    pixels = {}
    for name, (image, options) in files.items():
        buffer = io.BytesIO()
        image.save(buffer, {"jpg": "JPEG", "png": "PNG", "bmp": "BMP"}[name.split(".")[-1]], **options)
        testdata.place(f"{FOLDER}/decode/{name}").write_bytes(buffer.getvalue())
        if name in ("grey.bmp", "transparent.bmp"):
            decoded = np.asarray(Image.open(buffer).convert("RGB"))
        else:
            decoded = tf.io.decode_image(buffer.getvalue(), channels=3, expand_animations=False).numpy()
        pixels[name] = decoded.ravel().tolist()
    testdata.place(f"{FOLDER}/decode.json").write_text(json.dumps({"height": 20, "width": 24, "pixels": pixels}))


def png_of_16_bits(pixels):
    """Pillow writes none in colour."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def make_grey():
    rng = np.random.default_rng(9)
    pixels = rng.integers(0, 256, (12, 18, 3), np.uint8)
    pixels[:3] = pixels[:3, :, :1]  # without a colour
    smooth = Image.fromarray(pixels[:5, :6]).resize((18, 12), Image.BICUBIC)
    rgb = Image.fromarray(pixels)
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray(pixels[..., 1]))

    def with_chunk(kind, data):
        info = PngImagePlugin.PngInfo()
        info.add(kind, data)
        return {"pnginfo": info}

    files = {
        "444.jpg": (smooth, {"quality": 90, "subsampling": 0}),
        "420.jpg": (smooth, {"quality": 70}),
        "progressive.jpg": (smooth, {"quality": 70, "progressive": True}),
        "grey.jpg": (smooth.convert("L"), {"quality": 80}),
        "rgb.jpg": (smooth, {"quality": 90, "keep_rgb": True}),
        "colour.png": (rgb, {}),
        "transparent.png": (rgba, {}),
        "palette.png": (rgb.quantize(16), {}),
        "grey.png": (rgb.convert("L"), {}),
        "srgb.png": (rgb, with_chunk(b"sRGB", b"\0")),
        "gamma.png": (rgb, with_chunk(b"gAMA", struct.pack(">I", 60000))),
        "gamma-1.png": (rgb, with_chunk(b"gAMA", struct.pack(">I", 100000))),
    }
    encoded = {"deep.png": png_of_16_bits(rng.integers(0, 65536, (12, 18, 3)))}
    for name, (image, options) in files.items():
        buffer = io.BytesIO()
        image.save(buffer, {"jpg": "JPEG", "png": "PNG"}[name.split(".")[-1]], **options)
        encoded[name] = buffer.getvalue()
    grey = {}
    for name, data in encoded.items():
        testdata.place(f"{FOLDER}/grey/{name}").write_bytes(data)
        grey[name] = tf.io.decode_image(data, channels=1, expand_animations=False).numpy().ravel().tolist()
    testdata.write(f"{FOLDER}/grey.json", {"height": 12, "width": 18, "pixels": grey})


make_resize()
make_decode()
make_grey()
