"""Talks to a server with MLServer's types, codecs and batch client, and fails where an answer is another.

usage: mlserver_client.py HOST:PORT MODEL IMAGE EXPECTED TOKEN

The arguments are those of client.py. One line per thing that was tried.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import numpy as np
from mlserver import types
from mlserver.codecs import Base64Codec, NumpyCodec, StringCodec

TOLERANCE = 1e-5


def codecs(address, model, encoded, classes, probabilities, token):
    def ask(path, body=None):
        request = urllib.request.Request(f"http://{address}{path}", None if body is None else body.encode(), {"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    path = f"/v2/models/{model}"
    types.MetadataServerResponse.model_validate_json(ask("/v2")[1])
    metadata = types.MetadataModelResponse.model_validate_json(ask(path)[1])
    types.RepositoryIndexResponse.model_validate_json(ask("/v2/repository/index", "{}")[1])
    status, error = ask(f"{path}/infer", '{"inputs": []}')
    assert status == 400 and types.InferenceErrorResponse.model_validate_json(error).error, error
    size = metadata.inputs[0].shape[1]
    white = np.full((2, size, size, 3), 255)
    for given in (NumpyCodec.encode_input("image", white.astype(np.uint8)), NumpyCodec.encode_input("image", white.astype(np.float32)),
                  Base64Codec.encode_input("image", [encoded] * 2, use_bytes=False)):
        status, body = ask(f"{path}/infer", types.InferenceRequest(inputs=[given]).model_dump_json())
        assert status == 200, f"{given.datatype} {given.shape}: {body}"
        answer = types.InferenceResponse.model_validate_json(body)
        got = NumpyCodec.decode_output(answer.outputs[0])
        assert got.shape == (2, len(classes)) and np.abs(got - probabilities).max() < TOLERANCE, got
        assert StringCodec.decode_output(answer.outputs[1]) == [classes[int(probabilities.argmax())]] * 2, answer
    print("types of each answer; NumPy's and base64's codecs")


def batch(address, model, encoded, probabilities, token):
    lines = 20
    one = {"inputs": [{"name": "image", "shape": [1, 1], "datatype": "BYTES", "data": [base64.b64encode(encoded).decode()]}]}
    with tempfile.TemporaryDirectory() as folder:
        given, got = os.path.join(folder, "in.txt"), os.path.join(folder, "out.txt")
        with open(given, "w") as file:
            file.write((json.dumps(one) + "\n") * lines)
        subprocess.run([os.path.join(os.path.dirname(sys.executable), "mlserver"), "infer", "--url", address, "--model-name", model,
                        "--input-data-path", given, "--output-data-path", got, "--workers", "2", "--batch-size", "5",
                        "--request-headers", f"Authorization:Bearer {token}"], check=True, capture_output=True)
        with open(got) as file:
            answers = [json.loads(line) for line in file]
    assert len(answers) == lines, answers
    for answer in answers:
        assert "error" not in answer, answer
        (output,) = [o for o in answer["outputs"] if o["name"] == "probabilities"]
        assert np.abs(np.array(output["data"], np.float32) - probabilities).max() < TOLERANCE, answer
    print(f"the batch client: {lines} requests in batches of 5")


def main():
    address, model, image, expected, token = sys.argv[1:]
    with open(image, "rb") as file:
        encoded = file.read()
    with open(expected) as file:
        expected = json.load(file)
    probabilities = np.array(expected["probabilities"], np.float32)
    codecs(address, model, encoded, expected["classes"], probabilities, token)
    batch(address, model, encoded, probabilities, token)


if __name__ == "__main__":
    main()
