"""What KerasHub's ViTBackbone and ViTImageClassifier compute for a small ViT with seeded weights."""

import tempfile
from pathlib import Path

import h5py
import keras
import keras_hub
import numpy as np
import seeded
import testdata
import vit_golden as small


def fill(model):
    """Sets all weights through a .weights.h5 file; returns rows for the golden file, in the names that Go reads."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.weights.h5"
        model.save_weights(path)
        with h5py.File(path, "r+") as file:
            def visit(name, dataset):
                if isinstance(dataset, h5py.Dataset) and name.startswith("layers/"):  # not the optimizer
                    name, shape = name.replace("/vars/", "/"), dataset.shape
                    row, values = small.tensor(name, shape, np.prod(shape[:-1], dtype=int) if len(shape) > 1 else 0)
                    rows.append(row)
                    dataset[...] = values
            file.visititems(visit)
        model.load_weights(path)
    return rows


def backbone():
    return keras_hub.models.ViTBackbone(
        image_shape=(small.INPUT, small.INPUT, 3), patch_size=small.PATCH, num_layers=small.BLOCKS,
        num_heads=small.HEADS, hidden_dim=small.WIDTH, mlp_dim=4 * small.WIDTH)


x = small.images(2, small.INPUT)
model = backbone()
rows = fill(model)
golden = [dict(library="KerasHub's backbone", tensors=rows, runs=[small.run(small.INPUT, model(x))])]
classifier = keras_hub.models.ViTImageClassifier(backbone=backbone(), num_classes=small.CLASSES)
rows = fill(classifier)
golden.append(dict(library="KerasHub's classifier", tensors=rows, runs=[
    small.run(small.INPUT, classifier.backbone(x)),
    small.run(small.INPUT, keras.ops.softmax(classifier(x)), top=True)]))
testdata.write("lib/backbone/testdata/vit_kerashub.json.gz", golden)
