"""Pseudo-random numbers that Go makes too (lib/internal/golden), so that weights and inputs need not be stored."""

import math

import numpy as np


def uniform(name, shape, low=-1.0, high=1.0):
    """float32 numbers in [low, high) that depend on the name alone; see golden.Uniform."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
    low, high = np.float32(low), np.float32(high)
    return (low + (high - low) * u).reshape(shape)


def weight(layer, name, shape):
    """Values for a weight; see golden.Weight."""
    low, high = -0.1, 0.1
    sublayer, _, kind = name.rpartition("/")
    if kind == "kernel":
        fan_in = math.prod(shape[:-1])
        if shape[-1] == 1 and len(shape) == 4:  # depthwise
            fan_in = math.prod(shape[:2])
        elif sublayer in ("query", "key", "value"):  # [d, heads, key]
            fan_in = shape[0]
        high = math.sqrt(3 / fan_in)
        low = -high
    elif name in ("gamma", "moving_variance", "variance"):
        low, high = 0.5, 1.5
    elif name in ("beta", "moving_mean", "mean"):
        low, high = -0.3, 0.3
    return uniform(f"{layer}/{name}", shape, low, high)


def weight_name(layer, variable):
    """The name of a weight within its layer, such as kernel, or query/kernel where it belongs to a sublayer."""
    return variable.path.rpartition(f"{layer.name}/")[2]


def fill(layer, name=None):
    """Sets all weights of a layer; returns the layer."""
    layer.set_weights([weight(name or layer.name, weight_name(layer, w), tuple(w.shape)) for w in layer.weights])
    return layer


def numbers(array):
    """A flat list that JSON stores with the nine digits that float32 needs."""
    return [float(f"{v:.9g}") for v in np.asarray(array, np.float32).ravel()]


def checksums(name, array):
    """What a test compares of a large array; see golden.Checksums."""
    y = np.asarray(array, np.float64)
    step = max(1, y.size // 8)
    return dict(largest=float(abs(y).max()), weighted=float((y * uniform(f"checksum/{name}", y.shape)).sum() / y.size**0.5),
                samples=numbers(y.ravel()[::step]))
