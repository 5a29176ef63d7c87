"""Keras's backbones, by the names and options of lib/backbone."""

import json
import sys
from unittest import mock

import go
import keras
import seeded

BUILDERS = {name.lower(): build for name, build in vars(keras.applications).items() if callable(build)}


def networks():
    """What `defects networks` says of each network that Keras has, too, by name."""
    rows = json.loads(go.defects("networks", "--json"))["networks"]
    return {row["name"]: row for row in rows if row["name"] in BUILDERS}


def widths(network):
    """The options for each width; none if there is only one."""
    return [dict(alpha=a) for a in network["alphas"]] if "alphas" in network else [{}]


def build(name, input, alpha=None, top=False, classes=1000, weights=None, published=False):
    """The backbone with weights of its own initializers, or of a file; layer names start from scratch.

    With published it has the layers that the builder makes for the published weights, which are not read."""
    keras.backend.clear_session()
    options = dict(input_shape=(input, input, 3), include_top=top, classes=classes, **dict(alpha=alpha) if alpha else {})
    with mock.patch("keras.src.utils.file_utils.get_file"), mock.patch.object(keras.Model, "load_weights"):
        model = BUILDERS[name](weights="imagenet" if published else None, **options)
    if weights:
        model.load_weights(weights)
    return model


def has_published_layers(name):
    """Reports whether the builder makes other layers for the published weights."""
    layers = [[l.name for l in build(name, 64, published=published).layers] for published in (False, True)]
    return layers[0] != layers[1]


def preprocess(name, pixels):
    """The preprocess_input of a network."""
    return sys.modules[BUILDERS[name].__module__].preprocess_input(pixels)


def fill(model):
    """Sets all weights to seeded ones."""
    for layer in model.layers:
        seeded.fill(layer)
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with a copy
