"""Files that leave open what their numbers mean, as users of Keras write them, for lib/classifier: preprocessing outside
of the model, and outputs that are logits, of several labels, or of one unit.

testdata/foreign.zip holds the files, foreign.json the probabilities that Keras gives for seeded images.
"""

import tempfile
import zipfile
from pathlib import Path

import keras
import seeded
import testdata
import tf_keras
from keras.src.applications import imagenet_utils

SIZE, CLASSES = 12, 4
CROSSENTROPY = "categorical_crossentropy"
IMAGES = seeded.uniform("foreign", (5, SIZE, SIZE, 3), 0, 255)


def network(k, activation=None, units=CLASSES, inside=False):
    L = k.layers
    model = k.Sequential([k.Input((SIZE, SIZE, 3)) if k is keras else L.InputLayer((SIZE, SIZE, 3))]
                         + ([L.Rescaling(1 / 127.5, -1, name="rescaling")] if inside else [])
                         + [L.Conv2D(6, 3, 2, activation="relu", name="conv"), L.GlobalAveragePooling2D(name="pool"),
                            L.Dense(units, activation=activation, name="dense")])
    for layer in model.layers:
        for w in layer.weights:
            w.assign(seeded.weight(layer.name, w.path.rpartition("/")[2] if k is keras else
                                   w.name.rpartition("/")[2].split(":")[0], tuple(w.shape)))
    return model


def compiled(model, loss):
    model.compile("sgd", loss=loss)
    return model


softmax = network(keras, "softmax")
want = {name: seeded.numbers(softmax.predict(x, verbose=0)) for name, x in {
    "none": IMAGES,
    "0..1": IMAGES / 255,
    "-1..1": imagenet_utils.preprocess_input(IMAGES.copy(), mode="tf"),
    "caffe": imagenet_utils.preprocess_input(IMAGES.copy(), mode="caffe"),
    "imagenet": imagenet_utils.preprocess_input(IMAGES.copy(), mode="torch"),
}.items()}
logits = keras.losses.CategoricalCrossentropy(from_logits=True)
old = tf_keras.losses.CategoricalCrossentropy(from_logits=True)
models = {
    "outside": compiled(softmax, CROSSENTROPY),
    "inside": compiled(network(keras, "softmax", inside=True), CROSSENTROPY),
    "logits": compiled(network(keras, inside=True), logits),
    "logits-list": compiled(network(keras, inside=True), [logits]),
    "logits-keras2": compiled(network(tf_keras, inside=True), old),
    "uncompiled": network(keras, inside=True),
    "another-loss": compiled(network(keras, inside=True), CROSSENTROPY),
    "labels": compiled(network(keras, "sigmoid", inside=True), "binary_crossentropy"),
    "binary": compiled(network(keras, "sigmoid", 1, inside=True), "binary_crossentropy"),
    "one-logit": compiled(network(keras, None, 1, inside=True), keras.losses.BinaryCrossentropy(from_logits=True)),
    "features": keras.Model(softmax.inputs, softmax.layers[-2].output),
}
path = testdata.place("lib/classifier/testdata/foreign.zip")
with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, model in models.items():
        for ending in [".h5"] if name.endswith("keras2") else [".h5", ".keras"]:
            file = Path(folder) / (name + ending)
            model.save(file)
            archive.writestr(zipfile.ZipInfo(file.name, (2020, 1, 1, 0, 0, 0)), file.read_bytes(),
                             zipfile.ZIP_DEFLATED)
testdata.write("lib/classifier/testdata/foreign.json", want)
