"""How Keras trains a small head on fixed features, for the tests of lib/classifier.

Step by step, epoch by epoch, and with class weights, schedules and early stopping.
"""

import keras
import numpy as np
import seeded
import testdata

FEATURES, CLASSES, BATCH = 12, 3, 8  # 5 batches an epoch, the last of 5 images


def examples(name, n):
    return seeded.uniform(name, (n, FEATURES)), np.eye(CLASSES, dtype=np.float32)[np.arange(n) % CLASSES]


def compiled(rate):
    model = keras.Sequential([
        keras.Input((FEATURES,)),
        keras.layers.Dense(8, activation="relu", name="dense"),
        keras.layers.Dense(CLASSES, activation="softmax", name="dense_1"),
    ])
    for layer in model.layers:
        seeded.fill(layer)
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"])
    return model


class Rate(keras.callbacks.Callback):
    """Puts the learning rate of each epoch into the history."""

    def on_epoch_end(self, epoch, logs):
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def losses(epochs):
    model, found = compiled(1e-2), []
    for _ in range(epochs):
        for i in range(0, len(x), BATCH):
            found.append(float(model.train_on_batch(x[i:i + BATCH], y[i:i + BATCH])[0]))
            model.reset_metrics()
    return found


def fit(rate, epochs, *callbacks, **options):
    model = compiled(rate)
    history = model.fit(x, y, BATCH, epochs, shuffle=False, validation_data=examples("validation", 11), verbose=0,
                        callbacks=list(callbacks), **options).history
    return dict(
        history={k: [float(v) for v in values] for k, values in history.items()},
        weights={f"{l.name}/{w.path.split('/')[-1]}": seeded.numbers(w) for l in model.layers for w in l.weights},
    )


x, y = examples("train", 37)
testdata.write("lib/classifier/testdata/fit.json.gz", dict(losses=losses(4)) | fit(1e-2, 4))

schedules, callbacks = keras.optimizers.schedules, keras.callbacks
testdata.write("lib/classifier/testdata/fit_options.json.gz", dict(
    class_weights=fit(1e-2, 6, Rate(), class_weight={0: 0.5, 1: 2.0, 2: 1.25}),
    cosine=fit(schedules.CosineDecay(0.0, 24, 0.1, warmup_target=1e-2, warmup_steps=6), 6, Rate()),
    plateau=fit(1e-2, 6, Rate(), callbacks.ReduceLROnPlateau(factor=0.2, patience=1, min_delta=0.02, cooldown=1)),
    stopping=fit(5e-2, 6, Rate(), callbacks.EarlyStopping(patience=2, restore_best_weights=True)),
))
