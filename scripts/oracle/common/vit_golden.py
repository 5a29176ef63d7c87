"""A small ViT for tests: weights that depend on their names in the file alone, so that Go makes them too."""

import math

import numpy as np
import seeded

# Table entry "tiny/16" of the tests of lib/backbone.
WIDTH, BLOCKS, HEADS, PATCH, INPUT, CLASSES = 32, 2, 2, 16, 64, 5


def ranges(name, shape, fan_in):
    """Low and high of the values of a tensor."""
    if len(shape) >= 2 and fan_in:
        return -math.sqrt(3 / fan_in), math.sqrt(3 / fan_in)
    return (0.5, 1.5) if "norm" in name and name.endswith(("weight", "/0")) else (-0.5, 0.5)


def tensor(name, shape, fan_in=0):
    """A row of the golden file, and the values."""
    low, high = ranges(name, shape, fan_in)
    return dict(name=name, shape=list(shape), low=low, high=high), seeded.uniform(name, tuple(shape), low, high)


def images(n, size):
    """n images [size, size, 3] in [-1, 1)."""
    return seeded.uniform("images", (n, size, size, 3))


def run(input, output, top=False):
    """A row of what a model gives for images(len(output), input)."""
    return dict(input=input, top=top, images=len(output), output=seeded.numbers(np.asarray(output)))
