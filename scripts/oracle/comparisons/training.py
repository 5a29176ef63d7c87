"""Compares training at the lesson's size with Keras's, loss by loss: the base frozen, and fine-tuned from a layer on.

    python scripts/oracle compare training --data NEU-DET.zip

--data is the folder NEU-DET or Kaggle's zip. Both sides start from one file with seeded weights, without dropout, and
train on the same batches of real images with Adam. It ends with exit code 1 if a loss differs by 1e-3 of itself at
the lesson's learning rates. At 1e-3 from layer 100 rounding errors grow from step to step: there the losses of Keras
not compiled by XLA stand beside, which differ from its own as well.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import backbones
import go
import keras
import neu
import numpy as np
import seeded
import steps
import tensorflow as tf

LIMIT = 1e-3


def model(trained_from, hold):
    """The lesson's model on a seeded base. With hold, the base keeps to inference in fit; without, Keras can save it."""
    base = backbones.build(ask.backbone, ask.input)
    for layer in base.layers:
        seeded.fill(layer)
    for layer in base.layers[:trained_from]:
        layer.trainable = False
    L = keras.layers
    image = keras.Input((ask.input, ask.input, 3))
    x = L.Rescaling(1 / 127.5, -1)(image)
    x = steps.Called(base, False)(x) if hold else base(x, training=False)
    x = L.GlobalAveragePooling2D()(x)
    for head in (L.Dense(256, activation="relu", name="dense"), L.Dense(6, activation="softmax", name="dense_1")):
        x = head(x)
        seeded.fill(head)
    return keras.Model(image, x)


def ours(trained_from, rate, pixels, labels, folder):
    """The losses of Go's steps."""
    model(trained_from, hold=False).save(folder / "model.keras")
    return json.loads(go.run(
        "training", f"-model={folder / 'model.keras'}", f"-pixels={go.write(folder / 'pixels', pixels)}",
        f"-labels={','.join(map(str, labels))}", f"-batch={ask.batch}", f"-rate={rate}"))


def kerass(trained_from, rate, pixels, labels, compiled=True):
    """The losses of Keras's steps, and the number of weights that they train."""
    m = model(trained_from, hold=True)
    batches = [slice(i, i + ask.batch) for i in range(0, len(labels), ask.batch)]
    losses = steps.losses(m, rate, [(pixels[b], np.eye(6, dtype=np.float32)[labels[b]]) for b in batches],
                          jit_compile=compiled)
    return losses, sum(w.value.numpy().size for w in m.trainable_weights)


def compare(title, trained_from, rate, limited, pixels, labels, folder):
    got = ours(trained_from, rate, pixels, labels, folder)
    want, parameters = kerass(trained_from, rate, pixels, labels)
    again = want if limited else kerass(trained_from, rate, pixels, labels, compiled=False)[0]
    print(f"{ask.backbone} at {ask.input} pixels, {title}, batches of {ask.batch}, Adam {rate:g}, {parameters} parameters")
    differences = [abs(a - b) / b for a, b in zip(got["losses"], want)]
    for i, (a, b, c, d) in enumerate(zip(got["losses"], want, again, differences)):
        other = "" if limited else f"   Keras without XLA {c:.6f}, relative {abs(c - b) / b:.1e}"
        print(f"    step {i + 1:>2}: ours {a:.6f}   Keras {b:.6f}   relative {d:.1e}{other}", flush=True)
    if got["parameters"] != parameters or len(got["losses"]) != len(want):
        print(f"    ours trains {got['parameters']} parameters in {len(got['losses'])} steps")
        return False
    return not limited or max(differences) < LIMIT


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--backbone", default="resnet50v2")
parser.add_argument("--input", type=int, default=200, help="height and width of the images, pixels")
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--steps", type=int, default=10)
ask = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    files = neu.images(ask.data, "train", ask.batch * ask.steps, folder)
    np.random.default_rng(1).shuffle(files)
    classes = sorted({f.parent.name for f in files})
    labels = np.array([classes.index(f.parent.name) for f in files])
    pixels = np.stack([tf.image.resize(tf.io.decode_jpeg(f.read_bytes(), 3), (ask.input, ask.input)).numpy()
                       for f in files])
    depth = len(backbones.build(ask.backbone, ask.input).layers)
    right = [compare(*case, pixels, labels, folder) for case in (
        ("base frozen", depth, 1e-3, True), ("last 10 layers", depth - 10, 1e-5, True),
        ("from layer 100", 100, 1e-5, True), ("from layer 100", 100, 1e-3, False))]

sys.exit(0 if all(right) else f"above {LIMIT}")
