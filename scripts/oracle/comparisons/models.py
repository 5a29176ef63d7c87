"""Compares whole models here with Keras's, both ways, by the probabilities for 60 real images given as numbers.

Models that Go builds, trains and saves are opened by Keras 3: MobileNetV2, ResNet50V2, and a fine-tuned MobileNetV2, each
as .h5, .keras and .weights.h5. What Keras opens must be trainable. Models that Keras 3 and tf_keras build, train and save
as .h5 and .keras are opened by Go, whose .weights.h5 of them go back onto the same models.

    python scripts/oracle compare models --data NEU-DET.zip [--weights FOLDER]

--data is the folder NEU-DET or Kaggle's zip; FOLDER holds Keras's ImageNet weights of MobileNetV2, alpha 0.35; without
it, backbones begin with random weights. It ends with exit code 1 if a probability differs by more than 1e-4.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import go
import keras
import neu
import numpy as np
import tensorflow as tf
import tf_keras

LIMIT = 1e-4
SIZE = 255  # of images; the backbones take 224
FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
failed = []


def images(data, n, folder):
    """n validation images, [n, SIZE, SIZE, 3] values 0…255."""
    return np.stack([tf.image.resize(tf.io.decode_jpeg(f.read_bytes(), 3), (SIZE, SIZE)).numpy()
                     for f in neu.images(data, "validation", n, folder)])


def ours(folder, *args):
    """The probabilities that Go computes for the images; args say for which model."""
    out = folder / "probabilities.f32"
    go.run("models", f"-pixels={folder / 'pixels.f32'}", f"-probabilities={out}", *args)
    return go.read(out).reshape(len(pixels), -1)


def report(what, got, want):
    difference = float(np.abs(got - want).max())
    spread = float(want.std(0).max())
    if not difference <= LIMIT or spread < 1e-3:
        failed.append(what)
    print(f"{what:<86} {difference:9.2e}   probabilities spread by {spread:.3f}", flush=True)


def trainable(k, model):
    """Trains one step, which must lower no model to NaN and must leave what is frozen as it is."""
    frozen = [w.numpy() for layer in flat(model) if not layer.trainable for w in layer.weights]
    model.compile(k.optimizers.Adam(1e-4), "categorical_crossentropy")
    loss = model.fit(pixels[:8], np.eye(6, dtype="f4")[np.arange(8) % 6], verbose=0).history["loss"][0]
    after = [w.numpy() for layer in flat(model) if not layer.trainable for w in layer.weights]
    assert np.isfinite(loss) and all((a == b).all() for a, b in zip(frozen, after)), "training changes what is frozen"


def flat(model):
    for layer in model.layers:
        yield from flat(layer) if hasattr(layer, "layers") else [layer]


def from_go(folder, name, args):
    files = [folder / f"{name}{extension}" for extension in (".h5", ".keras", ".weights.h5")]
    want = ours(folder, *args, f"-save={','.join(map(str, files))}")
    model = None
    for file in files[:2]:
        keras.backend.clear_session()
        model = keras.models.load_model(file)
        report(f"{name}: Go's {file.suffix} opened by Keras {keras.__version__}", model.predict(pixels, verbose=0), want)
    for w in model.weights:
        w.assign(w * 0 + 0.01)
    model.load_weights(files[2])
    report(f"{name}: Go's .weights.h5 opened by Keras {keras.__version__}", model.predict(pixels, verbose=0), want)
    trainable(keras, model)


def lesson(k, base, last):
    """The lesson's model: k is keras or tf_keras; the last layers of the base are trained."""
    base.trainable = True
    for layer in base.layers[: len(base.layers) - last]:
        layer.trainable = False
    inputs = k.Input((SIZE, SIZE, 3))
    x = k.layers.Resizing(224, 224)(inputs)
    x = k.applications.mobilenet_v2.preprocess_input(x)
    x = k.layers.GlobalAveragePooling2D()(base(x, training=False))
    x = k.layers.Dropout(0.3)(x)
    x = k.layers.Dense(256, activation="relu")(x)
    x = k.layers.Dropout(0.2)(x)
    return k.Model(inputs, k.layers.Dense(6, activation="softmax")(x))


def normalize(k, base, name):
    """Gives a layer of a random base the statistics of its input, else all images look alike."""
    layer = base.get_layer(name)
    x = k.applications.resnet_v2.preprocess_input(tf.image.resize(pixels[:12], base.input_shape[1:3]).numpy())
    y = k.Model(base.input, layer.input).predict(x, verbose=0)
    layer.set_weights([*layer.get_weights()[:2], y.mean((0, 1, 2)), y.var((0, 1, 2))])


def to_go(folder, name, k, model):
    """Trains a model, saves it in each format, lets Go open it and save it again."""
    title = f"{name}: {k.__name__} {k.__version__}'s"
    trainable(k, model)
    want = model.predict(pixels, verbose=0)
    again, archive = folder / f"{name}-again.weights.h5", folder / f"{name}.keras"
    for extension in (".keras", ".h5"):
        file = folder / f"{name}{extension}"
        model.save(file)
        report(f"{title} {extension} opened by Go", ours(folder, f"-open={file}", f"-save={again}"), want)
        # Keras 3 does not open its own .h5 of functions on tensors, and tf_keras wants the state of metrics, if compiled.
        fresh = k.models.load_model(archive, compile=False)
        for w in fresh.weights:
            w.assign(w * 0 + 0.01)
        fresh.load_weights(again)
        report(f"{title} {extension}, Go's .weights.h5 of it", fresh.predict(pixels, verbose=0), want)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--weights", type=Path, help=f"folder of {FILE}")
parser.add_argument("--images", type=int, default=60, help="how many images to compare")
ask = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    pixels = images(ask.data, ask.images, folder)
    go.write(folder / "pixels.f32", pixels)
    small = ["-alpha=0.35"]
    if ask.weights:
        small.append(f"-weights={ask.weights / FILE}")
    from_go(folder, "mobilenetv2", small)
    from_go(folder, "mobilenetv2-tuned", [*small, "-train=20"])
    from_go(folder, "resnet50v2", ["-backbone=resnet50v2"])
    for k in (keras, tf_keras):
        k.backend.clear_session()
        k.utils.set_random_seed(1)
        base = k.applications.MobileNetV2(input_shape=(224, 224, 3), alpha=0.35, include_top=False, weights=None)
        if ask.weights:
            base.load_weights(ask.weights / FILE)
        to_go(folder, f"mobilenetv2-{k.__name__}", k, lesson(k, base, 20))
        base = k.applications.ResNet50V2(input_shape=(224, 224, 3), include_top=False, weights=None)
        normalize(k, base, "post_bn")
        to_go(folder, f"resnet50v2-{k.__name__}", k, lesson(k, base, 10))

sys.exit(f"above {LIMIT}, or probabilities that are all alike: {failed}" if failed else 0)
