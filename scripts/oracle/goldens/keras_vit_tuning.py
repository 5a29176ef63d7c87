"""How Keras fine-tunes the last blocks of a Vision Transformer: gradients of the first step, losses step by step.

The tests of lib/classifier start from the same weights and images. All is without dropout, whose draws nobody can
repeat. Needs Keras 3 on TensorFlow and KerasHub (pip install tensorflow-cpu keras-hub).
Run: python keras_vit_tuning.py [ROOT OF THE REPOSITORY]
"""

import sys
from pathlib import Path

import keras
import keras_hub
import seeded
import tensorflow as tf
from keras_training import CLASSES, batches

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
                 L.Dense(CLASSES, activation="softmax", name="dense_1")):
        x = head(x)
        seeded.fill(head)
    return base, keras.Model(image, x)


def name_of(model, base):
    """layer/weight of each variable of the model."""
    return {id(w): f"{l.name}/{seeded.weight_name(l, w)}" for l in [*base.layers, *model.layers[-2:]] for w in l.weights}


def gradients(case):
    base, model = build(case)
    x, y = next(batches(1, INPUT))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, model(x, training=True)))
    name = name_of(model, base)
    found = tape.gradient(loss, [w.value for w in model.trainable_weights])
    return {name[id(w)]: seeded.checksums(name[id(w)], g) for w, g in zip(model.trainable_weights, found)}


def losses(case):
    _, model = build(case)
    model.compile(keras.optimizers.Adam(case["rate"]), "categorical_crossentropy")
    found = []
    for x, y in batches(STEPS, INPUT):
        found.append(float(model.train_on_batch(x, y)))
        model.reset_metrics()
    return found


def train(case):
    found = case | dict(losses=losses(case), gradients=gradients(case))
    print(case["title"], len(found["gradients"]), found["losses"], flush=True)
    return found


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    seeded.write(root / "lib/classifier/testdata/vit_tuning.json.gz", [train(case) for case in CASES])
