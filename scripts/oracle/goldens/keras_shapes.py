"""Models of Keras for grey, rectangular and open inputs and for several labels, image files, and the probabilities that Keras
gives for these from the files on, for lib/classifier and scripts/defects.

testdata/shapes.zip holds them. Files are read by image_dataset_from_directory, with color_mode="grayscale" for grey models.
"""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import jpegs
import keras
import seeded
import testdata

L = keras.layers


def network(shape, units=3, activation="softmax", first=(), rescaling=True):
    model = keras.Sequential([
        keras.Input(shape), *first, *([L.Rescaling(1 / 127.5, -1, name="rescaling")] if rescaling else []),
        L.Conv2D(6, 3, 2, activation="relu", name="conv"), L.Conv2D(4, 3, 2, activation="relu", name="conv2"),
        L.MaxPooling2D(2, name="pooling"),
        L.GlobalAveragePooling2D(name="mean") if shape[0] is None else L.Flatten(name="flatten"),
        L.Dense(units, activation=activation, name="dense")])
    for layer in model.layers:
        if layer.weights:
            seeded.fill(layer)
    return model


def spread(model, data):
    """Lets the outputs differ from image to image."""
    values = keras.Model(model.inputs, model.layers[-2].output).predict(data, verbose=0)
    kernel, _ = model.layers[-1].get_weights()
    kernel = kernel * 2 / (values @ kernel).std(0)
    model.layers[-1].set_weights([kernel, -(values @ kernel).mean(0)])


def compiled(model, loss):
    model.compile("sgd", loss=loss)
    return model


logits = keras.losses.BinaryCrossentropy(from_logits=True)
models = {  # with the height and width that images are read in
    "grey": (compiled(network((24, 24, 1)), "categorical_crossentropy"), (24, 24)),
    "wide": (compiled(network((24, 40, 3)), "categorical_crossentropy"), (24, 40)),
    "tall-grey": (compiled(network((40, 24, 1)), "categorical_crossentropy"), (40, 24)),
    "open": (compiled(network((None, None, 3)), "categorical_crossentropy"), (36, 52)),
    "open-resizing": (compiled(network((None, None, 3), first=[L.RandomFlip(), L.Resizing(28, 36)]), "categorical_crossentropy"), (41, 50)),
    "labels": (compiled(network((24, 24, 3), 4, "sigmoid"), "binary_crossentropy"), (24, 24)),
    "labels-logits": (compiled(network((24, 24, 3), 4, None), logits), (24, 24)),
}
files = {}
for i, kind in enumerate(("a", "b", "c")):
    image = jpegs.picture(41, 50, seed=300 + i)
    files[f"images/{kind}/420.jpg"] = jpegs.save(image, quality=80)
    files[f"images/{kind}/grey.jpg"] = jpegs.save(image.convert("L"), quality=70)
    png = io.BytesIO()
    image.quantize(64).convert("RGB").save(png, "PNG", optimize=True)
    files[f"images/{kind}/colour.png"] = png.getvalue()

probabilities = {}
with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    for name, file in files.items():
        testdata.place(folder / name).write_bytes(file)
    for name, (model, size) in models.items():
        data = keras.utils.image_dataset_from_directory(
            folder / "images", image_size=size, shuffle=False, verbose=False,
            color_mode="grayscale" if model.input_shape[-1] == 1 else "rgb")
        paths = [Path(p).relative_to(folder).as_posix() for p in data.file_paths]
        spread(model, data)
        rows = model.predict(data, verbose=0)
        if name == "labels-logits":
            rows = keras.ops.convert_to_numpy(keras.ops.sigmoid(rows))
        assert rows.std(0).max() > 0.05, f"{name} hardly depends on its images: {rows}"
        probabilities[name] = {path: seeded.numbers(row) for path, row in zip(paths, rows)}
        for ending in (".keras", ".h5"):
            model.save(folder / (name + ending))
            files[name + ending] = (folder / (name + ending)).read_bytes()
    files["probabilities.json"] = json.dumps(probabilities).encode()

with zipfile.ZipFile(testdata.place("lib/classifier/testdata/shapes.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    for name, file in files.items():
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), file, zipfile.ZIP_DEFLATED)
