"""Attention weights of Keras's MultiHeadAttention, and attention rollout in NumPy, for the tests of lib/classifier."""

import keras
import numpy as np
import seeded
import testdata

IMAGES, HEIGHT, WIDTH, PATCH = 3, 11, 15, 4  # 2×3 patches, and a border that fills none
DIM, HEADS, KEY, LAYERS = 8, 2, 6, 3


def attention(class_token):
    """The weights of each layer, [images, heads, n, n], of a small transformer that reads images."""
    x = seeded.uniform("attention images", (IMAGES, HEIGHT, WIDTH, 3))
    embed = keras.layers.Conv2D(DIM, PATCH, strides=PATCH, name="patch_embedding")
    embed.build(x.shape)
    x = keras.ops.reshape(seeded.fill(embed)(x), (IMAGES, -1, DIM))
    if class_token:
        token = seeded.uniform("class_token/class_token", (1, 1, DIM))
        x = keras.ops.concatenate([np.repeat(token, IMAGES, axis=0), x], axis=1)
    x = x + seeded.uniform("position_embedding/embeddings", (1, x.shape[1], DIM))
    scores = []
    for i in range(LAYERS):
        norm = keras.layers.LayerNormalization(name=f"block{i}_norm1")
        norm.build(x.shape)
        y = seeded.fill(norm)(x)
        layer = keras.layers.MultiHeadAttention(HEADS, KEY, name=f"block{i}_attention")
        layer.build(y.shape, y.shape)
        layer.set_weights([
            seeded.uniform(f"{layer.name}/{'/'.join(w.path.split('/')[-2:])}", tuple(w.shape)) for w in layer.weights])
        y, weights = layer(y, y, return_attention_scores=True)
        scores.append(np.asarray(weights))
        x = x + y
    return scores


def rollout(scores, class_token):
    """Abnar and Zuidema, 2020, with whole matrices, divided by the largest; [images, patches]."""
    n = scores[0].shape[-1]
    joint = np.eye(n)
    for weights in scores:
        layer = weights.astype(np.float64).mean(axis=1) + np.eye(n)
        joint = layer / layer.sum(axis=-1, keepdims=True) @ joint
    read = joint[:, 0, 1:] if class_token else joint.mean(axis=1)
    return read / read.max(axis=-1, keepdims=True)


def golden(class_token):
    scores = attention(class_token)
    return dict(layers=[seeded.numbers(s) for s in scores], rollout=seeded.numbers(rollout(scores, class_token)))


testdata.write("lib/classifier/testdata/attention.json.gz", dict(classtoken=golden(True), patches=golden(False)))
