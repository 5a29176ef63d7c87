"""Talks to a server as Triton's and KServe's users do, with Triton's own client, and fails where an answer is another.

usage: client.py HOST:PORT MODEL IMAGE EXPECTED TOKEN

IMAGE is an encoded picture and EXPECTED a JSON file: "classes", and "probabilities" of the image. One line per thing that
was tried.
"""

import json
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

TOLERANCE = 1e-5


def tensor(array, datatype, binary=True):
    array = np.asarray(array)
    given = triton.InferInput("image", list(array.shape), datatype)
    given.set_data_from_numpy(array, binary_data=binary)
    return [given]


def refused(what, call, status):
    try:
        call()
    except InferenceServerException as error:
        assert error.status() == str(status) and error.message(), f"{what}: {error}"
        return
    raise AssertionError(f"{what} was not refused")


def main():
    address, model, image, expected, token = sys.argv[1:]
    with open(image, "rb") as file:
        encoded = np.array([file.read()], dtype=np.object_)
    with open(expected) as file:
        expected = json.load(file)
    classes, probabilities = expected["classes"], np.array([expected["probabilities"]], np.float32)
    best = classes[int(probabilities.argmax())]
    authorization = {"Authorization": f"Bearer {token}"}
    # The client puts headers of its own into the dictionary that it is given.
    client = triton.InferenceServerClient(address, concurrency=4)

    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(model, headers=dict(authorization))
    assert client.is_model_ready(model, "1", headers=dict(authorization))
    assert not client.is_model_ready("another", headers=dict(authorization))
    assert not client.is_model_ready(model)  # without the token
    server = client.get_server_metadata(headers=dict(authorization))
    assert {"binary_tensor_data", "classification", "model_repository"} <= set(server["extensions"]), server
    print("health, server metadata:", server["name"])

    metadata = client.get_model_metadata(model, headers=dict(authorization))
    (given,) = metadata["inputs"]
    size = given["shape"][1]
    assert given == {"name": "image", "datatype": "UINT8", "shape": [-1, size, size, 3]}, metadata
    assert metadata["outputs"][0] == {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(classes)]}, metadata
    config = client.get_model_config(model, headers=dict(authorization))
    assert config["name"] == model and config["input"][0]["dims"] == [size, size, 3], config
    print("model metadata, configuration: images of", size)

    def same(result, rows=1):
        got = result.as_numpy("probabilities")
        assert got.dtype == np.float32 and got.shape == (rows, len(classes)), got
        assert np.abs(got - np.repeat(probabilities, rows, 0)).max() < TOLERANCE, f"{got} instead of {probabilities}"

    # Bytes of the file; the server's own decoding. All outputs come back as binary tensors, since none is named.
    result = client.infer(model, tensor(encoded, "BYTES"), request_id="42", headers=dict(authorization))
    same(result)
    assert result.as_numpy("class").tolist() == [best.encode()], result.as_numpy("class")
    assert result.get_response()["id"] == "42" and result.get_response()["model_name"] == model
    same(client.infer(model, tensor(np.repeat(encoded, 9), "BYTES"), model_version="1", headers=dict(authorization)), 9)
    print("infer of encoded images: one, and nine")

    # The picture is white, so it is white at the size of the model, too.
    white = np.full((3, size, size, 3), 255)
    for datatype, kind in (("UINT8", np.uint8), ("FP32", np.float32)):
        for binary in (True, False):
            for outputs in ([True], [False]):
                wanted = [triton.InferRequestedOutput("probabilities", binary_data=b) for b in outputs]
                same(client.infer(model, tensor(white.astype(kind), datatype, binary), outputs=wanted, headers=dict(authorization)), 3)
    for algorithm in ("gzip", "deflate"):
        same(client.infer(model, tensor(white.astype(np.uint8), "UINT8"), headers=dict(authorization),
                          request_compression_algorithm=algorithm, response_compression_algorithm=algorithm), 3)
    print("infer of pixels: UINT8, FP32; JSON, binary, compressed")

    top = [triton.InferRequestedOutput("probabilities", class_count=2)]
    labels = client.infer(model, tensor(encoded, "BYTES"), outputs=top, headers=dict(authorization)).as_numpy("probabilities")
    value, index, label = labels[0][0].decode().split(":")
    assert labels.shape == (1, 2) and label == best and classes[int(index)] == best and abs(float(value) - probabilities.max()) < TOLERANCE
    print("classification:", labels[0].tolist())

    waiting = [client.async_infer(model, tensor(encoded, "BYTES"), headers=dict(authorization)) for _ in range(32)]
    for request in waiting:
        same(request.get_result())
    print("32 requests at once")

    refused("another model", lambda: client.infer("another", tensor(encoded, "BYTES"), headers=dict(authorization)), 404)
    refused("another input", lambda: client.infer(model, [triton.InferInput("input0", [1], "UINT8")], headers=dict(authorization)), 400)
    refused("another size", lambda: client.infer(model, tensor(white[:, 1:].astype(np.uint8), "UINT8"), headers=dict(authorization)), 400)
    refused("garbage", lambda: client.infer(model, tensor(np.array([b"garbage"], np.object_), "BYTES"), headers=dict(authorization)), 400)
    refused("no token", lambda: client.infer(model, tensor(encoded, "BYTES")), 401)
    refused("unload without token", lambda: client.unload_model(model), 401)
    print("refusals")

    client.load_model(model, headers=dict(authorization))
    (entry,) = client.get_model_repository_index(headers=dict(authorization))
    assert entry["name"] == model and entry["version"] == "2" and entry["state"] == "READY", entry
    same(client.infer(model, tensor(encoded, "BYTES"), headers=dict(authorization)))
    client.unload_model(model, headers=dict(authorization))
    assert not client.is_model_ready(model, headers=dict(authorization))
    refused("an unloaded model", lambda: client.infer(model, tensor(encoded, "BYTES"), headers=dict(authorization)), 503)
    client.load_model(model, headers=dict(authorization))
    same(client.infer(model, tensor(encoded, "BYTES"), headers=dict(authorization)))
    print("repository: load, index, unload")
    client.close()


if __name__ == "__main__":
    main()
