"""Compares a backbone here with Keras's: every value of every layer with seeded weights, features of real images.

    python scripts/oracle compare features --backbone resnet50v2
    python scripts/oracle compare features --weights mobilenet_v2_…_0.35_224_no_top.h5 --data NEU-DET.zip

--data is the folder NEU-DET or Kaggle's zip, of which features are compared if ImageNet weights are given too. It
prints the largest absolute differences, and these divided by the largest value of the layer. It ends with exit code 1
if a relative one is above 1e-4.
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
import tensorflow as tf

LIMIT = 1e-4
NETWORKS = backbones.networks()
failed = []


def every_output(base, pixels):
    """What each layer gives for pixels 0…255."""
    model = keras.Model(base.input, [layer.output for layer in base.layers])
    outputs = model(backbones.preprocess(ask.backbone, np.array(pixels)), training=False)
    return {layer.name: y.numpy() for layer, y in zip(base.layers, outputs)}


def pooled(y):
    return y.mean((1, 2))


def activations(weights, alpha, size, pixels, every=False):
    return go.activations(pixels, f"-backbone={ask.backbone}", f"-weights={weights}", f"-alpha={alpha or 0}",
                          f"-input={size}", *["-every"] * every)


def difference(got, want):
    """The largest absolute difference, and that divided by the largest value."""
    absolute = float(np.abs(got.reshape(want.shape) - want).max())
    return absolute, absolute / float(np.abs(want).max() or 1)


def row(what, got, want, limit=LIMIT):
    absolute, relative = difference(got, want)
    if limit and not relative <= limit:
        failed.append(what)
    print(f"{what:<84} {absolute:9.2e}   relative {relative:9.2e}   of values up to {np.abs(want).max():.3g}", flush=True)


def compare_layers(title, base, weights, alpha, pixels):
    want, size = every_output(base, pixels), base.input_shape[1]
    got = activations(weights, alpha, size, pixels, every=True)
    row(f"{title}, pooled features", got["features"], pooled(want[base.layers[-1].name]))
    differences = {name: difference(got[name], y) for name, y in want.items()}
    worst = max(differences, key=lambda name: differences[name][1])
    row(f"{title}, worst of {len(want)} layers: {worst}", got[worst], want[worst])
    if ask.layers:
        for name, (absolute, relative) in differences.items():
            print(f"    {name:<40} {absolute:10.2e}   relative {relative:9.2e}")


def variant(alpha, size):
    return " ".join([ask.backbone, *[f"alpha {alpha}"] * bool(alpha), f"at {size} pixels"])


def compare_images(folder):
    """Features of real images with ImageNet weights, decoded by each side and as numbers."""
    alpha, size = WIDTHS[0].get("alpha"), NETWORKS[ask.backbone]["input"]
    files = neu.images(ask.data, "validation", ask.images, folder)
    base = backbones.build(ask.backbone, size, alpha, weights=ask.weights, published=True)
    last = base.layers[-1].name
    # As image_dataset_from_directory(image_size=(255, 255)) and the lesson's Resizing do. TensorFlow decodes JPEG with
    # a fast and rough inverse cosine transform, unless it is told otherwise.
    pixels, accurate = (np.stack([tf.image.resize(tf.io.decode_jpeg(f.read_bytes(), 3, dct_method=method), (255, 255))
                                  for f in files]) for method in ("", "INTEGER_ACCURATE"))
    small = tf.image.resize(pixels, (size, size)).numpy()
    want, want_accurate = (pooled(every_output(base, tf.image.resize(p, (size, size)))[last])
                           for p in (pixels, accurate))
    table = json.loads(go.defects("features", ask.backbone, "--weights", ask.weights,
                                  *(["--alpha", alpha] if alpha else []), "--json", *files))
    got = np.array(table["features"], np.float32)
    title = f"{variant(alpha, size)}, ImageNet, {len(files)} images"
    print("Keras's two ways to decode, no limit:")
    row(f"{title}, Keras decodes accurately, Keras decodes fast", want_accurate, want, limit=None)
    print(f"Limit {LIMIT}:")
    row(f"{title}, each side decodes", got, want)
    row(f"{title}, pixels 255×255 as numbers", activations(ask.weights, alpha, size, pixels)["features"], want)
    row(f"{title}, pixels {size}×{size} as numbers", activations(ask.weights, alpha, size, small)["features"], want)
    compare_layers(f"{variant(alpha, size)}, ImageNet, 1 image", base, ask.weights, alpha, small[:1])


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--backbone", choices=NETWORKS, default="mobilenetv2")
parser.add_argument("--weights", type=Path, help="Keras's ImageNet weights without top, of the smallest width")
parser.add_argument("--data", type=Path, help="the folder NEU-DET, or its zip")
parser.add_argument("--images", type=int, default=20, help="how many images to compare")
parser.add_argument("--layers", action="store_true", help="print the difference of every layer")
ask = parser.parse_args()
WIDTHS = backbones.widths(NETWORKS[ask.backbone])
if (ask.weights is None) != (ask.data is None):
    parser.error("features of real images need both --weights and --data")

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    if ask.weights:
        compare_images(folder)
    for width, size in zip((2, -1, 0, 3, 0), (160, 96, 75, 224, NETWORKS[ask.backbone]["input"])):
        alpha = WIDTHS[width % len(WIDTHS)].get("alpha")
        base = backbones.build(ask.backbone, size, alpha)
        backbones.fill(base)
        path = folder / f"{size}.h5"
        base.save(path)
        compare_layers(f"{variant(alpha, size)}, seeded weights, 2 images", base, path, alpha,
                       seeded.uniform("images", (2, size, size, 3), 0, 255))

sys.exit(f"above {LIMIT}: {failed}" if failed else 0)
