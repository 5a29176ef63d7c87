"""Small models as Keras 3 and Keras 2 (tf_keras) write them, for the tests of lib/keras: files and probabilities.

Each model is saved in each format; testdata/models.zip holds the files, and predictions.json what the models give for
numbers that Go makes too.
"""

import json
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import seeded
import tensorflow as tf
import testdata
import tf_keras

predictions = {}


def fill(model):
    """Seeded values for every weight of a model, by the names of its layers."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            fill(layer)
            continue
        names = [getattr(w, "path", w.name).rpartition(f"{layer.name}/")[2].split(":")[0].replace("depthwise_", "")
                 for w in layer.weights]
        values = layer.get_weights()
        layer.set_weights([seeded.weight(layer.name, name, v.shape) if v.dtype.kind == "f" else v
                           for name, v in zip(names, values)])
        if isinstance(layer, (keras.layers.Normalization, tf_keras.layers.Normalization)):
            layer.finalize_state()  # as after loading weights
    return model


def layers_model(k):
    """Every layer, with branches of different length."""
    L = k.layers
    image = k.Input((21, 20, 3), name="image")
    x = L.Resizing(18, 17, name="resizing")(image)
    x = L.Rescaling(1 / 127.5, -1, name="rescaling")(x)
    x = L.ZeroPadding2D(((1, 2), (0, 3)), name="padding")(x)
    x = L.Conv2D(6, 3, 2, activation="relu", name="stem")(x)
    x = L.MaxPooling2D(3, 2, padding="same", name="pool")(x)
    short = L.Conv2D(8, 1, name="short")(x)
    x = L.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = L.BatchNormalization(momentum=0.9, epsilon=1e-5, name="norm")(x)
    x = L.ReLU(6.0, name="relu6")(x)
    x = L.Conv2D(8, 1, use_bias=False, name="project")(x)
    x = L.Add(name="add")([short, x])
    x = L.Activation("relu", name="relu")(x)
    x = L.AveragePooling2D(2, 1, padding="same", name="average")(x)
    tall = L.GlobalMaxPooling2D(name="tallest")(x)
    mean = L.GlobalAveragePooling2D(name="mean")(x)
    flat = L.Dense(8, name="dense")(L.Flatten(name="flat")(x))
    x = L.Add(name="sum")([tall, mean, flat])
    x = L.BatchNormalization(name="last_norm")(x)
    x = L.Dropout(0.3, name="dropout")(x)
    x = L.Dense(5, name="logits")(x)
    return k.Model(image, L.Activation("softmax", name="softmax")(x), name="layers")


def base_model(k, training_from):
    """A small backbone whose layers are frozen below a position. One of its names is used by the head, too."""
    L = k.layers
    image = k.Input((16, 16, 3), name="image")
    x = L.Conv2D(4, 3, 2, "same", use_bias=False, name="conv")(image)
    x = start = L.BatchNormalization(name="conv_bn")(x)
    x = L.ReLU(6.0, name="conv_relu")(x)
    x = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(x)
    x = L.BatchNormalization(name="depthwise_bn")(x)
    x = L.Add(name="add")([start, x])
    x = L.Conv2D(8, 1, name="features")(x)
    x = L.BatchNormalization(name="features_bn")(x)
    base = k.Model(image, x, name="base")
    for layer in base.layers[:training_from]:
        layer.trainable = False
    return base


def lesson_model(k):
    """The lesson's model: functions as preprocessing, a base that is called with training=False, a head."""
    L = k.layers
    inputs = k.Input((20, 20, 3), name="pixels")
    if k is tf_keras:
        x = tf.image.resize(inputs, (16, 16))
    else:
        x = keras.ops.image.resize(inputs, (16, 16))
    x = k.applications.mobilenet_v2.preprocess_input(x)
    x = base_model(k, 4)(x, training=False)
    x = L.GlobalAveragePooling2D(name="pool")(x)
    x = L.Dropout(0.3, name="dropout")(x)
    x = L.Dense(7, activation="relu", name="conv")(x)
    x = L.Dropout(0.2, name="dropout_1")(x)
    return k.Model(inputs, L.Dense(6, activation="softmax", name="classes")(x), name="lesson")


def sequential_model(k):
    """Sequential in Sequential, augmentation, and a frozen base that is called as usual."""
    L = k.layers
    base = base_model(k, 0)
    base.trainable = False
    augmentation = k.Sequential([L.RandomFlip("horizontal"), L.RandomContrast(0.1)], name="augmentation")
    head = k.Sequential([L.Flatten(name="flatten"), L.Dense(6, name="dense"), L.ReLU(name="re_lu")], name="head")
    return k.Sequential([k.Input((16, 16, 3), name="image"), augmentation,
                         L.Rescaling(1 / 127.5, offset=-1, name="rescaling"), base, head,
                         L.Dense(3, activation="softmax", name="classes")], name="sequential")


def table(L, x, name):
    """A learned table of the shape of x, as lib/keras writes it."""
    ones = L.Rescaling(0, offset=1, name=f"{name}_ones")(x)
    return L.EinsumDense("btd,td->btd", output_shape=x.shape[1:], name=f"{name}_table")(ones)


def transformer_model(k, name="transformer"):
    """Learned token and positions, a block that normalizes before and one that does it behind; calls in many forms."""
    L = k.layers
    image = k.Input((21, 20, 3), name="image")
    x = L.Conv2D(8, 5, 5, name="patch_embedding")(image)
    x = L.Reshape((-1, 8), name="patches")(x)
    first = L.Cropping1D((0, 15), name="class_token_first")(x)
    x = L.Concatenate(axis=1, name="class_token")([table(L, first, "class_token"), x])
    x = L.Add(name="positions")([x, table(L, x, "positions")])
    n = L.LayerNormalization(epsilon=1e-6, name="norm1")(x)
    x = L.Add(name="add1")([x, L.MultiHeadAttention(2, 3, dropout=0.1, name="attention1")(query=n, value=n, key=n)])
    y = L.LayerNormalization(name="norm2")(x)
    y = L.Dense(12, activation="gelu", name="mlp1")(y)
    y = L.Dropout(0.1, name="mlp_dropout")(y)
    x = L.Add(name="add2")([x, L.Dense(8, name="mlp2")(y)])
    attention = L.MultiHeadAttention(1, 8, name="attention2")(x, x, attention_mask=None, return_attention_scores=False)
    x = L.LayerNormalization(axis=2, epsilon=1e-12, name="norm3")(L.Add(name="add3")([x, attention]))
    return k.Model(image, L.Cropping1D((0, 9), name="some_tokens")(x), name=name)


def attention_model(k):
    """The lesson's kind of head on the tokens of a base that is frozen in part."""
    L = k.layers
    inputs = k.Input((21, 20, 3), name="pixels")
    x = L.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    base = transformer_model(k)
    for layer in base.layers[:12]:
        layer.trainable = False
    x = base(x, training=False)
    x = L.MultiHeadAttention(1, 4, output_shape=8, name="attention")(x, x, x)
    x = L.GlobalAveragePooling1D(name="pool")(x)
    x = L.Activation("gelu", name="gelu")(L.LayerNormalization(name="norm")(x))
    return k.Model(inputs, L.Dense(6, activation="softmax", name="classes")(x), name="attention")


def vit_model(k):
    """All in one model, with functions on tensors, and the table of positions before the tokens in their sum."""
    L = k.layers
    image = k.Input((16, 16, 3), name="image")
    x = L.Reshape((4, 6), name="patches")(L.Conv2D(6, 8, 8, name="patch_embedding")(L.Rescaling(1 / 255, name="scale")(image)))
    x = table(L, x, "positions") + x
    x = x + L.MultiHeadAttention(3, 2, attention_axes=1, name="attention")(x, x)
    x = L.LayerNormalization(epsilon=1e-6, name="norm")(x)
    y = k.activations.gelu(L.Dense(9, activation=k.activations.gelu, name="mlp1")(x))
    x = L.GlobalAveragePooling1D(name="pool")(x + L.Dense(6, name="mlp2")(y))
    return k.Model(image, L.Dense(4, activation="softmax", name="classes")(x), name="vit")


def blocks_model(k):
    """What EfficientNet and its like are built of, and layers without bias, scale or center."""
    L = k.layers
    image = k.Input((21, 20, 3), name="image")
    x = L.Rescaling(1 / 255, name="rescaling")(image)
    x = L.Normalization(name="measured")(x)
    x = L.Rescaling([0.5, 1.5, 2], name="channels")(x)
    x = L.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.5, 1, 2], name="given")(x)
    x = L.Conv2D(6, 1, use_bias=False, activation="swish", name="expand")(x)
    x = L.ZeroPadding2D(((1, 2), (1, 2)), name="padding")(x)
    x = L.DepthwiseConv2D(5, 2, use_bias=False, name="depthwise")(x)
    x = scaled = L.Activation("swish", name="swish")(L.BatchNormalization(scale=False, name="norm")(x))
    s = L.Reshape((1, 1, 6), name="square")(L.GlobalAveragePooling2D(name="squeeze")(x))
    s = L.Conv2D(2, 1, activation="swish", name="reduce")(s)
    x = L.Multiply(name="excite")([x, L.Conv2D(6, 1, activation="sigmoid", name="gate")(s)])
    x = L.Dropout(0.2, noise_shape=(None, 1, 1, 1), name="drop")(x)
    x = L.BatchNormalization(center=False, name="scaled")(L.Conv2D(6, 3, padding="same", activation="elu", name="project")(x))
    x = L.Average(name="average")([x, scaled])
    x = L.Concatenate(name="concatenate")([L.LeakyReLU(0.1, name="leaky")(x), L.Activation("tanh", name="tanh")(scaled)])
    y = L.GlobalMaxPooling2D(keepdims=True, name="tallest")(L.Activation("softplus", name="softplus")(x))
    if k is keras:  # Keras 2 has another hard_sigmoid
        x = keras.activations.silu(L.Conv2D(12, 1, activation="hard_sigmoid", name="hard")(x))
        x = L.Activation("hard_swish", name="hard_swish")(x)
    x = L.Add(name="add")([L.GlobalAveragePooling2D(keepdims=True, name="mean")(x), y])
    x = L.Dense(5, use_bias=False, name="logits")(L.Flatten(name="flat")(x))
    return k.Model(image, L.Softmax(name="softmax")(x), name="blocks")


def write(model, name, formats, folder):
    x = seeded.uniform(f"{name}/x", (4, *model.input_shape[1:]), 0, 255)
    predictions[name] = dict(shape=list(x.shape), classes=model.output_shape[-1],
                             values=seeded.numbers(model.predict(x, verbose=0)))
    for extension in formats:
        path = folder / f"{name}{extension}"
        if extension.endswith("weights.h5") or extension == ".legacy.h5":
            model.save_weights(path)
        else:
            model.save(path)


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    for k, tag, formats in ((keras, "keras3", []), (tf_keras, "keras2", [".legacy.h5"])):
        for build in (layers_model, lesson_model, sequential_model, attention_model, vit_model, blocks_model):
            k.backend.clear_session()
            name = f"{build.__name__.removesuffix('_model')}-{tag}"
            write(fill(build(k)), name, [".h5", ".keras", ".weights.h5", *formats], folder)
    keras.config.set_dtype_policy("float16")
    write(fill(lesson_model(keras)), "lesson-float16", [".h5", ".keras"], folder)
    (folder / "predictions.json").write_text(json.dumps(predictions))
    with zipfile.ZipFile(testdata.place("lib/keras/testdata/models.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for f in sorted(folder.iterdir()):
            z.write(f, f.name)
