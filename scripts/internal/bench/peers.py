"""Keras's side of scripts/bench: model.predict, a compiled tf.function and ONNX Runtime on the same model.

usage: peers.py worker
       peers.py section FOLDER ALPHA WEIGHTS EPOCHS

A worker answers questions, one JSON object per line on stdin, with one line each on stdout. "section" is the
lesson's section 2.3.1 as a program of its own: it prints the history of its training.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input

BATCH, INPUT, IMAGE = 32, 224, 255


def images(folder, split, **options):
    """A split as the lesson opens it."""
    return keras.utils.image_dataset_from_directory(
        Path(folder, split, "images"), label_mode="categorical", batch_size=BATCH, image_size=(IMAGE, IMAGE),
        verbose=False, **options)


def frozen_base(alpha, weights):
    base = MobileNetV2(input_shape=(INPUT, INPUT, 3), alpha=alpha, include_top=False, weights=weights)
    base.trainable = False
    return base


def section(folder, alpha, weights, epochs):
    """The lesson's training, from opened images to the last validation."""
    train = images(folder, "train", shuffle=True, seed=100)
    validation = images(folder, "validation", shuffle=True, seed=100)
    inputs = keras.Input((IMAGE, IMAGE, 3))
    x = keras.layers.Resizing(INPUT, INPUT)(inputs)
    x = preprocess_input(x)
    x = frozen_base(alpha, weights)(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.Dense(256, activation="relu")(x)
    x = keras.layers.Dropout(0.2)(x)
    outputs = keras.layers.Dense(len(train.class_names), activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    return model.fit(train, validation_data=validation, epochs=epochs, verbose=0).history


class Worker:
    """Holds one model, with everything compiled before anything is timed."""

    def __init__(self):
        self.worth_jit = True

    def load(self, alpha, weights, pixels):
        import numpy
        import onnxruntime
        import tensorflow

        self.numpy = numpy
        self.pixels = numpy.fromfile(pixels, numpy.float32).reshape(-1, INPUT, INPUT, 3)
        inputs = keras.Input((INPUT, INPUT, 3))
        x = frozen_base(alpha, weights)(preprocess_input(inputs), training=False)
        self.model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
        resized = keras.Input((IMAGE, IMAGE, 3))
        self.from_files = keras.Model(resized, self.model(keras.layers.Resizing(INPUT, INPUT)(resized)))

        first = self.pixels[:BATCH]
        self.model.predict(first, verbose=0)
        note = self._compile(tensorflow, first)
        path = Path(pixels).with_suffix(".onnx")
        self.model.export(str(path), format="onnx", verbose=False)
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._onnx(first)
        return {"note": note}

    def _compile(self, tensorflow, first):
        """Keeps the faster of a tf.function with and without XLA. Where XLA is far slower it is tried once."""
        def compiled(model, size, jit):
            signature = [tensorflow.TensorSpec((None, size, size, 3), "float32")]
            return tensorflow.function(lambda x: model(x, training=False), input_signature=signature, jit_compile=jit,
                                       autograph=False)

        seconds = {}
        for jit in [False, True] if self.worth_jit else [False]:
            function = compiled(self.model, INPUT, jit)
            function(first).numpy()
            start = time.perf_counter()
            function(first).numpy()
            seconds[jit] = time.perf_counter() - start
        jit = min(seconds, key=seconds.get)
        self.function, self.function_from_files = compiled(self.model, INPUT, jit), compiled(self.from_files, IMAGE, jit)
        self.function(first)
        if True not in seconds:
            return ""
        self.worth_jit = seconds[True] < 2 * seconds[False]
        return "a first batch of 32 took {:.2f} s with jit_compile=False, {:.2f} s with jit_compile=True".format(
            seconds[False], seconds[True])

    def _onnx(self, batch):
        return self.session.run(None, {self.session.get_inputs()[0].name: batch})[0]

    def infer(self, peer, out):
        """Times the model on the pixels, 32 at a time; stores the features."""
        batches = [self.pixels[i:i + BATCH] for i in range(0, len(self.pixels), BATCH)]
        start = time.perf_counter()
        if peer == "predict":
            features = self.model.predict(self.pixels, batch_size=BATCH, verbose=0)
        elif peer == "tf.function":
            features = self.numpy.concatenate([self.function(b).numpy() for b in batches])
        else:
            features = self.numpy.concatenate([self._onnx(b) for b in batches])
        seconds = time.perf_counter() - start
        features.astype(self.numpy.float32).tofile(out)
        return {"seconds": seconds, "images": len(features)}

    def features(self, peer, folder):
        """Times the way from the files of both splits to their features."""
        resize = keras.layers.Resizing(INPUT, INPUT)
        start = time.perf_counter()
        count = 0
        for split in "train", "validation":
            files = images(folder, split, shuffle=False)
            if peer == "predict":
                count += len(self.from_files.predict(files, verbose=0))
            elif peer == "tf.function":
                count += sum(len(self.function_from_files(b).numpy()) for b, _ in files)
            else:
                count += sum(len(self._onnx(b.numpy())) for b in files.map(lambda x, _: resize(x)).prefetch(1))
        return {"seconds": time.perf_counter() - start, "images": count}

    def describe(self):
        from importlib.metadata import version

        packages = {"TensorFlow": "tensorflow-cpu", "Keras": "keras", "ONNX Runtime": "onnxruntime", "NumPy": "numpy",
                    "ipykernel": "ipykernel", "Matplotlib": "matplotlib"}
        versions = [f"{name} {version(package)}" for name, package in packages.items()]
        return {"note": ", ".join([f"Python {sys.version.split()[0]}"] + versions)}


def serve(answers):
    worker = Worker()
    for line in sys.stdin:
        question = json.loads(line)
        answer = getattr(worker, question.pop("do"))(**question)
        print(json.dumps(answer), file=answers, flush=True)


def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not come between
    if sys.argv[1:] == ["worker"]:
        serve(answers)
    elif len(sys.argv) == 6 and sys.argv[1] == "section":
        history = section(sys.argv[2], float(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
        print(json.dumps(history), file=answers)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
