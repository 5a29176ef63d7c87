"""How Keras trains a small head with class weights, schedules and early stopping, for the tests of lib/classifier.

Needs Keras 3 on TensorFlow (pip install tensorflow-cpu). Run: python keras_fit_options.py [ROOT OF THE REPOSITORY]

Model and examples are those of keras_fit.py.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import seeded

FEATURES, CLASSES, BATCH, EPOCHS = 12, 3, 8, 6  # 6 epochs of 5 batches, the last of 5 images


def examples(name, n):
    return seeded.uniform(name, (n, FEATURES)), np.eye(CLASSES, dtype=np.float32)[np.arange(n) % CLASSES]


def fit(rate, *callbacks, **options):
    model = keras.Sequential([
        keras.Input((FEATURES,)),
        keras.layers.Dense(8, activation="relu", name="dense"),
        keras.layers.Dense(CLASSES, activation="softmax", name="dense_1"),
    ])
    for layer in model.layers:
        seeded.fill(layer)
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"])

    def read_rate(epoch, logs):
        logs["learning_rate"] = float(model.optimizer.learning_rate)

    log = keras.callbacks.LambdaCallback(on_epoch_end=read_rate)
    x, y = examples("train", 37)
    history = model.fit(x, y, BATCH, EPOCHS, shuffle=False, validation_data=examples("validation", 11), verbose=0,
                        callbacks=[log, *callbacks], **options).history
    return dict(
        history={k: [float(v) for v in values] for k, values in history.items()},
        weights={f"{l.name}/{w.path.split('/')[-1]}": seeded.numbers(w) for l in model.layers for w in l.weights},
    )


schedules = keras.optimizers.schedules
root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
seeded.write(root / "lib/classifier/testdata/fit_options.json.gz", dict(
    class_weights=fit(1e-2, class_weight={0: 0.5, 1: 2.0, 2: 1.25}),
    cosine=fit(schedules.CosineDecay(0.0, 24, 0.1, warmup_target=1e-2, warmup_steps=6)),
    plateau=fit(1e-2, keras.callbacks.ReduceLROnPlateau(factor=0.2, patience=1, min_delta=0.02, cooldown=1)),
    stopping=fit(5e-2, keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)),
))
