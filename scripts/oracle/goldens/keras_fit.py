"""How Keras trains a small head on fixed features, for the tests of lib/classifier.

Needs Keras 3 on TensorFlow (pip install tensorflow-cpu). Run: python keras_fit.py [ROOT OF THE REPOSITORY]
"""

import sys
from pathlib import Path

import keras
import numpy as np
import seeded

FEATURES, CLASSES, BATCH, EPOCHS = 12, 3, 8, 4  # 4 epochs of 5 batches, the last of 5 images: 20 steps


def examples(name, n):
    return seeded.uniform(name, (n, FEATURES)), np.eye(CLASSES, dtype=np.float32)[np.arange(n) % CLASSES]


def compiled():
    model = keras.Sequential([
        keras.Input((FEATURES,)),
        keras.layers.Dense(8, activation="relu", name="dense"),
        keras.layers.Dense(CLASSES, activation="softmax", name="dense_1"),
    ])
    for layer in model.layers:
        seeded.fill(layer)
    model.compile(keras.optimizers.Adam(1e-2), "categorical_crossentropy", metrics=["accuracy"])
    return model


x, y = examples("train", 37)
model, losses = compiled(), []
for _ in range(EPOCHS):
    for i in range(0, len(x), BATCH):
        losses.append(float(model.train_on_batch(x[i:i + BATCH], y[i:i + BATCH])[0]))
        model.reset_metrics()

again = compiled()
history = again.fit(x, y, BATCH, EPOCHS, shuffle=False, validation_data=examples("validation", 11), verbose=0).history

root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
seeded.write(root / "lib/classifier/testdata/fit.json.gz", dict(
    losses=losses, history={k: [float(v) for v in values] for k, values in history.items()},
    weights={f"{l.name}/{w.path.split('/')[-1]}": seeded.numbers(w) for l in again.layers for w in l.weights},
))
