"""Compares MobileNetV2 here with Keras's: features of real images with ImageNet weights, every layer, other variants.

Needs Keras 3 on TensorFlow (pip install tensorflow-cpu) and Go. Run from the root of the repository:

    python scripts/oracle/compare_features.py --weights mobilenet_v2_…_0.35_224_no_top.h5 --data NEU-DET.zip

--data is the folder NEU-DET or Kaggle's zip. It prints a table of the largest absolute differences of
pooled features, and of the activations of each layer. It ends with exit code 1 if one that decoders have no part in is
above 1e-4.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

LIMIT = 1e-4
failed = []


def build(alpha, size, weights=None):
    keras.backend.clear_session()
    base = keras.applications.MobileNetV2(input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None)
    if weights:
        base.load_weights(weights)
    return base


def every_output(base, pixels):
    """What each layer gives for pixels 0…255."""
    model = keras.Model(base.input, [layer.output for layer in base.layers])
    outputs = model(keras.applications.mobilenet_v2.preprocess_input(np.array(pixels)), training=False)
    return {layer.name: y.numpy() for layer, y in zip(base.layers, outputs)}


def pooled(y):
    return y.mean((1, 2))


def go(*args):
    return subprocess.run(["go", "run", *args], check=True, stdout=subprocess.PIPE).stdout


def activations(weights, alpha, size, pixels, every=False):
    """What Go computes: the pooled features, and with every the output of each layer."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.asarray(pixels, "<f4").tofile(folder / "pixels")
        go("./scripts/oracle/activations", f"-weights={weights}", f"-alpha={alpha}", f"-input={size}",
           f"-size={pixels.shape[1]}", f"-pixels={folder / 'pixels'}", f"-out={folder}", *["-every"] * every)
        return {f.stem: np.fromfile(f, "<f4") for f in folder.glob("*.f32")}


def row(what, got, want, limit=LIMIT):
    difference = float(np.abs(got.reshape(want.shape) - want).max())
    if limit and not difference <= limit:
        failed.append(what)
    print(f"{what:<84} {difference:9.2e}   of values up to {np.abs(want).max():.3g}", flush=True)


def compare_layers(title, base, weights, alpha, pixels):
    want, size = every_output(base, pixels), base.input_shape[1]
    got = activations(weights, alpha, size, pixels, every=True)
    row(title, got["features"], pooled(want["out_relu"]))
    differences = {name: float(np.abs(got[name].reshape(y.shape) - y).max()) for name, y in want.items()}
    worst = max(differences, key=differences.get)
    row(f"{title}, worst of {len(want)} layers: {worst}", got[worst], want[worst])
    if ask.layers:
        for name, difference in differences.items():
            print(f"    {name:<40} {difference:10.2e}")


def images(data, n, folder):
    """n validation images, spread evenly over the classes, as files."""
    if data.is_file():
        with zipfile.ZipFile(data) as z:
            names = sorted(name for name in z.namelist() if "/validation/images/" in name and name.endswith(".jpg"))
            return [Path(z.extract(name, folder)) for name in names[:: len(names) // n][:n]]
    found = sorted(data.glob("**/validation/images/*/*.jpg"))
    return found[:: len(found) // n][:n]


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--weights", type=Path, required=True, help="Keras's ImageNet weights of alpha 0.35 without top")
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--images", type=int, default=20, help="how many images to compare")
parser.add_argument("--layers", action="store_true", help="print the difference of every layer")
ask = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    files = images(ask.data, ask.images, folder)
    base = build(0.35, 224, ask.weights)
    # As image_dataset_from_directory(image_size=(255, 255)) and the lesson's Resizing do. TensorFlow decodes JPEG with
    # a fast and rough inverse cosine transform, unless it is told otherwise.
    pixels, accurate = (np.stack([tf.image.resize(tf.io.decode_jpeg(f.read_bytes(), 3, dct_method=method), (255, 255))
                                  for f in files]) for method in ("", "INTEGER_ACCURATE"))
    small = tf.image.resize(pixels, (224, 224)).numpy()
    want, want_accurate = (pooled(every_output(base, tf.image.resize(p, (224, 224)))["out_relu"])
                           for p in (pixels, accurate))
    table = json.loads(go("./scripts/defects", "features", "mobilenetv2", "--weights", str(ask.weights), "--alpha",
                          "0.35", "--json", *map(str, files)))
    got = np.array(table["features"], np.float32)
    title = f"alpha 0.35, 224, ImageNet, {len(files)} images"
    print("Decoders alone, no limit:")
    row(f"{title}, each side decodes", got, want, limit=None)
    row(f"{title}, each side decodes, Keras accurately", got, want_accurate, limit=None)
    row(f"{title}, Keras decodes accurately, Keras decodes fast", want_accurate, want, limit=None)
    print(f"Limit {LIMIT}:")
    row(f"{title}, pixels 255×255 as numbers", activations(ask.weights, 0.35, 224, pixels)["features"], want)
    row(f"{title}, pixels 224×224 as numbers", activations(ask.weights, 0.35, 224, small)["features"], want)
    compare_layers("alpha 0.35, 224, ImageNet, 1 image as numbers", base, ask.weights, 0.35, small[:1])

    for alpha, size in ((0.75, 160), (1.4, 96), (1.0, 224)):
        keras.utils.set_random_seed(1)
        rng = np.random.default_rng(1)
        base = build(alpha, size)
        for layer in base.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                n = layer.gamma.shape[0]
                layer.set_weights([rng.uniform(0.5, 1.5, n), rng.uniform(-0.3, 0.3, n), rng.uniform(-0.3, 0.3, n),
                                   rng.uniform(0.5, 1.5, n)])
        path = folder / f"{alpha}.h5"
        base.save(path)
        compare_layers(f"alpha {alpha}, {size}, random, 2 images as numbers", base, path, alpha,
                       rng.uniform(0, 255, (2, size, size, 3)).astype(np.float32))

sys.exit(f"above {LIMIT}: {failed}" if failed else 0)
