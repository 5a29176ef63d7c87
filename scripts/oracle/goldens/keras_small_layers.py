"""What layers compute that networks of others have and ours do not, for the tests of lib/layer: outputs and gradients."""

import keras
import testdata
from keras.src.applications import convnext, inception_resnet_v2
from layer_cases import case, cases, with_gradients

L = keras.layers

for activation in ("selu", "mish", "softsign", "exponential"):
    with_gradients("Activation", dict(activation=activation), L.Activation(activation), (2, 30, 4), low=-6.0, high=6.0)
with_gradients("ELU", dict(alpha=0.5), L.ELU(0.5), (2, 30, 4), low=-6.0, high=6.0)
with_gradients("PReLU", {}, L.PReLU(), (2, 5, 6, 3), low=-9.0, high=9.0)
case("PReLU", dict(shared_axes=[1, 2]), L.PReLU(shared_axes=[1, 2]), (2, 5, 6, 3), low=-9.0, high=9.0)


def conv(shape, check=case, **config):
    check("Conv2D", config, L.Conv2D(**config), shape)


conv((2, 7, 8, 3), filters=4, kernel_size=[3, 1], padding="same")
conv((2, 7, 8, 3), filters=4, kernel_size=[1, 7], padding="same", use_bias=False)
conv((2, 7, 8, 3), with_gradients, filters=4, kernel_size=[2, 3], strides=[2, 1], activation="relu")
for size, strides, padding in ((2, 1, "same"), (4, 3, "valid")):  # gradients of windows of even size
    conv((1, 9, 8, 3), with_gradients, filters=2, kernel_size=size, strides=strides, padding=padding)
conv((1, 8, 7, 3), filters=4, kernel_size=3, strides=[1, 3], padding="same")
conv((1, 8, 7, 3), with_gradients, filters=2, kernel_size=2, dilation_rate=3, padding="same")
conv((1, 9, 8, 3), filters=4, kernel_size=3, dilation_rate=[1, 3])
conv((2, 6, 7, 4), with_gradients, filters=6, kernel_size=3, groups=2, padding="same")
conv((1, 7, 6, 4), filters=4, kernel_size=7, groups=4, padding="same")
for config in (dict(kernel_size=[3, 1]), dict(kernel_size=3, dilation_rate=2, padding="same")):
    case("DepthwiseConv2D", config, L.DepthwiseConv2D(**config), (2, 8, 7, 3))
config = dict(kernel_size=3, depth_multiplier=2, strides=2, padding="same", activation="swish")
with_gradients("DepthwiseConv2D", config, L.DepthwiseConv2D(**config), (2, 8, 7, 3))
for config in (dict(kernel_size=3, padding="same", use_bias=False), dict(kernel_size=[3, 2], strides=2, activation="relu"),
               dict(kernel_size=3, depth_multiplier=2, padding="same"), dict(kernel_size=3, dilation_rate=2)):
    config |= dict(filters=5)
    check = with_gradients if "strides" in config else case
    check("SeparableConv2D", config, L.SeparableConv2D(**config), (2, 8, 8, 3))
case("Dense", dict(units=5), L.Dense(5), (2, 3, 4, 6))
case("LayerNormalization", dict(epsilon=1e-6), L.LayerNormalization(epsilon=1e-6), (2, 3, 4, 6))
for cropping in ([[1, 0], [2, 1]], [1, 2], 1):
    case("Cropping2D", dict(cropping=cropping), L.Cropping2D(cropping), (1, 5, 7, 2))
for height, width in ((4, 5), (3, 7)):
    case("CenterCrop", dict(height=height, width=width), L.CenterCrop(height, width), (1, 7, 7, 2))
for pool in (L.MaxPooling2D, L.AveragePooling2D):
    with_gradients(pool.__name__, dict(pool_size=2, strides=1, padding="same"), pool(2, 1, "same"), (1, 7, 8, 2))
# One axis at a time keeps the file small.
for interpolation in ("nearest", "bicubic"):
    for shape, height, width in (((1, 255, 2, 1), 224, 2), ((1, 1, 200, 1), 1, 255), ((2, 5, 4, 3), 9, 11), ((1, 6, 6, 3), 6, 6)):
        case("Resizing", dict(height=height, width=width, interpolation=interpolation),
             L.Resizing(height, width, interpolation), shape, low=0.0, high=255.0)


class LayerScale(convnext.LayerScale):
    def build(self, _):  # Keras gives the weight no name
        self.gamma = self.add_weight(shape=(self.projection_dim,), name="gamma")


case("LayerScale", dict(projection_dim=5), LayerScale(1e-6, 5), (2, 3, 4, 5))
case("CustomScaleLayer", dict(scale=0.17), inception_resnet_v2.CustomScaleLayer(0.17), (2, 3, 4, 2), (2, 3, 4, 2))
testdata.write("lib/layer/testdata/small_layers.json.gz", cases)
