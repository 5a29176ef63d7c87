"""What Keras's layers compute, for the tests of lib/layer: outputs, gradients, a training step, initial weights."""

import keras
import keras_hub
import seeded
import tensorflow as tf
import testdata
from layer_cases import case, cases, with_gradients

L = keras.layers


def conv(filters, size, stride, padding, bias, activation, shape):
    config = dict(filters=filters, kernel_size=size, strides=stride, padding=padding, use_bias=bias,
                  activation=activation or "")
    case("Conv2D", config, L.Conv2D(filters, size, stride, padding, use_bias=bias, activation=activation), shape)


def depthwise(size, stride, padding, bias, shape):
    config = dict(kernel_size=size, strides=stride, padding=padding, use_bias=bias)
    case("DepthwiseConv2D", config, L.DepthwiseConv2D(size, stride, padding, use_bias=bias), shape)


for stride in (1, 2):
    for padding in ("same", "valid"):
        for shape in ((2, 7, 8, 3), (1, 8, 7, 3)):
            conv(4, 3, stride, padding, False, None, shape)
            depthwise(3, stride, padding, stride == 1, shape)
conv(4, 2, 2, "same", True, "relu", (2, 7, 8, 3))
conv(4, 7, 2, "valid", True, None, (1, 13, 12, 3))
conv(2, 7, 3, "same", False, None, (1, 13, 12, 3))
depthwise(5, 2, "same", True, (2, 9, 8, 3))
depthwise(2, 2, "same", False, (1, 7, 8, 3))
depthwise(5, 3, "valid", False, (1, 12, 11, 2))
for stride, shape in ((1, (2, 5, 4, 3)), (2, (2, 7, 8, 3)), (3, (1, 8, 7, 3))):
    for padding in ("same", "valid"):
        conv(5, 1, stride, padding, True, "relu6" if stride == 3 else None, shape)

for epsilon in (1e-3, 1.001e-5):
    case("BatchNormalization", dict(epsilon=epsilon, momentum=0.999),
         L.BatchNormalization(epsilon=epsilon, momentum=0.999), (2, 3, 4, 5))
case("ReLU", dict(max_value=6), L.ReLU(6), (1, 5, 6, 3), low=-9.0, high=9.0)
case("ReLU", {}, L.ReLU(), (1, 5, 6, 3), low=-9.0, high=9.0)
for pad in ([0, 1, 0, 1], [1, 1, 1, 1], [2, 0, 3, 1]):
    case("ZeroPadding2D", dict(padding=pad), L.ZeroPadding2D((pad[:2], pad[2:])), (1, 3, 4, 2))
# One axis at a time keeps the file small: 255→224 as in the lesson, 200→255, and the other way.
for shape, height, width in (((1, 255, 6, 1), 224, 5), ((1, 6, 255, 1), 7, 224), ((1, 200, 2, 1), 255, 2),
                             ((1, 255, 2, 1), 200, 3), ((2, 5, 4, 3), 9, 11), ((1, 8, 8, 3), 8, 8)):
    case("Resizing", dict(height=height, width=width), L.Resizing(height, width), shape, low=0.0, high=255.0)
for activation in (None, "relu", "relu6", "softmax"):
    case("Dense", dict(units=5, activation=activation or ""), L.Dense(5, activation=activation), (4, 7))
for activation in ("relu", "relu6", "softmax"):
    case("Activation", dict(activation=activation), L.Activation(activation), (2, 3, 4, 5), low=-9.0, high=9.0)


def pooling(cls, size, stride, padding, shape, **bounds):
    case(cls.__name__, dict(pool_size=size, strides=stride or 0, padding=padding), cls(size, stride, padding), shape,
         **bounds)


for size, stride in ((1, 2), (2, None), (2, 1), (3, 2), (3, 1), (2, 3)):
    for padding in ("valid", "same"):
        for shape in ((1, 7, 8, 2), (1, 8, 7, 2)):
            # Values below zero: padding that counted as zero would win.
            pooling(L.MaxPooling2D, size, stride, padding, shape, low=-2.0, high=-1.0)
            pooling(L.AveragePooling2D, size, stride, padding, shape, low=1.0, high=2.0)
case("GlobalAveragePooling2D", {}, L.GlobalAveragePooling2D(), (2, 7, 6, 3))
case("GlobalMaxPooling2D", {}, L.GlobalMaxPooling2D(), (2, 7, 6, 3), low=-2.0, high=-1.0)
case("Flatten", {}, L.Flatten(), (2, 4, 3, 5))
case("Rescaling", dict(scale=1 / 127.5, offset=-1), L.Rescaling(1 / 127.5, -1), (1, 3, 4, 3), low=0.0, high=255.0)
case("Add", {}, L.Add(), (2, 3, 4, 2), (2, 3, 4, 2))
case("Dropout", dict(rate=0.3), L.Dropout(0.3), (2, 3, 4, 2))


class ClassToken(L.Layer):
    def build(self, shape):
        self.token = self.add_weight(shape=(1, shape[-1]), name="class_token")

    def call(self, x):
        return keras.ops.concatenate([keras.ops.repeat(self.token[None], x.shape[0], 0), x], 1)


def transformer():
    for epsilon in (1e-3, 1e-6):
        with_gradients("LayerNormalization", dict(epsilon=epsilon), L.LayerNormalization(epsilon=epsilon), (2, 5, 6))
    with_gradients("LayerNormalization", dict(epsilon=1e-6), L.LayerNormalization(epsilon=1e-6), (3, 7), low=10.0,
                   high=30.0)
    # Vectors hardly larger than the root of epsilon, so that it counts.
    with_gradients("LayerNormalization", {}, L.LayerNormalization(), (2, 3, 6), low=-0.05, high=0.05)
    # On inputs of 8 most weights of a softmax are near 0 or 1.
    for heads, key, shape, scale in ((1, 8, (2, 4, 6), 2), (2, 3, (1, 7, 6), 8), (4, 5, (2, 5, 8), 2),
                                     (3, 4, (2, 1, 5), 2)):
        attention = L.MultiHeadAttention(heads, key)
        with_gradients("MultiHeadAttention", dict(num_heads=heads, key_dim=key), attention, shape,
                       call=lambda x: attention(x, x), low=-scale, high=scale)
    position = keras_hub.layers.PositionEmbedding(5)
    with_gradients("PositionEmbedding", {}, position, (2, 5, 4), call=lambda x: x + position(x))
    with_gradients("ClassToken", {}, ClassToken(), (2, 5, 4))
    with_gradients("Reshape", dict(target_shape=[6, 5]), L.Reshape((6, 5)), (2, 3, 2, 5))
    with_gradients("GlobalAveragePooling1D", {}, L.GlobalAveragePooling1D(), (2, 7, 4))
    for cropping in ([0, 4], [1, 0], [2, 1]):
        with_gradients("Cropping1D", dict(cropping=cropping), L.Cropping1D(cropping), (2, 5, 3))
    for activation in (None, "gelu"):
        with_gradients("Dense", dict(units=5, activation=activation or ""), L.Dense(5, activation=activation),
                       (2, 3, 7))
    with_gradients("Activation", dict(activation="gelu"), L.Activation("gelu"), (2, 30, 4), low=-6.0, high=6.0)


def more():
    for activation in ("leaky_relu", "elu", "silu", "sigmoid", "hard_sigmoid", "hard_silu", "tanh", "softplus"):
        with_gradients("Activation", dict(activation=activation), L.Activation(activation), (2, 30, 4), low=-6.0, high=6.0)
    for size, activation in ((1, "swish"), (3, "hard_swish")):
        with_gradients("Conv2D", dict(filters=3, kernel_size=size, activation=activation),
                       L.Conv2D(3, size, activation=activation), (2, 6, 5, 4))
    with_gradients("LeakyReLU", {}, L.LeakyReLU(), (1, 5, 6, 3), low=-9.0, high=9.0)
    with_gradients("LeakyReLU", dict(negative_slope=0.1), L.LeakyReLU(0.1), (1, 5, 6, 3), low=-9.0, high=9.0)
    with_gradients("Softmax", {}, L.Softmax(), (4, 7), low=-3.0, high=3.0)
    same = (2, 3, 4, 2), (2, 3, 4, 2), (2, 3, 4, 2)
    for merge in (L.Add, L.Average, L.Multiply, L.Concatenate):
        with_gradients(merge.__name__, {}, merge(), *same)
    with_gradients("Multiply", {}, L.Multiply(), (2, 3, 4, 5), (2, 1, 1, 5))
    with_gradients("Multiply", {}, L.Multiply(), (2, 1, 1, 5), (2, 3, 4, 5))
    for axis, shapes in ((-1, ((2, 3, 4, 2), (2, 3, 4, 5))), (3, ((2, 3, 4, 2), (2, 3, 4, 1))), (1, ((2, 3, 4), (2, 5, 4)))):
        with_gradients("Concatenate", dict(axis=axis), L.Concatenate(axis=axis), *shapes)
    for shape in ((1, 1, 6), (-1, 2)):
        with_gradients("Reshape", dict(target_shape=list(shape)), L.Reshape(shape), (2, 6))
    with_gradients("GlobalAveragePooling2D", dict(keepdims=True), L.GlobalAveragePooling2D(keepdims=True), (2, 7, 6, 3))
    with_gradients("GlobalMaxPooling2D", dict(keepdims=True), L.GlobalMaxPooling2D(keepdims=True), (2, 7, 6, 3))
    numbers = dict(mean=[0.1, 0.2, 0.3], variance=[0.5, 1.5, 2.5])
    with_gradients("Normalization", numbers, L.Normalization(**numbers), (2, 3, 4, 3))
    measured = L.Normalization()

    def normalized(x):
        measured.finalize_state()  # as after loading weights
        return measured(x)

    with_gradients("Normalization", {}, measured, (2, 3, 4, 3), call=normalized)
    with_gradients("Rescaling", dict(scale=[0.5, 2, 3], offset=[1, -1, 0]), L.Rescaling([0.5, 2, 3], [1, -1, 0]), (2, 3, 4, 3))
    with_gradients("Rescaling", dict(scale=[0.5, 2, 3]), L.Rescaling([0.5, 2, 3]), (2, 3, 4, 3))
    with_gradients("Dense", dict(units=5, use_bias=False), L.Dense(5, use_bias=False), (4, 7))
    for center, scale in ((False, True), (True, False), (False, False)):
        layer = L.BatchNormalization(center=center, scale=scale)
        with_gradients("BatchNormalization", dict(center=center, scale=scale), layer, (2, 3, 4, 5))
    with_gradients("BatchNormalization", {}, L.BatchNormalization(), (2, 3, 4, 5))
    for size, stride, padding in ((3, 1, "same"), (5, 1, "same"), (5, 2, "valid"), (3, 2, "same")):
        layer = L.DepthwiseConv2D(size, stride, padding, activation="swish")
        with_gradients("DepthwiseConv2D", dict(kernel_size=size, strides=stride, padding=padding, activation="swish"), layer,
                       (2, 9, 8, 3))
    table = L.EinsumDense("btd,td->btd", output_shape=(5, 4))
    with_gradients("EinsumDense", dict(output_shape=[5, 4]), table, (2, 5, 4))
    with_gradients("Dropout", dict(rate=0.3, noise_shape=[None, 1, 1, 1]), L.Dropout(0.3, (None, 1, 1, 1)), (2, 3, 4, 2))


def training_step():
    """Loss, gradients and moving statistics of a small stack on one batch, as tf.GradientTape gives them."""
    norm = dict(epsilon=1e-3, momentum=0.999)
    image = x = keras.Input((9, 8, 3))
    x = L.Conv2D(4, 3, 2, "same", use_bias=False, name="conv")(x)
    x = L.ReLU(6, name="relu")(L.BatchNormalization(name="conv_bn", **norm)(x))
    x = L.Conv2D(6, 1, use_bias=True, name="expand")(x)
    x = L.ReLU(6, name="expand_relu")(L.BatchNormalization(name="expand_bn", **norm)(x))
    x = L.DepthwiseConv2D(3, 2, "same", use_bias=True, name="depthwise")(x)
    x = L.ReLU(6, name="depthwise_relu")(L.BatchNormalization(name="depthwise_bn", **norm)(x))
    x = block = L.Conv2D(4, 1, use_bias=False, name="project")(x)
    x = L.DepthwiseConv2D(3, 1, "same", use_bias=False, name="second")(x)
    x = L.Add(name="add")([block, L.BatchNormalization(name="second_bn", **norm)(x)])
    x = L.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, L.Dense(3, activation="softmax", name="dense")(x))
    for layer in model.layers:
        seeded.fill(layer)
    x = seeded.uniform("training step/x", (6, 9, 8, 3), -2, 2)
    labels = tf.one_hot([0, 1, 2, 0, 1, 2], 3)
    with tf.GradientTape() as tape:
        y = model(x, training=True)
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(labels, y))
    gradients = tape.gradient(loss, [w.value for w in model.trainable_weights])
    values = {w.path: seeded.numbers(g) for w, g in zip(model.trainable_weights, gradients)}
    values |= {w.path: seeded.numbers(w) for w in model.non_trainable_weights}
    return dict(loss=float(loss), probabilities=seeded.numbers(y), values=values)


def initial(layer, shape):
    """Mean, variance and bounds of a kernel as Keras initializes it."""
    layer.build(shape)
    w = layer.weights[0].numpy()
    return dict(shape=list(w.shape), low=float(w.min()), high=float(w.max()), variance=float(w.var()))


transformer()
more()
keras.utils.set_random_seed(1)  # a layer takes its seed when it is made
testdata.write("lib/layer/testdata/layers.json.gz", dict(
    cases=cases,
    step=training_step(),
    initial=[initial(L.Dense(256), (None, 1280)), initial(L.Conv2D(64, 3), (None, 8, 8, 32)),
             initial(L.DepthwiseConv2D(3), (None, 8, 8, 960))],
))
