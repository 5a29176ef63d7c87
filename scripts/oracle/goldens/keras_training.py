"""How Keras trains whole backbones with a head: gradients, losses step by step, moving statistics.

The tests of lib/classifier start from the same weights and images. Needs Keras 3 on TensorFlow (pip install
tensorflow-cpu). Run: python keras_training.py [ROOT OF THE REPOSITORY]
"""

import sys
from pathlib import Path

import backbones
import keras
import numpy as np
import seeded
import tensorflow as tf

CLASSES, BATCH = 3, 8
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


def batches(steps, size):
    """Images 0…255 whose classes differ in brightness, and one-hot labels."""
    for step in range(steps):
        labels = np.arange(step * BATCH, (step + 1) * BATCH) % CLASSES
        noise = seeded.uniform(f"images/{step}", (BATCH, size, size, 3), 0, 180)
        yield noise + 35 * labels[:, None, None, None].astype(np.float32), np.eye(CLASSES, dtype=np.float32)[labels]


class Called(keras.layers.Layer):
    """A base that keeps to its mode. Keras 3 gives a nested model the mode of the outer one, base(x, training=False) or
    not (keras issue 20285): what is unfrozen would work on batch statistics in fit."""

    def __init__(self, base, training):
        super().__init__()
        self.base, self.in_training = base, training

    def call(self, x):
        return self.base(x, training=self.in_training)


def build(base, trained_from, training=False):
    base = backbones.build(**base)
    for layer in base.layers:
        seeded.fill(layer)
    for layer in base.layers[:trained_from]:
        layer.trainable = False
    L = keras.layers
    image = keras.Input(base.input_shape[1:])
    x = Called(base, training)(L.Rescaling(1 / 127.5, -1)(image))
    x = L.GlobalAveragePooling2D()(x)
    for head in (L.Dense(16, activation="relu", name="dense"),
                 L.Dense(CLASSES, activation="softmax", name="dense_1")):
        x = head(x)
        seeded.fill(head)
    return base, keras.Model(image, x)


def names(model, base):
    """layer/weight of each variable of the model, which Keras knows by path only."""
    return {id(w): f"{l.name}/{w.path.split('/')[-1]}" for l in [*base.layers, *model.layers[-2:]] for w in l.weights}


def gradients(case):
    base, model = build(case["base"], case["trained_from"], case.get("training", False))
    x, y = next(batches(1, case["base"]["input"]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, model(x, training=True)))
    name = names(model, base)
    found = tape.gradient(loss, [w.value for w in model.trainable_weights])
    return {name[id(w)]: seeded.checksums(name[id(w)], g) for w, g in zip(model.trainable_weights, found)}


def run(case, rate, steps):
    """Losses of the steps, and the moving statistics of the trained layers after them."""
    base, model = build(case["base"], case["trained_from"], case.get("training", False))
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy")
    losses = []
    for x, y in batches(steps, case["base"]["input"]):
        losses.append(float(model.train_on_batch(x, y)))
        model.reset_metrics()
    name = names(model, base)
    statistics = {name[id(w)]: seeded.checksums(name[id(w)], w) for layer in base.layers[case["trained_from"]:]
                  for w in layer.non_trainable_weights}
    return dict(rate=rate, losses=losses, statistics=statistics)


def train(case):
    runs = [run(case, rate, steps) for rate, steps in case["runs"]]
    print(case["base"]["name"], case["title"], [r["losses"] for r in runs], flush=True)
    return case | dict(runs=runs, gradients=gradients(case))


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    seeded.write(root / "lib/classifier/testdata/training.json.gz", [train(case) for case in CASES])
