"""What every layer of the backbones gives for two small images, with weights that Go makes too."""

import backbones
import keras
import seeded
import testdata

VARIANTS = [dict(name="mobilenetv2", input=96, alpha=0.35, top=True, classes=6),
            dict(name="resnet50v2", input=64, top=True, classes=6)]


def activations(variant):
    model = backbones.build(**variant)
    for layer in model.layers:
        seeded.fill(layer)
    every = keras.Model(model.input, [layer.output for layer in model.layers])
    images = seeded.uniform("images", (2, variant["input"], variant["input"], 3))
    outputs = [y.numpy() for y in every(images, training=False)]
    return variant | dict(
        layers=[dict(name=layer.name, **seeded.checksums(layer.name, y)) for layer, y in zip(model.layers, outputs)],
        features=seeded.numbers(outputs[-2]), probabilities=seeded.numbers(outputs[-1]))


testdata.write("lib/backbone/testdata/activations.json.gz", [activations(v) for v in VARIANTS])
