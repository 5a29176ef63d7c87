"""Compares the decoding of random JPEG files of all kinds, whole and damaged: ours, TensorFlow's and Pillow's.

    python scripts/oracle compare jpeg --files 2000

A damaged file has some bits of its coefficients flipped. libjpeg reads on after what is wrong, and others may refuse; only
files that both sides read are compared. It ends with exit code 1 if pixels of whole files differ.
"""

import argparse
import io
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import go
import jpegs
import numpy as np
import tensorflow as tf
from PIL import Image


def whole(rng):
    """A random file and its kind."""
    height, width = (int(v) for v in rng.integers(1, 70, 2))
    seed, quality = int(rng.integers(1 << 30)), int(rng.choice([1, 5, 20, 50, 75, 90, 95, 100]))
    kind = str(rng.choice(["grey", "colours", "cmyk", "scans", "patched"], p=[0.25, 0.4, 0.1, 0.15, 0.1]))
    picture = "noise" if rng.random() < 0.2 else "smooth"
    if kind == "scans":
        factors = [tuple(int(v) for v in rng.choice([1, 2, 4], 2)) for _ in range(int(rng.choice([3, 4])))]
        head = [jpegs.JFIF, b"", *map(jpegs.adobe, range(3))][rng.integers(5)]
        return kind, jpegs.scans(height, width, factors, head=head, quality=quality, seed=seed,
                                 restart=int(rng.integers(0, 5)))
    if kind == "patched":
        file = jpegs.save(jpegs.picture(64, 64, seed=seed, kind=picture), quality=quality, subsampling=1,
                          progressive=bool(rng.random() < 0.5))
        return kind, jpegs.sampled(file, (0x12, 0x11, 0x11), (int(rng.integers(49, 65)), int(rng.integers(57, 65))))
    channels = {"grey": 1, "colours": 3, "cmyk": 4}[kind]
    options = {"quality": quality, "progressive": bool(rng.random() < 0.4), "optimize": bool(rng.random() < 0.3)}
    if rng.random() < 0.3:
        options["restart_marker_blocks"] = int(rng.integers(1, 9))
    if channels == 3:
        options["subsampling"] = int(rng.integers(3))
        kind += [" 4:4:4", " 4:2:2", " 4:2:0"][options["subsampling"]]
    kind += ", progressive" if options["progressive"] else ""
    return kind, jpegs.save(jpegs.picture(height, width, channels, seed, picture), **options)


def damaged(rng, file):
    """With flipped bits behind the first scan header, but not in markers or what would become one."""
    data = bytearray(file)
    start = file.index(b"\xff\xda") + 14
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(start, max(start + 1, len(data) - 2)))
        flipped = data[at] ^ 1 << int(rng.integers(8)) if at < len(data) else 0
        if at < len(data) and 255 not in (data[at], data[at - 1], flipped):
            data[at] = flipped
    return bytes(data)


def theirs(file, decode):
    try:
        return decode(file)
    except Exception:  # noqa: BLE001 (each library has its own)
        return None


def tensorflow(file):
    return tf.io.decode_image(file, channels=3, expand_animations=False).numpy()


def pillow(file):
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def ours(files):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "files.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for i, file in enumerate(files):
                archive.writestr(str(i), file)
        raw, at = go.run("jpeg", path), 0
    for _ in files:
        both = []
        for _ in range(2):
            n = int.from_bytes(raw[at:at + 4], "little")
            both.append(np.frombuffer(raw, np.uint8, n, at + 4) if n else None)
            at += 4 + n
        yield both


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--files", type=int, default=1000, help="how many, and as many damaged ones")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--keep", type=Path, help="a folder for files that differ")
ask = parser.parse_args()

rng = np.random.default_rng(ask.seed)
kinds, files = zip(*(whole(rng) for _ in range(ask.files)))
kinds, files = [*kinds, *("damaged: " + k for k in kinds)], [*files, *(damaged(rng, f) for f in files)]
counts, largest = Counter(), Counter()
for i, (kind, file, both) in enumerate(zip(kinds, files, ours(files))):
    for name, decode, got in zip(("TensorFlow", "Pillow"), (tensorflow, pillow), both):
        want = theirs(file, decode)
        if got is None or want is None:
            what = "both refuse" if got is want else "ours refuses" if got is None else "theirs refuses"
        else:
            apart = int(np.abs(got.astype(int) - want.ravel()).max()) if got.size == want.size else 999
            what = "differ" if apart else "equal"
            largest[kind, name] = max(largest[kind, name], apart)
            if apart and ask.keep:
                ask.keep.mkdir(exist_ok=True)
                (ask.keep / f"{i}-{name}.jpg").write_bytes(file)
        counts[kind, name, what] += 1
columns = ("equal", "differ", "both refuse", "ours refuses", "theirs refuses")
print(f"{'':44}" + "".join(f"{c:>16}" for c in columns) + f"{'largest difference':>20}")
for kind, name in sorted({(k, n) for k, n, _ in counts}):
    print(f"{kind + ', ' + name:44}" + "".join(f"{counts[kind, name, c]:16}" for c in columns)
          + f"{largest[kind, name]:20}")
sys.exit(any(largest[key] for key in largest if not key[0].startswith("damaged")))
