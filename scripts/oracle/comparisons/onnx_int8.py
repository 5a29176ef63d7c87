"""Makes a model of 8-bit integers of an ONNX file, by ONNX Runtime's own quantizer, and measures both on NEU-DET.

    go run ./scripts/defects convert RUN model.onnx
    python scripts/oracle compare onnx_int8 --model model.onnx --out model-int8.onnx --data NEU-DET.zip

--data is the folder NEU-DET or Kaggle's zip. Ranges of values are taken from some images of the training split; accuracy,
agreement and speed are measured on all of the validation split. Convolutions with their activations and sums, and the
head become integers; what resizes and scales the images, and the softmax, stay as they are.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import neu
import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

BATCH = 32


def read(split, n):
    """Up to n images of a split, [n, height, width, 3] values 0…255, and their classes."""
    with tempfile.TemporaryDirectory() as unpacked:
        files = neu.images(ask.data, split, n, Path(unpacked))
        pixels = [np.asarray(Image.open(f).convert("RGB").resize((width, height), Image.Resampling.BILINEAR), "f4")
                  for f in files]
        return np.stack(pixels), np.array([classes.index(f.parent.name) for f in files])


def batches(pixels):
    return [{"pixels": pixels[i:i + BATCH]} for i in range(0, len(pixels), BATCH)]


class Images(CalibrationDataReader):
    def __init__(self, pixels):
        self.left = iter(batches(pixels))

    def get_next(self):
        return next(self.left, None)


def quantize(model, out, pixels):
    """Batch normalizations are merged into convolutions first, else each would be rounded by itself. An activation that
    stays float, as a ReLU6, would let the range of what it cuts off count."""
    with tempfile.TemporaryDirectory() as folder:
        merged = str(Path(folder, "merged.onnx"))
        quant_pre_process(str(model), merged, skip_symbolic_shape=True)
        nodes = onnx.load(merged).graph.node
        before = next(i for i, node in enumerate(nodes) if node.op_type == "Conv")
        quantize_static(merged, str(out), Images(pixels), quant_format=QuantFormat.QDQ, per_channel=True,
                        op_types_to_quantize=["Conv", "Clip", "Relu", "Add", "GlobalAveragePool", "Reshape", "Gemm"],
                        nodes_to_exclude=[node.name for node in nodes[:before]],
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                        calibrate_method=CalibrationMethod.Percentile)


def measure(file):
    """The probabilities of the validation images, and images per second."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    session.run(None, batches(pixels)[0])
    start = time.perf_counter()
    out = np.concatenate([session.run(None, batch)[0] for batch in batches(pixels)])
    return out, len(pixels) / (time.perf_counter() - start)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", type=Path, required=True, help="an ONNX file that defects convert has written")
parser.add_argument("--out", type=Path, required=True, help="the file to write")
parser.add_argument("--data", type=Path, required=True, help="the folder NEU-DET, or its zip")
parser.add_argument("--calibration", type=int, default=96, help="how many training images tell the ranges")
ask = parser.parse_args()

model = onnx.load(ask.model)
classes = json.loads({p.key: p.value for p in model.metadata_props}["classes"])
height, width = (d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:3])
quantize(ask.model, ask.out, read("train", ask.calibration)[0])
pixels, labels = read("validation", 10**9)
exact = None
for file in ask.model, ask.out:
    probabilities, speed = measure(file)
    exact = probabilities if exact is None else exact
    right = int((probabilities.argmax(1) == labels).sum())
    same = int((probabilities.argmax(1) == exact.argmax(1)).sum())
    print(f"{file.name:<28} {file.stat().st_size / 1e6:6.2f} MB   {right} of {len(labels)} right   the class of the float "
          f"model {same} times, probabilities within {np.abs(probabilities - exact).max():.3f}   {speed:.0f} images/s")
