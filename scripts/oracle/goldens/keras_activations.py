"""What every layer of the backbones gives for two small images, with weights that Go makes too."""

import backbones
import keras
import seeded
import testdata



def variants(network):
    """The smallest width."""
    variant = dict(name=network["name"], input=96, top=True) | backbones.widths(network)[0]
    published = backbones.has_published_layers(network["name"])
    return [variant | dict(classes=6)] + [variant | dict(classes=1000, published=True)] * published


def activations(variant):
    model = backbones.build(**variant)
    backbones.fill(model)
    every = keras.Model(model.input, [layer.output for layer in model.layers])
    inside = any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers)  # it takes pixels 0…255
    images = seeded.uniform("images", (2, variant["input"], variant["input"], 3), *((0, 255) if inside else (-1, 1)))
    outputs = [y.numpy() for y in every(images, training=False)]
    return variant | dict(
        layers=[dict(name=layer.name, **seeded.checksums(layer.name, y)) for layer, y in zip(model.layers, outputs)],
        features=seeded.numbers(outputs[-2]), probabilities=seeded.numbers(outputs[-1]))


testdata.write("lib/backbone/testdata/activations.json.gz", 
               [activations(v) for n in backbones.networks().values() for v in variants(n)])
