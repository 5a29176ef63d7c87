"""A small ONNX file by ONNX's own library, with all that the tests read of one."""

import numpy as np
import onnx
import testdata
from onnx import helper

nodes = [
    helper.make_node("Reshape", ["x", "shape"], ["flat"]),
    helper.make_node("Softmax", ["flat"], ["soft"], axis=-1),
    helper.make_node("LeakyRelu", ["soft"], ["y"], alpha=0.25, list=[3, -1, 300], word="linear"),
]
constants = [
    helper.make_tensor("shape", onnx.TensorProto.INT64, [2], (0).to_bytes(8, "little") + b"\xff" * 8, raw=True),
    onnx.numpy_helper.from_array(np.array([[0.5, -1, 2], [0, 1e-3, 4]], "f4"), "kernel"),
]
graph = helper.make_graph(
    nodes, "small", [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 2, 3], "pixels")],
    [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 6])], constants)
model = helper.make_model(graph, producer_name="helper", doc_string="two lines\nof it", ir_version=8,
                          opset_imports=[helper.make_opsetid("", 17)])
helper.set_model_props(model, {"classes": '["a","b"]', "notice": "none"})
testdata.place("lib/internal/onnxrun/testdata/helper.onnx").write_bytes(model.SerializeToString(deterministic=True))
