"""How SciPy, Pillow and Python's colorsys blur, turn, brighten, flatten and compress images, for the tests of lib/images.

Strengths are those of images.Corruptions and some beside them. Pictures go as bytes; JPEG is Pillow's, so libjpeg's.
"""

import base64
import colorsys
import io

import numpy as np
import PIL
import scipy
import testdata
from PIL import Image
from scipy import ndimage

rng = np.random.default_rng(11)
HEIGHT, WIDTH = 11, 14  # not square, smaller than the widest blur
image = np.clip(np.linspace(-40, 240, WIDTH)[None, :, None] + rng.normal(0, 40, (HEIGHT, WIDTH, 3)), 0, 255).round(2)
image[0, 0], image[0, 1], image[1, 0] = 0, 255, (255, 0, 17)


def blur(x, sigma):
    return ndimage.gaussian_filter(x, sigma=(sigma, sigma, 0), mode="nearest")


def rotate(x, degrees):
    return ndimage.rotate(x, degrees, reshape=False, order=1, mode="reflect")


def brighten(x, added):
    def one(pixel):
        h, s, v = colorsys.rgb_to_hsv(*(pixel / 255))
        return np.array(colorsys.hsv_to_rgb(h, s, min(max(v + added / 255, 0), 1)), float)

    return 255 * np.apply_along_axis(one, 2, x)


def flatten(x, factor):
    means = x.mean((0, 1), keepdims=True)
    return np.clip((x - means) * factor + means, 0, 255)


CHANGES = {
    "blur": (blur, [0, 0.4, 1, 2, 3, 4, 6]),
    "rotation": (rotate, [0, 5, 10, 20, 30, 45, 90, -200]),
    "brightness": (brighten, [0, 25.5, 51, 76.5, 102, 127.5, -60]),
    "contrast": (flatten, [1, 0.4, 0.3, 0.2, 0.1, 0.05, 2]),
}
cases = [
    {"change": name, "strength": strength, "pixels": change(image, strength).ravel().round(3).tolist()}
    for name, (change, strengths) in CHANGES.items()
    for strength in strengths
]


def data(pixels):
    return base64.b64encode(np.asarray(pixels).tobytes()).decode()


def stored(picture, quality):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


# Smooth with grain, as photographs are; 26×37 is no whole number of blocks.
y, x = np.mgrid[:26, :37]
smooth = np.stack([128 + 70 * np.sin(x / a) * np.cos(y / b) for a, b in [(7, 5), (9, 11), (13, 6)]], 2)
colour = np.clip(smooth + rng.normal(0, 8, (26, 37, 1)), 0, 255).astype(np.uint8)
jpeg = [
    {
        "name": name,
        "before": data(picture),
        "after": {quality: data(stored(Image.fromarray(picture), quality)) for quality in [25, 18, 15, 10, 7]},
    }
    for name, picture in [("grey", colour[..., 0].copy()), ("colour", colour)]
]

testdata.write("lib/images/testdata/corruptions.json.gz", {
    "made_with": f"SciPy {scipy.__version__}, Pillow {PIL.__version__}",
    "height": HEIGHT, "width": WIDTH, "pixels": image.ravel().tolist(), "cases": cases,
    "jpeg_height": 26, "jpeg_width": 37, "jpeg": jpeg,
})
