"""Talks to a server with KServe's own client, and fails where an answer is another.

usage: kserve_client.py HOST:PORT MODEL IMAGE EXPECTED TOKEN

The arguments are those of client.py. One line per thing that was tried.
"""

import asyncio
import base64
import json
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

TOLERANCE = 1e-5


async def refused(what, call, status):
    try:
        await call
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == status and error.response.json()["error"] in str(error), f"{what}: {error}"
        return
    raise AssertionError(f"{what} was not refused")


async def talk(url, model, encoded, classes, probabilities, token):
    def headers():  # the client puts headers of its own into the dictionary that it is given
        return {"Authorization": f"Bearer {token}"}

    def same(answer, rows=1):
        outputs = {output.name: output for output in answer.outputs}
        got = outputs["probabilities"].as_numpy()
        assert got.dtype == np.float32 and got.shape == (rows, len(classes)), got
        assert np.abs(got - probabilities).max() < TOLERANCE, f"{got} instead of {probabilities}"
        if "class" in outputs:
            best = classes[int(probabilities.argmax())]
            named = [v.decode() if isinstance(v, bytes) else v for v in outputs["class"].data]
            assert outputs["class"].shape == [rows] and named == [best] * rows, named

    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        assert await client.is_server_live(url) and await client.is_server_ready(url)
        assert await client.is_model_ready(url, model, headers=headers())
        assert not await client.is_model_ready(url, "another", headers=headers())
        assert not await client.is_model_ready(url, model)  # without the token
        print("live, ready, model ready")

        async with httpx.AsyncClient() as plain:
            metadata = (await plain.get(f"{url}/v2/models/{model}", headers=headers())).json()
        size = metadata["inputs"][0]["shape"][1]
        white = np.full((3, size, size, 3), 255)
        tried = 0
        for datatype, kind in (("UINT8", np.uint8), ("FP32", np.float32)):
            for binary in (True, False):
                for outputs in (None, [RequestedOutput("probabilities", {"binary_data": True})],
                                [RequestedOutput("class", {"binary_data": False}), RequestedOutput("probabilities")]):
                    for parameters in (None, {"binary_data_output": True}):
                        given = InferInput("image", list(white.shape), datatype)
                        given.set_data_from_numpy(white.astype(kind), binary_data=binary)
                        request = InferRequest(model, [given], request_id="42", parameters=parameters, request_outputs=outputs)
                        answer = await client.infer(url, request, model_name=model, headers=headers())
                        assert answer.id == "42" and answer.model_name == model, answer
                        same(answer, 3)
                        tried += 1
        print(f"pixels in {tried} forms: UINT8 and FP32, JSON and binary, outputs named or not")

        files = InferInput("image", [9], "BYTES")
        files.set_data_from_numpy(np.array([encoded] * 9, np.object_), binary_data=True)
        same(await client.infer(url, InferRequest(model, [files]), model_name=model, headers=headers()), 9)
        text = InferInput("image", [1], "BYTES")
        text.set_data_from_numpy(np.array([base64.b64encode(encoded)], np.object_), binary_data=False)
        same(await client.infer(url, InferRequest(model, [text]), model_name=model, headers=headers()))
        same(await client.infer(url, {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES",
             "data": [base64.b64encode(encoded).decode()]}]}, model_name=model, headers=headers()))
        print("encoded images, binary and in JSON")

        await asyncio.gather(*[check(client.infer(url, InferRequest(model, [files]), model_name=model, headers=headers()), same)
                               for _ in range(16)])
        print("16 requests at once, of 9 images each")

        other = InferInput("image", [1, 2], "INT64", data=[1, 2])
        await refused("another model", client.infer(url, InferRequest("another", [text]), "another", headers()), 404)
        await refused("another datatype", client.infer(url, InferRequest(model, [other]), model, headers()), 400)
        await refused("no token", client.infer(url, InferRequest(model, [text]), model), 401)
        print("refusals, each with its sentence")


async def check(call, same):
    same(await call, 9)


def main():
    address, model, image, expected, token = sys.argv[1:]
    with open(image, "rb") as file:
        encoded = file.read()
    with open(expected) as file:
        expected = json.load(file)
    classes, probabilities = expected["classes"], np.array(expected["probabilities"], np.float32)
    asyncio.run(talk(f"http://{address}", model, encoded, classes, probabilities, token))


if __name__ == "__main__":
    main()
