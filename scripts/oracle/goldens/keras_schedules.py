"""The learning rates of Keras's schedules, and when its callbacks act, for the tests of lib/classifier.

A case holds the settings as lib/classifier names them, what Keras was given, and what Keras answered.
"""

import keras
import numpy as np
import seeded
import testdata

STEPS = list(range(0, 13)) + [25, 49, 50, 51, 99, 100, 101, 1000]


def cosine(rate, decay_steps, alpha=0.0, warmup_steps=0, warmup_from=0.0):
    if warmup_steps:
        schedule = keras.optimizers.schedules.CosineDecay(
            warmup_from, decay_steps, alpha, warmup_target=rate, warmup_steps=warmup_steps)
    else:
        schedule = keras.optimizers.schedules.CosineDecay(rate, decay_steps, alpha)
    settings = dict(decay_steps=decay_steps, alpha=alpha, warmup_steps=warmup_steps, warmup_from=warmup_from)
    return dict(settings=settings, learning_rate=rate, steps=STEPS, rates=[float(schedule(s)) for s in STEPS])


def counter(rate):
    """A model whose one weight tells the epoch that it is from."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.Adam(rate), "mse")
    return model


def mode(monitor):
    return "max" if monitor.endswith("accuracy") else "min"


def plateau(figures, rate=1e-3, monitor="val_loss", **settings):
    model = counter(rate)
    callback = keras.callbacks.ReduceLROnPlateau(monitor, mode=mode(monitor), **settings)
    callback.set_model(model)
    callback.on_train_begin()
    logged = []
    for epoch, figure in enumerate(figures):
        logs = {monitor: figure}
        callback.on_epoch_end(epoch, logs)
        logged.append(logs["learning_rate"])
    return dict(settings=dict(settings, monitor=monitor), learning_rate=rate, figures=figures,
                rates=logged + [float(model.optimizer.learning_rate)])


def stopping(figures, monitor="val_loss", **settings):
    model = counter(1e-3)
    callback = keras.callbacks.EarlyStopping(monitor, mode=mode(monitor), restore_best_weights=True, **settings)
    callback.set_model(model)
    callback.on_train_begin()
    stopped = 0
    for epoch, figure in enumerate(figures):
        model.set_weights([np.full((1, 1), epoch + 1.0)])
        callback.on_epoch_end(epoch, {monitor: figure})
        if model.stop_training:
            stopped = epoch + 1
            break
    callback.on_train_end()
    return dict(settings=dict(settings, monitor=monitor, restore_best_weights=True), figures=figures, stopped=stopped,
                best=int(model.get_weights()[0][0, 0]))


falling = [1.0, 0.8, 0.7, 0.65, 0.64, 0.635]
noisy = [1.0, 0.9, 0.95, 0.91, 0.89, 0.92, 0.93, 0.885, 0.9, 0.9, 0.91, 0.9, 0.9, 0.9, 0.9, 0.9]
rising = [0.5, 0.6, 0.6, 0.61, 0.55, 0.7, 0.69, 0.69, 0.68, 0.7]
ties = [0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1]  # each 0.1 less, up to rounding
tiny = [0.5 - 1e-9 * i for i in range(6)]  # equal as float32

testdata.write("lib/classifier/testdata/schedules.json.gz", dict(
    cosine=[
        cosine(1e-3, 100),
        cosine(1e-3, 50, alpha=0.1),
        cosine(0.1, 40, warmup_steps=10),
        cosine(2e-4, 90, alpha=0.02, warmup_steps=10, warmup_from=1e-5),
    ],
    plateau=[
        plateau(falling, patience=2),
        plateau(noisy, patience=2),
        plateau(noisy, patience=1, factor=0.5),
        plateau(noisy, patience=2, factor=0.5, cooldown=2),
        plateau(noisy, patience=1, factor=0.2, cooldown=1, min_lr=1e-5),
        plateau(noisy, patience=2, min_delta=0.02),
        plateau(rising, patience=2, factor=0.3, monitor="val_accuracy"),
        plateau(rising, patience=3, factor=0.3, monitor="val_loss"),
        plateau(ties, patience=1, min_delta=0.1),
        plateau(ties, patience=2, factor=0.5, monitor="loss"),
        plateau([0.5] * 24),
    ],
    stopping=[
        stopping(falling),
        stopping(falling, patience=3),
        stopping(falling, patience=1, min_delta=0.02),
        stopping(noisy),
        stopping(noisy, patience=2),
        stopping(noisy, patience=3),
        stopping(noisy, patience=4, start_from_epoch=3),
        stopping(noisy, patience=2, start_from_epoch=8),
        stopping(noisy, patience=3, start_from_epoch=100),
        stopping(rising, patience=2, monitor="val_accuracy"),
        stopping(rising, patience=2, monitor="accuracy", min_delta=0.05),
        stopping(rising, patience=2, monitor="loss"),
        stopping(ties, patience=1, min_delta=0.1),
        stopping(ties, patience=2, min_delta=0.05),
        stopping(tiny, patience=3),
        stopping([0.5, 0.5], patience=0),
    ],
))
