"""Compares the decoding of JPEG files: ours, TensorFlow's as Keras calls it, and Pillow's.

python3 scripts/oracle/decode.py DATA [NUMBER]

DATA is NEU-DET as a folder or zip; NUMBER images (20) are taken from it at equal distances. Needs Go, tensorflow and
pillow. Keras reads images with tf.io.decode_image, which decodes JPEG with libjpeg's fast and rough transform; Pillow
takes the accurate one. Differences are given in grey levels, on the decoded images and after the lesson's resize.
"""
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]


def encoded_images(data):
    """The encoded images of DATA, sorted by name."""
    if zipfile.is_zipfile(data):
        with zipfile.ZipFile(data) as archive:
            return [archive.read(n) for n in sorted(archive.namelist()) if n.endswith(".jpg")]
    return [p.read_bytes() for p in sorted(pathlib.Path(data).rglob("*.jpg"))]


def ours(images):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, image in enumerate(images):
            paths.append(pathlib.Path(folder) / f"{i}.jpg")
            paths[-1].write_bytes(image)
        raw = subprocess.run(["go", "run", "./scripts/oracle/decode", *map(str, paths)],
                             cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    raw = np.frombuffer(raw, np.uint8)
    decoded = []
    for image in images:
        width, height = Image.open(io.BytesIO(image)).size
        decoded.append(raw[:height * width * 3].reshape(height, width, 3))
        raw = raw[height * width * 3:]
    assert raw.size == 0
    return decoded


def tensorflow(images):
    return [tf.io.decode_image(i, channels=3, expand_animations=False).numpy() for i in images]


def tensorflow_accurate(images):
    return [tf.io.decode_jpeg(i, channels=3, dct_method="INTEGER_ACCURATE").numpy() for i in images]


def pillow(images):
    return [np.asarray(Image.open(io.BytesIO(i)).convert("RGB")) for i in images]


def resized(images):
    return [tf.image.resize(i, (255, 255), method="bilinear", antialias=False).numpy() for i in images]


def main():
    images = encoded_images(sys.argv[1])
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    images = images[::max(1, len(images) // number)][:number]
    decoded = {"Go": ours(images), "TensorFlow, as Keras": tensorflow(images),
               "TensorFlow, accurate": tensorflow_accurate(images), "Pillow": pillow(images)}
    print(f"{len(images)} images, differences in grey levels")
    print(f"{'':42}   max     mean   mean signed   pixels that differ   max after resize to 255")
    for a, b in [("Go", "TensorFlow, as Keras"), ("Go", "TensorFlow, accurate"), ("Go", "Pillow"),
                 ("TensorFlow, as Keras", "Pillow")]:
        d = np.stack(decoded[a]).astype(np.float32) - np.stack(decoded[b])
        after = np.stack(resized(decoded[a])) - np.stack(resized(decoded[b]))
        print(f"{a + ' - ' + b:42} {np.abs(d).max():5.0f}  {np.abs(d).mean():7.4f}  {d.mean():+12.4f}"
              f"  {100 * (d != 0).mean():18.1f} %  {np.abs(after).max():24.3f}")


main()
