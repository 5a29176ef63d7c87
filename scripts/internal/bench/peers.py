"""Keras's side of scripts/bench: model.predict, a compiled tf.function and ONNX Runtime on the same model.

usage: peers.py worker
       peers.py train PLAN

A worker answers questions, one JSON object per line on stdin, with one line each on stdout. "train" is one of the
lesson's trainings as a program of its own; PLAN is a JSON object, see plan in training.go. It prints what outcome in
the same file says.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

BATCH, IMAGE = 32, 255
# Keras's builders by the names that our side has for networks; of any other the file of weights holds the whole model.
NETWORKS = {name.lower(): build for name, build in vars(keras.applications).items() if callable(build)}


def preprocess(network, x):
    return sys.modules[NETWORKS[network].__module__].preprocess_input(x)


def images(folder, split, **options):
    """A split as the lesson opens it."""
    return keras.utils.image_dataset_from_directory(
        Path(folder, split, "images"), label_mode="categorical", batch_size=BATCH, image_size=(IMAGE, IMAGE),
        verbose=False, **options)


def frozen_base(network, alpha, weights, size):
    width = {"alpha": alpha} if alpha else {}
    base = NETWORKS[network](input_shape=(size, size, 3), include_top=False, weights=weights, **width)
    base.trainable = False
    return base


def classifier(network, alpha, weights, size, above, classes):
    """The lesson's model, to be trained."""
    if network not in NETWORKS:
        return keras.models.load_model(weights, compile=False)
    base = frozen_base(network, alpha, weights, size)
    if above:
        base.trainable = True
        for layer in base.layers[:above]:
            layer.trainable = False
    inputs = keras.Input((IMAGE, IMAGE, 3))
    x = keras.layers.Resizing(size, size)(inputs)
    x = preprocess(network, x)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.Dense(256, activation="relu")(x)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))


def spell_gelu_for_onnx(model):
    """TensorFlow computes GELU by erfc, for which ONNX has no operator. What is compiled already stays as it is."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            spell_gelu_for_onnx(layer)
        elif getattr(layer, "activation", None) is keras.activations.gelu:
            layer.activation = lambda x: 0.5 * x * (1 + keras.ops.erf(x / 2 ** 0.5))


class EpochTimes(keras.callbacks.Callback):
    """The seconds of each epoch, its validation included."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)


def train(folder, network, alpha, weights, input, above, learning_rate, epochs, warm_up):
    """A training of the lesson, from opened images to the last validation."""
    training = images(folder, "train", shuffle=True, seed=100)
    validation = images(folder, "validation", shuffle=True, seed=100)
    model = classifier(network, alpha, weights, input, above, len(training.class_names))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="categorical_crossentropy",
                  metrics=["accuracy"])

    too_long = 0
    if warm_up:
        # Twice the same few batches, the last and smaller ones among them. Only the first time compiles, so twice the
        # second time is what a training without warm-up does not have.
        few = [split.skip(len(split) - 2) for split in (training, validation)]
        for _ in range(2):
            start = time.perf_counter()
            model.fit(few[0], validation_data=few[1], verbose=0)
            too_long = 2 * (time.perf_counter() - start)
    times = EpochTimes()
    history = model.fit(training, validation_data=validation, epochs=epochs, verbose=0, callbacks=[times]).history
    return {"val_accuracy": history["val_accuracy"], "epochs": times.seconds, "warm_up": too_long}


class Worker:
    """Holds one model, with everything compiled before anything is timed."""

    def __init__(self):
        self.worth_jit = {}

    def load(self, network, alpha, weights, input, pixels, onnx):
        import numpy
        import onnxruntime
        import tensorflow

        self.numpy = numpy
        self.size = input
        self.pixels = numpy.fromfile(pixels, numpy.float32).reshape(-1, self.size, self.size, 3)
        if network in NETWORKS:
            inputs = keras.Input((self.size, self.size, 3))
            x = frozen_base(network, alpha, weights, input)(preprocess(network, inputs), training=False)
            self.model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
        else:
            self.model = keras.models.load_model(weights, compile=False)
        resized = keras.Input((IMAGE, IMAGE, 3))
        self.from_files = keras.Model(resized, self.model(keras.layers.Resizing(self.size, self.size)(resized)))

        first = self.pixels[:BATCH]
        self.model.predict(first, verbose=0)
        note = self._compile(tensorflow, network, first)
        path = Path(pixels).with_suffix(".onnx")
        spell_gelu_for_onnx(self.model)
        self.model.export(str(path), format="onnx", verbose=False)
        self.sessions = {peer: onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
                         for peer, file in (("onnx", path), ("our onnx", onnx))}
        for peer in self.sessions:
            self._onnx(peer, first)
        return {"note": note}

    def _compile(self, tensorflow, network, first):
        """Keeps the faster of a tf.function with and without XLA. Where XLA is far slower it is tried once per network."""
        def compiled(model, size, jit):
            signature = [tensorflow.TensorSpec((None, size, size, 3), "float32")]
            return tensorflow.function(lambda x: model(x, training=False), input_signature=signature,
                                       jit_compile=jit, autograph=False)

        seconds = {}
        for jit in (False, True) if self.worth_jit.get(network, True) else (False,):
            function = compiled(self.model, self.size, jit)
            function(first).numpy()
            start = time.perf_counter()
            function(first).numpy()
            seconds[jit] = time.perf_counter() - start
        jit = min(seconds, key=seconds.get)
        self.function = compiled(self.model, self.size, jit)
        self.function_from_files = compiled(self.from_files, IMAGE, jit)
        self.function(first)
        if True not in seconds:
            return ""
        self.worth_jit[network] = seconds[True] < 2 * seconds[False]
        return "a first batch of 32 took {:.2f} s with jit_compile=False, {:.2f} s with jit_compile=True".format(
            seconds[False], seconds[True])

    def _onnx(self, peer, batch):
        session = self.sessions[peer]
        return session.run(None, {session.get_inputs()[0].name: batch})[0]

    def infer(self, peer, out):
        """Times the model on the pixels, 32 at a time; stores the features."""
        batches = [self.pixels[i:i + BATCH] for i in range(0, len(self.pixels), BATCH)]
        start = time.perf_counter()
        if peer == "predict":
            features = self.model.predict(self.pixels, batch_size=BATCH, verbose=0)
        elif peer == "tf.function":
            features = self.numpy.concatenate([self.function(b).numpy() for b in batches])
        else:
            features = self.numpy.concatenate([self._onnx(peer, b) for b in batches])
        seconds = time.perf_counter() - start
        features.astype(self.numpy.float32).tofile(out)
        return {"seconds": seconds, "images": len(features)}

    def features(self, peer, folder):
        """Times the way from the files of both splits to their features."""
        resize = keras.layers.Resizing(self.size, self.size)
        start = time.perf_counter()
        count = 0
        for split in "train", "validation":
            files = images(folder, split, shuffle=False)
            if peer == "predict":
                count += len(self.from_files.predict(files, verbose=0))
            elif peer == "tf.function":
                count += sum(len(self.function_from_files(b).numpy()) for b, _ in files)
            else:
                count += sum(len(self._onnx(peer, b.numpy())) for b in files.map(lambda x, _: resize(x)).prefetch(1))
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
    elif len(sys.argv) == 3 and sys.argv[1] == "train":
        print(json.dumps(train(**json.loads(sys.argv[2]))), file=answers)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
