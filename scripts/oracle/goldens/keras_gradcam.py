"""Heat maps of Grad-CAM by tf.GradientTape, for the tests of lib/classifier."""

import keras
import seeded
import tensorflow as tf
import testdata

CLASSES, IMAGES, PATCH = 5, 3, 24  # patches of one colour, so that the images look different to a network


def explain(base, size):
    """The predicted classes, and heat maps of every class, as in Selvaraju et al., 2017, equations 1 and 2."""
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(16, activation="relu", name="dense"),
            keras.layers.Dense(CLASSES, name="dense_1")]  # no softmax: the gradient is that of the logit
    logits = keras.Sequential(head)
    logits.build(base.output.shape)
    for layer in base.layers + head:
        seeded.fill(layer)
    patches = seeded.uniform(f"gradcam {base.name}", (IMAGES, size // PATCH, size // PATCH, 3), 0, 255)
    pixels = patches.repeat(PATCH, axis=1).repeat(PATCH, axis=2)
    features = base(pixels / 127.5 - 1, training=False)
    maps = []
    for c in range(CLASSES):
        with tf.GradientTape() as tape:
            tape.watch(features)
            y = logits(features, training=False)
            score = y[:, c]
        weights = tf.reduce_mean(tape.gradient(score, features), axis=(1, 2), keepdims=True)
        heat = tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))
        maps.append(tf.math.divide_no_nan(heat, tf.reduce_max(heat, axis=(1, 2), keepdims=True)))
    return dict(size=size, height=maps[0].shape[1], width=maps[0].shape[2],
                predicted=[int(i) for i in tf.argmax(y, axis=-1)], maps=[seeded.numbers(m) for m in maps])


testdata.write("lib/classifier/testdata/gradcam.json.gz", dict(
    mobilenetv2=explain(keras.applications.MobileNetV2(
        input_shape=(96, 96, 3), alpha=0.35, weights=None, include_top=False, name="mobilenetv2"), 96),
    resnet50v2=explain(keras.applications.ResNet50V2(
        input_shape=(72, 72, 3), weights=None, include_top=False, name="resnet50v2"), 72),
))
