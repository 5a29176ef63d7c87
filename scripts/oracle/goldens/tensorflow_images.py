"""How TensorFlow resizes images and reads small files of each format, for the tests of lib/images.

resize.json: images as lists of numbers and what tf.image.resize makes of them.
decode/*, decode.json: small files in each format and what tf.io.decode_image reads from them. BMP with a palette and
32-bit BMP are read with Pillow, since TensorFlow gives them another number of channels.
"""

import io
import json

import numpy as np
import tensorflow as tf
import testdata
from PIL import Image

FOLDER = "lib/images/testdata"


def texture(height, width):
    """The formula is in resize_test.go as well, so that a full-size image needs no space here."""
    y, x = np.mgrid[:height, :width]
    return ((x * x * 3 + y * 7 * x + y * 13) % 256).astype(np.float32)


def resize(image, size):
    return tf.image.resize(image, size, method="bilinear", antialias=False).numpy()


def make_resize():
    rng = np.random.default_rng(7)
    cases = []
    for (h, w, c), size in [
        ((5, 7, 1), (9, 13)), ((6, 6, 3), (11, 4)), ((16, 12, 3), (7, 5)), ((8, 8, 1), (8, 8)),
        ((1, 1, 3), (4, 3)), ((10, 10, 1), (3, 3)), ((2, 3, 1), (16, 1)), ((25, 25, 1), (22, 22)),
    ]:
        image = rng.integers(0, 256, (h, w, c)).astype(np.float32)
        cases.append({
            "height": h, "width": w, "channels": c, "new_height": size[0], "new_width": size[1],
            "pixels": image.ravel().tolist(), "resized": resize(image, size).ravel().tolist(),
        })
    samples = []
    for size, new in [(200, 255), (255, 224), (200, 96), (200, 224)]:
        resized = resize(texture(size, size)[..., None], (new, new))[..., 0]
        points = [[int(y), int(x), float(resized[y, x])] for y, x in rng.integers(0, new, (60, 2))]
        samples.append({"size": size, "new_size": new, "points": points})
    testdata.place(f"{FOLDER}/resize.json").write_text(json.dumps({"cases": cases, "samples": samples}))


def make_decode():
    rng = np.random.default_rng(8)
    smooth = np.asarray(Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((24, 20), Image.BICUBIC))
    rgb, grey = Image.fromarray(smooth), Image.fromarray(smooth).convert("L")
    rgba = rgb.copy()
    rgba.putalpha(grey)
    files = {
        "grey.jpg": (grey, {"quality": 90}),
        "grey-as-colour.jpg": (grey.convert("RGB"), {"quality": 90}),
        "colour-444.jpg": (rgb, {"quality": 90, "subsampling": 0}),
        "colour-420.jpg": (rgb, {"quality": 90, "subsampling": 2}),
        "progressive.jpg": (rgb, {"quality": 90, "subsampling": 0, "progressive": True}),
        "grey.png": (grey, {}),
        "grey-16-bit.png": (Image.fromarray(np.asarray(grey).astype(np.uint16) * 200), {}),
        "colour.png": (rgb, {}),
        "transparent.png": (rgba, {}),
        "palette.png": (rgb.quantize(16), {}),
        "grey.bmp": (grey, {}),
        "colour.bmp": (rgb, {}),
        "transparent.bmp": (rgba, {}),
    }
    pixels = {}
    for name, (image, options) in files.items():
        buffer = io.BytesIO()
        image.save(buffer, {"jpg": "JPEG", "png": "PNG", "bmp": "BMP"}[name.split(".")[-1]], **options)
        testdata.place(f"{FOLDER}/decode/{name}").write_bytes(buffer.getvalue())
        if name in ("grey.bmp", "transparent.bmp"):
            decoded = np.asarray(Image.open(buffer).convert("RGB"))
        else:
            decoded = tf.io.decode_image(buffer.getvalue(), channels=3, expand_animations=False).numpy()
        pixels[name] = decoded.ravel().tolist()
    testdata.place(f"{FOLDER}/decode.json").write_text(json.dumps({"height": 20, "width": 24, "pixels": pixels}))


make_resize()
make_decode()
