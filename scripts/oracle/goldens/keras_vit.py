"""How Keras trains the lesson's Vision Transformer from scratch: gradients of the first step, losses step by step.

The tests of lib/classifier start from the same weights and images. All is without dropout, whose draws nobody can
repeat.
"""

import math

import keras
import keras_hub
import numpy as np
import seeded
import steps
import testdata

# width is that of tokens; key that of one head's queries and keys. scale is that of pixels before the patches.
SMALL = dict(input=32, patch=8, width=16, heads=4, key=8, mlp=32, blocks=2, dense=16)
LESSON = dict(input=255, patch=16, width=128, heads=4, key=128, mlp=256, blocks=4, dense=256)
# Where glorot, weights start in the bounds of Keras's initial ones. The larger ones of seeded.weight make such large
# attention scores from raw pixels that Keras's own gradients are 1e-2 off those in float64.
CASES = [
    dict(title="small, scaled pixels", vit=SMALL | dict(scale=1 / 255), glorot=False, rate=1e-3),
    dict(title="the lesson's, raw pixels", vit=LESSON | dict(scale=1), glorot=True, rate=1e-3),
]
STEPS = 10


def initial(layer, name, shape):
    """Seeded values as Keras's default initializers draw them."""
    kind = name.rpartition("/")[2]
    limit = 0.0
    if kind == "kernel":
        limit = math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
    elif kind == "embeddings":
        limit = 0.05
    elif kind == "gamma":
        return np.ones(shape, np.float32)
    return seeded.uniform(f"{layer}/{name}", shape, -limit, limit)


def build(input, patch, width, heads, key, mlp, blocks, dense, scale, glorot):
    L = keras.layers
    image = keras.Input((input, input, 3))
    side = input // patch
    x = L.Rescaling(scale, name="rescaling")(image)
    x = L.Conv2D(width, patch, patch, name="patch_embedding")(x)
    x = L.Reshape((side * side, width), name="patches")(x)
    x = L.Add()([x, keras_hub.layers.PositionEmbedding(side * side, name="position_embedding")(x)])
    for i in range(blocks):
        norm = lambda n: L.LayerNormalization(epsilon=1e-6, name=f"block{i}_norm{n}")
        x = norm(1)(L.Add()([x, L.MultiHeadAttention(heads, key, name=f"block{i}_attention")(x, x)]))
        y = L.Dense(mlp, activation="gelu", name=f"block{i}_mlp1")(x)
        x = norm(2)(L.Add()([x, L.Dense(width, name=f"block{i}_mlp2")(y)]))
    x = L.GlobalAveragePooling1D(name="pool")(x)
    x = L.Dense(dense, activation="relu", name="dense")(x)
    model = keras.Model(image, L.Dense(steps.CLASSES, activation="softmax", name="predictions")(x))
    for layer in model.layers:
        seeded.fill(layer)
        if glorot:
            layer.set_weights([initial(layer.name, seeded.weight_name(layer, w), w.shape) for w in layer.weights])
    return model


def train(case):
    model, size = build(**case["vit"], glorot=case["glorot"]), case["vit"]["input"]
    # Gradients first: the losses change the weights.
    gradients = steps.gradients(model, model.layers, *next(steps.batches(1, size)))
    losses = steps.losses(model, case["rate"], steps.batches(STEPS, size))
    return case | dict(parameters=model.count_params(), losses=losses, gradients=gradients)


testdata.write("lib/classifier/testdata/vit_training.json.gz", [train(case) for case in CASES])
