"""A folder of JPEG files, a model, and the probabilities that Keras gives for them from the files on, for scripts/defects.

testdata/jpegs.zip holds them. The same model on Pillow's pixels gives other probabilities.
"""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import jpegs
import keras
import numpy as np
import seeded
import tensorflow as tf
import testdata
from PIL import Image

SIZE = 32
L = keras.layers
model = keras.Sequential([
    keras.Input((SIZE, SIZE, 3)), L.Rescaling(1 / 127.5, -1, name="rescaling"),
    L.Conv2D(6, 3, 2, activation="relu", name="conv"), L.Conv2D(4, 3, 2, activation="relu", name="conv2"),
    L.Flatten(name="flatten"), L.Dense(3, activation="softmax", name="dense")])
for layer in model.layers:
    if layer.weights:
        seeded.fill(layer)
model.layers[-1].set_weights([10 * w for w in model.layers[-1].get_weights()])  # no probabilities near a third
model.compile("sgd", loss="categorical_crossentropy")

files = {}
for i, kind in enumerate(("a", "b", "c")):
    image = jpegs.picture(41, 50, seed=200 + i)
    for name, file in {
        "420": jpegs.save(image, quality=80), "422": jpegs.save(image, quality=60, subsampling=1),
        "grey": jpegs.save(image.convert("L"), quality=70), "grey-as-colour": jpegs.save(image.convert("L").convert("RGB")),
        "progressive": jpegs.save(image, quality=50, progressive=True),
    }.items():
        files[f"images/{kind}/{name}.jpg"] = file

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    for name, file in files.items():
        testdata.place(folder / name).write_bytes(file)
    data = keras.utils.image_dataset_from_directory(folder / "images", image_size=(SIZE, SIZE), shuffle=False, verbose=False)
    names = [Path(p).relative_to(folder).as_posix() for p in data.file_paths]
    probabilities = model.predict(data, verbose=0)
    model.save(folder / "model.keras")
    files["model.keras"] = (folder / "model.keras").read_bytes()

decoded = [np.asarray(Image.open(io.BytesIO(files[name])).convert("RGB"), np.float32) for name in names]
others = model.predict(np.stack([tf.image.resize(image, (SIZE, SIZE)) for image in decoded]), verbose=0)
assert abs(others - probabilities).max() > 3e-3, "these images do not tell decoders apart"

with zipfile.ZipFile(testdata.place("scripts/defects/testdata/jpegs.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    want = {name: seeded.numbers(row) for name, row in zip(names, probabilities)}
    for name, file in {**files, "probabilities.json": json.dumps(want).encode()}.items():
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), file, zipfile.ZIP_DEFLATED)
