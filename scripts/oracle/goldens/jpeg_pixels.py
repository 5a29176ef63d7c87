"""JPEG files of all kinds and what TensorFlow and Pillow decode them to, for the tests of lib/images/jpeg.

testdata/files.zip holds the files, pixels.json the size and the SHA-256 of red, green, blue of all pixels by each
decoder. Keras reads files with tf.io.decode_image(channels=3, expand_animations=False).
"""

import hashlib
import io
import zipfile

import jpegs
import numpy as np
import tensorflow as tf
import testdata
from PIL import Image

FOLDER = "lib/images/jpeg/testdata"


def digest(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


pixels = {}
with zipfile.ZipFile(testdata.place(f"{FOLDER}/files.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    for name, file in jpegs.files().items():
        theirs = tf.io.decode_image(file, channels=3, expand_animations=False).numpy()
        pillow = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
        pixels[name] = {"height": theirs.shape[0], "width": theirs.shape[1], "tensorflow": digest(theirs),
                        "pillow": digest(pillow)}
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), file, zipfile.ZIP_DEFLATED)
testdata.write(f"{FOLDER}/pixels.json", pixels)
