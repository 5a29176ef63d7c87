"""How far two golden files are from saying the same, whatever their bytes: archives hold dates, zlib has versions."""

import base64
import gzip
import io
import json
import math
import zipfile

# Arrays with smaller numbers are zero but for rounding, such as the gradient of a bias before batch normalization; the
# tests of Go take them so, too.
ZERO = 1e-5


def content(name, raw):
    """What a file says, as dicts, lists, numbers, strings and bytes."""
    if name.endswith(".gz"):
        return content(name.removesuffix(".gz"), gzip.decompress(raw))
    if name.endswith(".json"):
        return json.loads(raw, object_hook=lasting)
    if name.endswith((".zip", ".keras")):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return {member: content(member, archive.read(member)) for member in archive.namelist()}
    if name.endswith(".h5"):
        return hdf5(raw)
    return raw


def lasting(fields):
    """Without what Keras writes anew each time into its configurations: dates, and addresses in memory."""
    if isinstance(fields.get("config"), str):  # the goldens of lib/weights hold a configuration in base64
        fields["config"] = json.loads(base64.b64decode(fields["config"]), object_hook=lasting)
    return {key: value for key, value in fields.items() if key not in ("date_saved", "shared_object_id")}


def hdf5(raw):
    import h5py

    def plain(value):
        return value.tolist() if hasattr(value, "tolist") else value

    def attributes(item):
        found = {key: plain(value) for key, value in item.attrs.items()}
        for key in ("model_config", "training_config"):  # JSON in a string
            if key in found:
                found[key] = json.loads(found[key], object_hook=lasting)
        return found

    with h5py.File(io.BytesIO(raw)) as file:
        found = {"": attributes(file)}

        def visit(name, item):
            found[name] = attributes(item)
            if isinstance(item, h5py.Dataset):
                found[name] |= {"shape": list(item.shape), "type": str(item.dtype), "values": plain(item[()])}

        file.visititems(visit)
    return found


def difference(a, b):
    """The largest difference of two numbers, relative to the largest number beside them; infinite if anything else
    differs. Checksums (seeded.checksums) are relative to the largest number of what they are of."""
    if type(a) is not type(b) or isinstance(a, (dict, list)) and len(a) != len(b):
        return math.inf
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return math.inf
        if {"largest", "weighted", "samples"} <= a.keys():
            if max(a["largest"], b["largest"]) < ZERO:
                return 0
            keys = ("largest", "weighted")
            return max(difference([*(a[k] for k in keys), *a["samples"]], [*(b[k] for k in keys), *b["samples"]]),
                       *(difference(a[k], b[k]) for k in a if k not in (*keys, "samples")), 0)
        a, b = [a[key] for key in b], list(b.values())
    if isinstance(a, float):
        a, b = [a], [b]
    if not isinstance(a, list):
        return 0 if a == b else math.inf
    numbers = [(x, y) for x, y in zip(a, b) if isinstance(x, float) and isinstance(y, float)]
    others = [difference(x, y) for x, y in zip(a, b) if not (isinstance(x, float) and isinstance(y, float))]
    largest = max((abs(y) for _, y in numbers if math.isfinite(y)), default=0)
    return max([0, *others, *(apart(x, y, largest) for x, y in numbers)])


def apart(x, y, largest):
    if x == y or math.isnan(x) and math.isnan(y):
        return 0
    return abs(x - y) / largest if math.isfinite(x) and math.isfinite(y) and largest else math.inf
