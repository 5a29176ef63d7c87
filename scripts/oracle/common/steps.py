"""Steps of training on images that Go makes too, of models with seeded weights."""

import keras
import numpy as np
import seeded
import tensorflow as tf

CLASSES, BATCH = 3, 8


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


def names(layers):
    """layer/weight of each variable, by its id: Keras knows variables of nested models by path only."""
    return {id(w): f"{layer.name}/{seeded.weight_name(layer, w)}" for layer in layers for w in layer.weights}


def gradients(model, layers, x, y):
    """Checksums of the gradients of a step's loss by the trained weights, all of which these layers hold."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, model(x, training=True)))
    name = names(layers)
    found = tape.gradient(loss, [w.value for w in model.trainable_weights])
    return {name[id(w)]: seeded.checksums(name[id(w)], g) for w, g in zip(model.trainable_weights, found)}


def losses(model, rate, batches, **options):
    """The loss of each step of Adam; options go to compile."""
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy", **options)
    found = []
    for x, y in batches:
        found.append(float(model.train_on_batch(x, y)))
        model.reset_metrics()
    return found
