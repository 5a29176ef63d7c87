"""A model as lib/classifier names it, with the names of its classes in its own, after Keras has opened, fitted and saved it
again, for lib/classifier: testdata/names.zip.
"""

import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import testdata

L = keras.layers
NAME = "network.classes.crazing.rolled-in_scale.gr>C3>B6n>20>2F>201>2E5"  # of the classes crazing, rolled-in_scale, grön / 1.5
with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(
        testdata.place("lib/classifier/testdata/names.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    for ending in (".keras", ".h5"):
        image = keras.Input((8, 8, 3), name="image")
        x = L.GlobalAveragePooling2D(name="pool")(L.Rescaling(1 / 255, name="rescaling")(image))
        file = Path(folder) / f"resaved{ending}"
        keras.Model(image, L.Dense(3, activation="softmax", name="dense")(x), name=NAME).save(file)
        model = keras.models.load_model(file)
        model.compile("sgd", loss="categorical_crossentropy")
        model.fit(np.ones((2, 8, 8, 3)), np.eye(3)[:2], verbose=0)
        model.save(file)
        archive.writestr(zipfile.ZipInfo(file.name, (2020, 1, 1, 0, 0, 0)), file.read_bytes(), zipfile.ZIP_DEFLATED)
