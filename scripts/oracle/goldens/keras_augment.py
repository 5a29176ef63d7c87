"""Keras's random image layers with the chance taken out of them, for the tests of lib/classifier."""

import keras
import numpy as np
import seeded
import testdata

HEIGHT, WIDTH = 7, 6
image = seeded.uniform("augment", (1, HEIGHT, WIDTH, 3), 0, 255)


def case(horizontal=False, vertical=False, down=0.0, right=0.0, fill_mode="reflect", contrast=1.0):
    x = image
    for mode, flips in ("horizontal", horizontal), ("vertical", vertical):
        x = keras.layers.RandomFlip(mode).transform_images(x, {"flips": np.array(flips).reshape(1, 1, 1, 1)})
    move = keras.layers.RandomTranslation(1.0, 1.0, fill_mode)
    x = move.transform_images(x, {"translations": np.array([[right, down]], np.float32)})
    scale = keras.layers.RandomContrast(1.0)
    x = scale.transform_images(x, {"contrast_factor": np.array(contrast, np.float32).reshape(1, 1, 1, 1)})
    return dict(horizontal=horizontal, vertical=vertical, down=down, right=right, fill_mode=fill_mode,
                contrast=contrast, pixels=seeded.numbers(x))


testdata.write("lib/classifier/testdata/augment.json.gz", [
    case(),
    case(horizontal=True),
    case(vertical=True),
    case(horizontal=True, vertical=True),
    case(down=2, right=-1),
    case(down=1.25),
    case(right=-2.6),
    case(down=-3.3, right=1.7),
    case(down=7, right=-6),
    case(down=-6.9, right=5.9),
    case(down=2.5, right=-1.25, fill_mode="nearest"),
    case(down=-7, right=6, fill_mode="nearest"),
    case(contrast=0.4),
    case(contrast=1.9),
    case(horizontal=True, vertical=True, down=-1.5, right=2.75, contrast=1.3),
])
