"""What every layer of MobileNetV2 (alpha 0.35, 96×96) gives for two images, with weights that Go makes too.

Needs Keras 3 on TensorFlow (pip install tensorflow-cpu). Run: python keras_activations.py [ROOT OF THE REPOSITORY]
"""

import sys
from pathlib import Path

import keras
import seeded

model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), alpha=0.35, weights=None, classes=6)
for layer in model.layers:
    seeded.fill(layer)
every = keras.Model(model.input, [layer.output for layer in model.layers])
outputs = dict(zip((l.name for l in model.layers), every(seeded.uniform("images", (2, 96, 96, 3)), training=False)))

root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
seeded.write(root / "lib/backbone/testdata/activations.json.gz", dict(
    # A weighted sum sees what moved to another place; the mean and the largest value do not.
    layers=[dict(name=name, mean=float(y.numpy().mean()), largest=float(abs(y.numpy()).max()),
                 weighted=float((y.numpy() * seeded.uniform(f"checksum/{name}", y.shape)).mean()))
            for name, y in outputs.items()],
    features=seeded.numbers(outputs["global_average_pooling2d"]),
    probabilities=seeded.numbers(outputs["predictions"]),
))
