"""Checks ONNX files with onnx and computes them with ONNX Runtime, for the tests of Go.

Each line on stdin is a JSON object: "model", a file; "input", a file of little-endian float32 of any number of images;
"output", the file to write. The images are computed all at once, one by one, and but for the last one; the first goes to
the output. The answer on stdout is a line of JSON with the shape of the output and "apart", the largest difference of the
three; or "error".
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime


def answer(model, input, output):
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    port, = session.get_inputs()
    images = np.fromfile(input, "<f4").reshape(-1, *port.shape[1:])

    def run(some):
        return session.run(None, {port.name: some})[0]

    together = run(images)
    single = np.concatenate([run(images[i:i + 1]) for i in range(len(images))])
    apart = [np.abs(single - together).max()]
    if len(images) > 1:
        apart.append(np.abs(run(images[:-1]) - together[:-1]).max())
    together.astype("<f4").tofile(output)
    return {"shape": together.shape, "apart": float(max(apart))}


for line in sys.stdin:
    try:
        print(json.dumps(answer(**json.loads(line))), flush=True)
    except Exception as e:
        print(json.dumps({"error": f"{type(e).__name__}: {e}"}), flush=True)
