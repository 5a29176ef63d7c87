"""Keras's backbones, by the names and options of lib/backbone."""

import keras


def build(name, input, alpha=None, top=False, classes=1000, weights=None):
    """The backbone with weights of its own initializers, or of a file; layer names start from scratch."""
    keras.backend.clear_session()
    options = dict(input_shape=(input, input, 3), include_top=top, classes=classes, weights=None)
    if name == "mobilenetv2":
        model = keras.applications.MobileNetV2(alpha=alpha or 1.0, **options)
    else:
        model = keras.applications.ResNet50V2(**options)
    if weights:
        model.load_weights(weights)
    return model
