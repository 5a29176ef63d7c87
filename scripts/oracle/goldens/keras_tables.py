"""Keras's description of the backbones: layer order, classes, inputs, shapes, counts, weights; and a summary() as text."""

import os

import backbones
import keras
import testdata

SIZES = 32, 33, 75, 96, 200, 255  # odd and even ones at every stride, and the smallest


def variants(network):
    """Each width, many inputs, and the classifier."""
    widths = backbones.widths(network)
    found = [width | dict(input=224) for width in widths] + [widths[0] | dict(input=n) for n in SIZES]
    found += [widths[-1] | dict(input=224, top=True, classes=1000)]
    found += [widths[0] | dict(input=n, top=True, classes=6) for n in (75, 96)]
    if backbones.has_published_layers(network["name"]):
        found.append(widths[0] | dict(input=224, published=True))
    return [dict(name=network["name"]) | variant for variant in found]


def inputs(layer):
    nodes = layer._inbound_nodes[-1].input_tensors
    return [t._keras_history.operation.name for t in nodes]


def table(variant):
    model = backbones.build(**variant)
    return variant | {
        "params": model.count_params(),
        "trainable": sum(w.value.numpy().size for w in model.trainable_weights),
        "layers": [
            {"name": l.name, "class": type(l).__name__, "output": list(l.output.shape[1:]), "params": l.count_params(),
             "inputs": inputs(l), "weights": [[w.path.split("/")[-1], list(w.shape)] for w in l.weights]}
            for l in model.layers
        ],
    }


def summary(model):
    os.environ["COLUMNS"] = "180"  # rich cuts lines at the width of the terminal
    lines = []
    model.summary(line_length=180, print_fn=lambda text, line_break=True: lines.append(text))
    return "\n".join(lines)


def small():
    """A model with every class of layer that the backbone has, and an automatic name for each."""
    keras.backend.clear_session()
    L = keras.layers
    image = x = keras.Input((33, 33, 3), name="image")
    x = L.Rescaling(1 / 127.5, -1)(x)
    x = L.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)
    x = branch = L.BatchNormalization()(x)
    x = L.ReLU(6)(x)
    x = L.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.Add()([branch, x])
    x = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dropout(0.3)(x)
    x = L.Dense(256, activation="relu")(x)
    x = L.Dropout(0.2)(x)
    return keras.Model(image, L.Dense(6, activation="softmax")(x), name="small")


def lesson():
    """The lesson's model: the frozen backbone is one row."""
    base = backbones.build("mobilenetv2", 224, 0.35)
    base.trainable = False
    L = keras.layers
    image = keras.Input((255, 255, 3), name="image")
    x = L.Resizing(224, 224)(image)
    x = L.Rescaling(1 / 127.5, -1, name="preprocess_input")(x)
    x = base(x, training=False)
    for head in (L.GlobalAveragePooling2D(), L.Dropout(0.3), L.Dense(256, activation="relu"), L.Dropout(0.2),
                 L.Dense(6, activation="softmax")):
        x = head(x)
    return keras.Model(image, x)


testdata.write("lib/backbone/testdata/tables.json.gz",
               [table(v) for n in backbones.networks().values() for v in variants(n)])
for path, model in (("lib/layer/testdata/summary.txt", small), ("lib/classifier/testdata/summary.txt", lesson)):
    testdata.place(path).write_text(summary(model()) + "\n")
