"""The networks of keras.applications in small, as Keras saves them, for the tests of lib/keras: files and outputs.

Widths and depths are less than the published ones, or the last blocks are cut off; what a block is made of is Keras's own.
Weights have few values, so that the files pack well. The outputs are logits: probabilities would be near 0 or 1.
"""

import json
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import seeded
import testdata
from keras.src.applications import convnext, densenet, efficientnet, efficientnet_v2, inception_v3, resnet

L = keras.layers
A = keras.applications
CLASSES = 5


def fill(model, gain):
    """Seeded weights, rounded to nine values a weight; kernels times a gain."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            fill(layer, gain)
            continue
        values = []
        for i, w in enumerate(layer.weights):
            v = seeded.weight(layer.name, f"gamma{i}" if w.name.startswith("variable") else seeded.weight_name(layer, w), tuple(w.shape))
            largest = max(abs(v).max(), 1e-6)
            values.append(np.round(v / largest * 4) / 4 * largest * (gain if "kernel" in w.name else 1))
        layer.set_weights(values)
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()  # as after loading weights


def telling(model, x):
    """What a model gives, with weights for which that depends on the image: a signal fades in deep networks."""
    for gain in (1, 1.5, 2, 3, 4, 6, 8):
        fill(model, gain)
        y = model.predict(x, verbose=0)
        if np.isfinite(y).all() and abs(y[0] - y[1]).max() > 0.05 * abs(y).max():
            print(f"{model.name}: gain {gain}, outputs of two images differ by {abs(y[0] - y[1]).max() / abs(y).max():.2g} of the largest")
            return y
    raise ValueError(f"{model.name} hardly depends on its input")


def with_head(base, layer):
    """The network up to a layer, and a head of ours."""
    x = L.GlobalMaxPooling2D(name="most")(layer if keras.backend.is_keras_tensor(layer) else base.get_layer(layer).output)
    return keras.Model(base.input, L.Dense(CLASSES, name="classes")(x), name=base.name)


def inception(x):
    """One of each kind of mixture, by Keras's own function."""
    conv = inception_v3.conv2d_bn
    x = conv(x, 8, 3, 3, strides=(2, 2), padding="valid")
    x = L.MaxPooling2D((3, 3), strides=(2, 2))(x)
    a = conv(x, 4, 1, 1)
    b = conv(conv(conv(x, 4, 1, 1), 4, 1, 7), 6, 7, 1)
    c = conv(conv(x, 4, 1, 1), 4, 5, 5)
    d = conv(L.AveragePooling2D((3, 3), strides=(1, 1), padding="same")(x), 4, 1, 1)
    x = L.concatenate([a, b, c, d], axis=3, name="mixed0")
    e = conv(x, 8, 3, 3, strides=(2, 2), padding="valid")
    f = conv(x, 8, 1, 1)
    f = L.concatenate([conv(f, 6, 1, 3), conv(f, 6, 3, 1)], axis=3)
    f = L.MaxPooling2D((3, 3), strides=(2, 2))(f)
    return L.concatenate([e, f], axis=3, name="mixed1")


def resnet50():
    def stack(x):
        x = resnet.stack_residual_blocks_v1(x, 8, 2, stride1=1, name="conv2")
        return resnet.stack_residual_blocks_v1(x, 16, 2, name="conv3")

    return resnet.ResNet(stack, False, True, name="resnet50", weights_name="resnet50", weights=None, input_shape=(32, 32, 3),
                         classes=CLASSES, classifier_activation=None)


def small_layers():
    """Layers and functions of networks that people write themselves; augmentation does nothing when predicting."""
    image = keras.Input((24, 24, 3))
    x = L.Pipeline([L.RandomFlip("horizontal"), L.RandomTranslation(0.1, 0.1), L.Rescaling(1 / 255)], name="augmentation")(image)
    x = L.RandomCrop(20, 20, name="crop")(L.RandAugment(value_range=(0, 1), name="rand")(x))
    x = (x - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    x = L.Resizing(20, 18, "bicubic", name="resize")(x)
    x = L.SeparableConv2D(8, 3, depth_multiplier=2, activation="mish", name="separable")(x)
    x = L.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = L.Conv2D(8, (1, 3), dilation_rate=(1, 2), activation="selu", name="wide")(x)
    x = L.ELU(0.5, name="elu")(L.Cropping2D(((1, 0), (0, 1)), name="edges")(x))
    x = L.DepthwiseConv2D((3, 1), depth_multiplier=2, name="tall")(x)
    x = keras.activations.leaky_relu(L.Dense(6, name="everywhere")(x), negative_slope=0.1)
    x = keras.ops.relu6(L.Conv2D(6, 3, groups=3, name="groups")(x)) + keras.ops.selu(L.CenterCrop(13, 9, name="middle")(x))
    x = L.Identity(name="identity")(L.GlobalAveragePooling2D(name="mean")(x))
    return keras.Model(image, L.Dense(CLASSES, name="classes")(x), name="small_layers")


def networks():
    yield small_layers()
    small = dict(weights=None, input_shape=(32, 32, 3))
    name, blocks = "efficientnetv2-b0", efficientnet_v2.DEFAULT_BLOCKS_ARGS["efficientnetv2-b0"]
    yield efficientnet.EfficientNet(0.1, 0.1, 32, blocks_args=efficientnet.DEFAULT_BLOCKS_ARGS[:3], name="efficientnetb0",
                                    classes=CLASSES, classifier_activation=None, **small)
    yield efficientnet_v2.EfficientNetV2(0.1, 0.1, 32, blocks_args=[blocks[0], blocks[1], blocks[3]], name=name, classes=CLASSES,
                                         classifier_activation=None, **small)
    yield with_head(A.MobileNetV3Small(alpha=0.25, include_top=False, **small), "expanded_conv_3_project_bn")
    base = densenet.DenseNet([2, 1, 1, 1], name="densenet121", include_top=False, **small)
    yield with_head(base, "pool2_pool")
    yield resnet50()
    image = keras.Input((32, 32, 3))
    base = keras.Model(image, resnet50()(resnet.preprocess_input(image)), name="resnet50_inside")  # blue, green, red
    yield base
    yield with_head(A.VGG16(include_top=False, **small), "block1_pool")
    image = keras.Input((48, 48, 3))
    mixed = inception(image)
    yield with_head(keras.Model(image, mixed, name="inception_v3"), mixed)
    base = A.Xception(include_top=False, weights=None, input_shape=(71, 71, 3))
    names = [layer.name for layer in base.layers]
    yield with_head(base, names[names.index("block2_pool") + 1 if names[names.index("block2_pool") + 1].startswith("add")
                            else names.index("block3_sepconv1_act") - 1])
    base = convnext.ConvNeXt([1, 1, 1, 1], [8, 8, 8, 8], 0.2, 1e-6, 32, name="convnext_tiny", include_top=False, **small)
    yield with_head(base, base.get_layer("convnext_tiny_downsampling_block_1").input)


predictions = {}
with tempfile.TemporaryDirectory() as folder:
    path = testdata.place("lib/keras/testdata/applications.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for model in networks():
            x = seeded.uniform(f"{model.name}/x", (2, *model.input_shape[1:]), 0, 255)
            predictions[model.name] = dict(shape=list(x.shape), classes=CLASSES, values=seeded.numbers(telling(model, x)))
            file = Path(folder) / f"{model.name}.keras"
            model.save(file)
            archive.writestr(zipfile.ZipInfo(file.name, (2020, 1, 1, 0, 0, 0)), file.read_bytes(), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("predictions.json", (2020, 1, 1, 0, 0, 0)), json.dumps(predictions),
                         zipfile.ZIP_DEFLATED)
