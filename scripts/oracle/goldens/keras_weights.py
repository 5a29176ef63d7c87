"""HDF5 files and archives as Keras 3, tf_keras and h5py write them, for the tests of lib/weights.

Each file that opens has a NAME.json beside it with what a reader should find, as Keras and h5py see it:
{"path": ..., "format": ..., "notes": [...], "config": base64 of the model's configuration,
 "layers": [{"name": ..., "tensors": [{"name": ..., "shape": [...], "data": [...]}]}]}
"""

import base64
import io
import re
import zipfile

import h5py
import keras
import numpy as np
import testdata
import tf_keras

FOLDER = "lib/weights/testdata"


def golden(name, layers, file=None, format="Keras HDF5 weights", config=None, notes=()):
    found = [
        {
            "name": layer,
            "tensors": [
                {"name": n, "shape": list(v.shape), "data": np.asarray(v, "float32").ravel().tolist()}
                for n, v in tensors
            ],
        }
        for layer, tensors in layers
    ]
    want = {"path": file or name + ".h5", "format": format, "notes": list(notes), "layers": found}
    if config:
        want["config"] = base64.b64encode(config.encode()).decode()
    testdata.write(f"{FOLDER}/{name}.json", want)


def note(n, kind):
    return f"1 tensor of type {kind} was converted to float32" if n == 1 else (
        f"{n} tensors of type {kind} were converted to float32"
    )


def path(name, extension=".h5"):
    return testdata.place(f"{FOLDER}/{name}{extension}")


def of_model(model):
    """The layers as whole models store them: trainable weights first, those of nested models with their path."""
    def names(layer, w):
        whole = getattr(w, "path", w.name).removesuffix(":0").removeprefix(layer.name + "/")
        return whole if hasattr(layer, "layers") else whole.split("/")[-1]

    return [
        (l.name, [(names(l, w), w.numpy()) for w in l.trainable_weights + l.non_trainable_weights])
        for l in model.layers
    ]


def of_variables(file):
    """The layers of a .weights.h5 file, conv2d_2 before conv2d_10."""
    def counted(layer):
        return [re.fullmatch(r"(.*?)(?:_(\d+))?", part).groups(default="-1") for part in layer.split("/")]

    found = {}
    with h5py.File(file) as f:
        def visit(name, item):
            match = re.fullmatch(r"(layers/.*)/vars/(\d+)", name)
            if match:
                found.setdefault(match[1], {})[int(match[2])] = item[()]

        f.visititems(visit)
    order = sorted(found, key=lambda layer: [(c, int(n)) for c, n in counted(layer)])
    return [(layer, [(str(i), found[layer][i]) for i in sorted(found[layer])]) for layer in order]


def small_model():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2D(2, 3, name="conv"),
            keras.layers.BatchNormalization(name="bn"),
            keras.layers.ReLU(name="relu"),
            keras.layers.DepthwiseConv2D(3, name="depthwise"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(2, name="dense"),
        ]
    )
    return model


def keras3():
    model = small_model()
    with h5py.File(path("keras3_weights"), "w") as f:
        keras.src.legacy.saving.legacy_h5_format.save_weights_to_hdf5_group(f, model)
    golden("keras3_weights", of_model(model))


def nested_model(k):
    """A model in a model, trained by one step so that files hold the state of an optimizer and metrics."""
    k.utils.set_random_seed(1)
    base = k.Sequential(
        [
            k.Input((4, 4, 3)),
            k.layers.Conv2D(1, 3, name="conv"),
            k.layers.BatchNormalization(name="bn"),
            k.layers.Conv2D(1, 1, name="last"),
        ],
        name="base",
    )
    pixels = k.Input((4, 4, 3), name="pixels")
    x = k.layers.Flatten(name="flatten")(base(k.layers.Rescaling(1 / 127.5, -1, name="scale")(pixels)))
    model = k.Model(pixels, k.layers.Dense(2, name="dense")(k.layers.Dropout(0.5, name="dropout")(x)), name="model")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((2, 4, 4, 3)), np.zeros((2, 2)), verbose=0)
    return model


def whole(name, k):
    """The three files that model.save and model.save_weights write."""
    model = nested_model(k)
    file = path(name + "_model")
    model.save(file)
    with h5py.File(file) as f:
        golden(name + "_model", of_model(model), format="Keras HDF5 whole model", config=f.attrs["model_config"])
    file = path(name + "_variables", ".weights.h5")
    model.save_weights(file)
    golden(name + "_variables", of_variables(file), file.name, "Keras 3 variables")
    file = path(name + "_archive", ".keras")
    model.save(file)
    with zipfile.ZipFile(file) as z:
        weights, config = io.BytesIO(z.read("model.weights.h5")), z.read("config.json").decode()
    golden(name + "_archive", of_variables(weights), file.name, "Keras 3 variables", config)


def other_types():
    """Models whose weights are no float32. h5py does not know bfloat16: Keras stores two bytes for each."""
    for dtype in ["float16", "float64", "bfloat16"]:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="dense", dtype=dtype)])
        file = path(dtype, ".weights.h5")
        model.save_weights(file)
        want = [("layers/dense", [(str(i), keras.ops.convert_to_numpy(w)) for i, w in enumerate(model.weights)])]
        golden(dtype, want, file.name, "Keras 3 variables", notes=[note(2, dtype)])
        if dtype == "bfloat16":
            file = path("bfloat16_model")
            model.save(file)
            with h5py.File(file) as f:
                config = f.attrs["model_config"]
            want = [("dense", [("kernel", want[0][1][0][1]), ("bias", want[0][1][1][1])])]
            golden("bfloat16_model", want, format="Keras HDF5 whole model", config=config, notes=[note(2, dtype)])


def group_of_layer(f, name, tensors, **options):
    g = f.create_group(name)
    names = [f"{name}/{n}:0" for n, _ in tensors]
    g.attrs["weight_names"] = np.array(names, "S") if names else np.array([])
    for n, (_, v) in zip(names, tensors):
        g.create_dataset(n, data=v, **options)


def many_layers():
    """More layers than one B-tree node of the group holds, with the fixed-length names of Keras 2. The layers without
    weights are one group under many names, which keeps the file small."""
    layers = [
        (f"block_{i}", [("kernel", np.array([i], "float32"))] if i % 50 == 0 else [])
        for i in range(300)
    ]
    with h5py.File(path("many_layers"), "w") as f:
        f.attrs["layer_names"] = np.array([n for n, _ in layers], "S")
        f.attrs["backend"] = b"tensorflow"
        for name, tensors in layers:
            if tensors or "block_1" not in f:
                group_of_layer(f, name, tensors)
            else:
                f[name] = f["block_1"]
    golden("many_layers", layers)


def compressed():
    """Chunks that stick out at the edges, each filter, each number type; names of variable length, split in two."""
    rng = np.random.default_rng(1)
    a = (rng.integers(-99, 99, (5, 7, 3)) / 4).astype("float32")
    layers = []
    with h5py.File(path("compressed"), "w") as f:
        def add(name, values, **options):
            group_of_layer(f, name, [("kernel", values)], **options)
            layers.append((name, [("kernel", values)]))

        add("gzip", a, chunks=(2, 3, 2), compression="gzip")
        add("shuffle", a, chunks=(5, 7, 3), compression="gzip", shuffle=True)
        add("fletcher", a, chunks=(3, 4, 1), compression="gzip", shuffle=True, fletcher32=True)
        add("plain_chunks", a, chunks=(4, 4, 2))
        add("many_chunks", np.arange(300, dtype="float32"), chunks=(2,))
        for dtype in ["float16", "float64", ">f4", "int16", ">i4", "int64", "uint32"]:
            values = np.array([0, 1, 2, 100] if dtype[0] == "u" else [0, 1.5, -2, 100]).astype(dtype)
            add("as_" + dtype.replace(">", "big_"), values)
        halves = np.array([2**-24, -(2**-14), 65504, -0.0, 1 / 3], "float16")
        add("halves", halves)
        add("scalar", np.array(2.5, "float32"))
        add("empty", np.zeros((0, 3), "float32"))
        names = [n for n, _ in layers]
        text = h5py.string_dtype()
        f.attrs.create("layer_names0", names[:4], dtype=text)
        f.attrs.create("layer_names1", names[4:], dtype=text)
    kinds = {"float16": 2, "float64": 1, "int16": 1, "int32": 1, "int64": 1, "uint32": 1}
    golden("compressed", layers, notes=[note(n, kind) for kind, n in kinds.items()])


def gzip():
    """One compressed tensor, names of variable length: small enough for the fuzzer to start from."""
    values = np.arange(20, dtype="float32").reshape(4, 5)
    with h5py.File(path("gzip"), "w") as f:
        f.attrs["layer_names"] = ["dense"]
        group_of_layer(f, "dense", [("kernel", values)], chunks=(3, 2), compression="gzip", shuffle=True)
    golden("gzip", [("dense", [("kernel", values)])])


def newest():
    """Superblock 3, version 2 headers, link messages: h5py's libver="latest", with few enough members."""
    layers = [(f"dense_{i}", [("kernel", np.full((2, 2), i, "float32")), ("bias", np.zeros(2, "float32"))]) for i in range(3)]
    with h5py.File(path("newest"), "w", libver="latest", track_order=False) as f:
        f.attrs["layer_names"] = np.array([n for n, _ in layers], "S")
        for name, tensors in layers:
            group_of_layer(f, name, tensors)
    golden("newest", layers)


def refused():
    """What the reader says no to, with a reason."""
    with h5py.File(path("refused_dense_group"), "w", libver="latest") as f:
        f.attrs["layer_names"] = np.array([f"l{i}" for i in range(12)], "S")
        for i in range(12):
            f.create_group(f"l{i}")
    with h5py.File(path("refused_soft_link"), "w") as f:
        f.attrs["layer_names"] = np.array(["a"], "S")
        f["a"] = h5py.SoftLink("/b")
    with h5py.File(path("refused_lzf"), "w") as f:
        f.attrs["layer_names"] = np.array(["a"], "S")
        group_of_layer(f, "a", [("kernel", np.zeros(9, "float32"))], chunks=(3,), compression="lzf")
    with h5py.File(path("refused_latest_chunks"), "w", libver="latest") as f:
        f.attrs["layer_names"] = np.array(["a"], "S")
        group_of_layer(f, "a", [("kernel", np.zeros(9, "float32"))], chunks=(3,))
    with h5py.File(path("refused_nan"), "w") as f:
        f.attrs["layer_names"] = np.array(["a", "b"], "S")
        group_of_layer(f, "a", [("kernel", np.array([1, np.nan, np.inf], "float32"))])
        group_of_layer(f, "b", [("bias", np.array([1], "float32"))])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.quantize("int8")
    model.save_weights(path("refused_quantized", ".weights.h5"))
    with h5py.File(path("refused_bytes"), "w") as f:
        f.attrs["layer_names"] = np.array(["a"], "S")
        group_of_layer(f, "a", [("kernel", np.zeros(3, "uint8"))])
    with h5py.File(path("refused_layer_cycle", ".weights.h5"), "w") as f:
        f["layers/a/vars/0"] = np.zeros(3, "float32")
        f["layers/a/layers"] = f["layers"]
    with h5py.File(path("refused_no_keras"), "w") as f:
        f["data"] = np.zeros(3)
    with h5py.File(path("refused_cycle"), "w") as f:
        f.attrs["layer_names"] = np.array(["a"], "S")
        f["a"] = f["/"]
        f.attrs["weight_names"] = np.array(["a/" * 40 + "kernel:0"], "S")
    with h5py.File(path("refused_same_data"), "w") as f:
        names = [f"a{i}" for i in range(200)]
        g = f.create_group("a")
        g.attrs["weight_names"] = np.array(["kernel:0"], "S")
        g["kernel:0"] = np.zeros(4000, "float32")
        for n in names:
            f[n] = g
        f.attrs["layer_names"] = np.array(names, "S")


keras3()
whole("keras3", keras)
whole("tf_keras", tf_keras)
other_types()
many_layers()
compressed()
gzip()
newest()
refused()
