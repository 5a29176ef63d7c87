"""Compares the decoding of JPEG files: ours, TensorFlow's as Keras calls it, and Pillow's.

    python scripts/oracle compare decode --data NEU-DET.zip

--data is the folder NEU-DET or Kaggle's zip. Keras reads images with tf.io.decode_image, which decodes JPEG with
libjpeg's fast and rough transform; Pillow takes the accurate one. Differences are given in grey levels, on the decoded
images and after the lesson's resize, and the SHA-256 of all pixels that the test of the published images compares with.
"""

import argparse
import hashlib
import io
import tempfile
from pathlib import Path

import go
import neu
import numpy as np
import tensorflow as tf
from PIL import Image


def ours(files, *options):
    raw, decoded = np.frombuffer(go.run("decode", *options, *files), np.uint8), []
    for file in files:
        width, height = Image.open(file).size
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


def resized(image):
    return tf.image.resize(image, (255, 255), method="bilinear", antialias=False).numpy()


def row(a, b):
    d = a.astype(np.float32) - b
    return np.abs(d).max(), np.abs(d).mean(), d.mean(), (d != 0).mean(), np.abs(resized(a) - resized(b)).max()


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--images", type=int, default=1800, help="how many images of each split to compare, at most")
ask = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    files = [f for split in ("train", "validation") for f in neu.images(ask.data, split, ask.images, folder)]
    images = [f.read_bytes() for f in files]
    decoded = {"ours": ours(files), "ours, as Pillow": ours(files, "-pillow"), "TensorFlow, as Keras": tensorflow(images),
               "TensorFlow, accurate": tensorflow_accurate(images), "Pillow": pillow(images)}
print(f"{len(images)} images, differences in grey levels")
print(f"{'':42}   max     mean   mean signed   pixels that differ   max after resize to 255")
for a, b in [("ours", "TensorFlow, as Keras"), ("ours, as Pillow", "Pillow"),
             ("ours, as Pillow", "TensorFlow, accurate"), ("TensorFlow, as Keras", "Pillow")]:
    rows = np.array([row(x, y) for x, y in zip(decoded[a], decoded[b])])
    largest, mean, signed, differ, after = rows.max(0)[0], *rows.mean(0)[1:4], rows.max(0)[4]
    print(f"{a + ' - ' + b:42} {largest:5.0f}  {mean:7.4f}  {signed:+12.4f}  {100 * differ:18.1f} %  {after:24.3f}")
for name in ("TensorFlow, as Keras", "Pillow"):
    print(f"{name:42} {hashlib.sha256(b''.join(x.tobytes() for x in decoded[name])).hexdigest()}")
