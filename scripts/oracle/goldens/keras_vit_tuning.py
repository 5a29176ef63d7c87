"""How Keras fine-tunes the last blocks of a Vision Transformer: gradients of the first step, losses step by step.

The tests of lib/classifier start from the same weights and images. All is without dropout, whose draws nobody can
repeat.
"""

import keras
import keras_hub
import seeded
import steps
import testdata

INPUT, PATCH, WIDTH, BLOCKS, HEADS = 32, 16, 192, 12, 3  # ViT-Ti/16 on small images
CASES = [
    dict(title="the last block, mean over tokens", unfrozen=["block11_"], classtoken=False, rate=1e-4),
    dict(title="the last two blocks, class token", unfrozen=["block10_", "block11_"], classtoken=True, rate=1e-4),
]
STEPS = 10


class ClassToken(keras.layers.Layer):
    def build(self, shape):
        self.token = self.add_weight(shape=(1, shape[-1]), name="class_token")

    def call(self, x):
        token = keras.ops.broadcast_to(self.token, (keras.ops.shape(x)[0], 1, x.shape[-1]))
        return keras.ops.concatenate([token, x], axis=1)


def vit():
    L = keras.layers
    image = keras.Input((INPUT, INPUT, 3))
    tokens = (INPUT // PATCH) ** 2
    x = L.Conv2D(WIDTH, PATCH, PATCH, name="patch_embedding")(image)
    x = ClassToken(name="class_token")(L.Reshape((tokens, WIDTH), name="patches")(x))
    x = L.Add()([x, keras_hub.layers.PositionEmbedding(tokens + 1, name="position_embedding")(x)])
    norm = lambda name: L.LayerNormalization(epsilon=1e-6, name=name)
    for i in range(BLOCKS):
        y = norm(f"block{i}_norm1")(x)
        x = L.Add()([x, L.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"block{i}_attention")(y, y)])
        y = L.Dense(4 * WIDTH, activation="gelu", name=f"block{i}_mlp1")(norm(f"block{i}_norm2")(x))
        x = L.Add()([x, L.Dense(WIDTH, name=f"block{i}_mlp2")(y)])
    return keras.Model(image, norm("norm")(x))


def build(case):
    keras.backend.clear_session()
    L = keras.layers
    base = vit()
    for layer in base.layers:
        seeded.fill(layer)
        layer.trainable = layer.name.startswith(tuple(case["unfrozen"]))
    image = keras.Input((INPUT, INPUT, 3))
    x = base(L.Rescaling(1 / 127.5, -1)(image), training=False)
    x = L.Flatten()(L.Cropping1D((0, x.shape[1] - 1))(x)) if case["classtoken"] else L.GlobalAveragePooling1D()(x)
    for head in (L.Dense(16, activation="relu", name="dense"),
                 L.Dense(steps.CLASSES, activation="softmax", name="dense_1")):
        x = head(x)
        seeded.fill(head)
    return base, keras.Model(image, x)


def train(case):
    base, model = build(case)
    # Gradients first: the losses change the weights.
    gradients = steps.gradients(model, [*base.layers, *model.layers[-2:]], *next(steps.batches(1, INPUT)))
    return case | dict(losses=steps.losses(model, case["rate"], steps.batches(STEPS, INPUT)), gradients=gradients)


testdata.write("lib/classifier/testdata/vit_tuning.json.gz", [train(case) for case in CASES])
