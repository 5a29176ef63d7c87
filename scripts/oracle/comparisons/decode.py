"""Compares the decoding of JPEG files: ours, TensorFlow's as Keras calls it, and Pillow's.

    python scripts/oracle compare decode --data NEU-DET.zip

--data is the folder NEU-DET or Kaggle's zip. Keras reads images with tf.io.decode_image, which decodes JPEG with
libjpeg's fast and rough transform; Pillow takes the accurate one. Differences are given in grey levels, on the decoded
images and after the lesson's resize.
"""

import argparse
import io
import tempfile
from pathlib import Path

import go
import neu
import numpy as np
import tensorflow as tf
from PIL import Image


def ours(files):
    raw, decoded = np.frombuffer(go.run("decode", *files), np.uint8), []
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


def resized(images):
    return [tf.image.resize(i, (255, 255), method="bilinear", antialias=False).numpy() for i in images]


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--images", type=int, default=20, help="how many images of each split to compare")
ask = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    files = [f for split in ("train", "validation") for f in neu.images(ask.data, split, ask.images, folder)]
    images = [f.read_bytes() for f in files]
    decoded = {"Go": ours(files), "TensorFlow, as Keras": tensorflow(images),
               "TensorFlow, accurate": tensorflow_accurate(images), "Pillow": pillow(images)}
print(f"{len(images)} images, differences in grey levels")
print(f"{'':42}   max     mean   mean signed   pixels that differ   max after resize to 255")
for a, b in [("Go", "TensorFlow, as Keras"), ("Go", "TensorFlow, accurate"), ("Go", "Pillow"),
             ("TensorFlow, as Keras", "Pillow")]:
    d = np.stack(decoded[a]).astype(np.float32) - np.stack(decoded[b])
    after = np.stack(resized(decoded[a])) - np.stack(resized(decoded[b]))
    print(f"{a + ' - ' + b:42} {np.abs(d).max():5.0f}  {np.abs(d).mean():7.4f}  {d.mean():+12.4f}"
          f"  {100 * (d != 0).mean():18.1f} %  {np.abs(after).max():24.3f}")
