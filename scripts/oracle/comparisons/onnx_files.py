"""Compares ONNX files of models here, as ONNX Runtime computes them, with what Go computes for the same real images.

The lesson's model on each network, frozen and after some training of its last layers, and the lesson's small ViT. Images
are given as numbers; ONNX Runtime gets them all at once, one by one, and in uneven batches. ONNX's own checker must accept
each file.

    python scripts/oracle compare onnx_files --data NEU-DET.zip [--weights FOLDER] [--only mobilenetv2]

--data is the folder NEU-DET or Kaggle's zip; FOLDER holds Keras's ImageNet weights of MobileNetV2, alpha 0.35; without
it, and for all other networks, bases begin with random weights. It ends with exit code 1 if a probability differs by more
than 1e-4.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import go
import neu
import numpy as np
import onnx
import onnxruntime
from PIL import Image

LIMIT = 1e-4
SIZE = 255  # of images
FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
failed = []


def images(data, n, folder):
    """n validation images, [n, SIZE, SIZE, 3] values 0…255."""
    return np.stack([np.asarray(Image.open(f).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR), "f4")
                     for f in neu.images(data, "validation", n, folder)])


def compare(what, *args):
    file, out = folder / "model.onnx", folder / "probabilities.f32"
    go.run("models", f"-pixels={folder / 'pixels.f32'}", f"-probabilities={out}", f"-save={file}", *args)
    want = go.read(out).reshape(len(pixels), -1)
    onnx.checker.check_model(str(file), full_check=True)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    differences = []
    for size in (len(pixels), 1, 7):
        got = np.concatenate([session.run(["probabilities"], {"pixels": pixels[i:i + size]})[0]
                              for i in range(0, len(pixels), size)])
        differences.append(float(np.abs(got - want).max()))
    spread = float(want.std(0).max())
    if not max(differences) <= LIMIT or spread < 1e-3:
        failed.append(what)
    print(f"{what:<52} {file.stat().st_size / 1e6:6.1f} MB   all at once {differences[0]:.1e}, one by one "
          f"{differences[1]:.1e}, by sevens {differences[2]:.1e}   probabilities spread by {spread:.3f}", flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--weights", type=Path, help=f"folder of {FILE}")
parser.add_argument("--images", type=int, default=60, help="how many images to compare")
parser.add_argument("--only", help="a network, such as mobilenetv2 or small_vit")
ask = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    pixels = images(ask.data, ask.images, folder)
    go.write(folder / "pixels.f32", pixels)
    small = ["-alpha=0.35", *([f"-weights={ask.weights / FILE}"] if ask.weights else [])]
    source = "ImageNet" if ask.weights else "random"
    for what, network, *args in (
            (f"MobileNetV2 α=0.35, {source}", "mobilenetv2", *small),
            (f"MobileNetV2 α=0.35, {source}, last 20 layers trained", "mobilenetv2", *small, "-train=20"),
            *((f"MobileNetV2 α={a}, random", "mobilenetv2", f"-alpha={a}") for a in (0.5, 0.75, 1.0, 1.3, 1.4)),
            ("ResNet50V2 at 200, random", "resnet50v2", "-input=200"),
            ("ResNet50V2 at 200, random, last 10 layers trained", "resnet50v2", "-input=200", "-train=10"),
            ("EfficientNetB0, random", "efficientnetb0"),
            ("EfficientNetB0, random, last 10 layers trained", "efficientnetb0", "-train=10"),
            ("small ViT, random", "small_vit"),
            ("small ViT, all layers trained", "small_vit", "-train=1"),
            ("ViT-B/16, random", "vit"),
            ("ViT-B/16, random, last 4 layers trained", "vit", "-train=4")):
        if network == (ask.only or network):
            compare(what, f"-backbone={network}", *args)

sys.exit(f"above {LIMIT}, or probabilities that are all alike: {failed}" if failed else 0)
