"""Makes the files of this folder: python lib/weights/testdata/make.py (needs keras, tensorflow and h5py).

Each NAME.h5 has a NAME.json beside it with what a reader should find, as Keras and h5py see it:
{"layers": [{"name": ..., "tensors": [{"name": ..., "shape": [...], "data": [...]}]}]}
"""

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def golden(name, layers):
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
    with open(os.path.join(here, name + ".json"), "w") as f:
        json.dump({"layers": found}, f, separators=(",", ":"))
        f.write("\n")


def path(name):
    target = os.path.join(here, name + ".h5")
    if os.path.exists(target):
        os.remove(target)
    return target


def of_model(model):
    return [(l.name, [(w.name, w.numpy()) for w in l.weights]) for l in model.layers]


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
    model.save(path("keras3_model"))
    golden("keras3_model", of_model(model))


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
        for dtype in ["float16", "float64", ">f4", "int8", "uint8", "int16", ">i4", "int64", "uint32"]:
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
    golden("compressed", layers)


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
    with h5py.File(path("refused_weights_h5"), "w") as f:
        f.create_group("layers/dense/vars")
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
many_layers()
compressed()
gzip()
newest()
refused()
