"""How Keras trains whole backbones with a head: gradients, losses step by step, moving statistics.

The tests of lib/classifier start from the same weights and images. Keras's gradients of MobileNetV2 in training mode
differ between two machines by 0.12 of the largest, more than the tests allow.
"""

import backbones
import keras
import seeded
import steps
import testdata

# trained_from is the first layer of the base that is trained. Gradients are those of the first step. Runs are pairs of
# learning rate and steps. Adam's first steps are about the rate in each weight, however small its gradient: rounding
# errors grow from step to step, so that Keras itself, compiled by XLA or not, differs by 4e-2 after ten steps of 1e-3
# from layer 100, and by 3e-2 after three in training mode. Where the rate is large the steps are few.
CASES = [
    dict(title="frozen base", base=dict(name="resnet50v2", input=64), trained_from=190, runs=[(1e-3, 10)]),
    dict(title="from layer 100", base=dict(name="resnet50v2", input=64), trained_from=100,
         runs=[(1e-5, 10), (1e-3, 4)]),
    dict(title="last 10 layers", base=dict(name="resnet50v2", input=64), trained_from=180, runs=[(1e-3, 4)]),
    dict(title="training mode", base=dict(name="resnet50v2", input=64), trained_from=0, runs=[(1e-6, 3)],
         training=True),
    dict(title="training mode", base=dict(name="mobilenetv2", input=64, alpha=0.35), trained_from=0,
         runs=[(1e-6, 3)], training=True),
]


def build(base, trained_from, training=False):
    base = backbones.build(**base)
    for layer in base.layers:
        seeded.fill(layer)
    for layer in base.layers[:trained_from]:
        layer.trainable = False
    L = keras.layers
    image = keras.Input(base.input_shape[1:])
    x = steps.Called(base, training)(L.Rescaling(1 / 127.5, -1)(image))
    x = L.GlobalAveragePooling2D()(x)
    for head in (L.Dense(16, activation="relu", name="dense"),
                 L.Dense(steps.CLASSES, activation="softmax", name="dense_1")):
        x = head(x)
        seeded.fill(head)
    return base, keras.Model(image, x)


def gradients(case):
    base, model = build(case["base"], case["trained_from"], case.get("training", False))
    return steps.gradients(model, [*base.layers, *model.layers[-2:]], *next(steps.batches(1, case["base"]["input"])))


def run(case, rate, count):
    """Losses of the steps, and the moving statistics of the trained layers after them."""
    base, model = build(case["base"], case["trained_from"], case.get("training", False))
    losses = steps.losses(model, rate, steps.batches(count, case["base"]["input"]))
    trained = base.layers[case["trained_from"]:]
    name = steps.names(trained)
    statistics = {name[id(w)]: seeded.checksums(name[id(w)], w)
                  for layer in trained for w in layer.non_trainable_weights}
    return dict(rate=rate, losses=losses, statistics=statistics)


def train(case):
    return case | dict(runs=[run(case, *r) for r in case["runs"]], gradients=gradients(case))


testdata.write("lib/classifier/testdata/training.json.gz", [train(case) for case in CASES])
