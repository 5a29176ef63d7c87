"""Counts the operations of Keras's networks by TensorFlow's profiler, for the shares of the limit in scripts/bench.

    python scripts/oracle compare flops

Of one image of 224×224, without top; each network in a process of its own, since the profiler holds one graph.
"""

import subprocess
import sys

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.profiler.model_analyzer import Profiler
from tensorflow.python.profiler.option_builder import ProfileOptionBuilder

NETWORKS = {
    "MobileNetV2 α=0.35": lambda **c: keras.applications.MobileNetV2(alpha=0.35, **c),
    "MobileNetV2 α=1.0": lambda **c: keras.applications.MobileNetV2(**c),
    "ResNet50V2": lambda **c: keras.applications.ResNet50V2(**c),
}


def operations(network):
    model = NETWORKS[network](include_top=False, weights=None, input_shape=(224, 224, 3))
    function = tf.function(lambda x: model(x, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((1, 224, 224, 3)))
    graph = convert_variables_to_constants_v2(concrete).graph
    node = Profiler(graph).profile_operations({**ProfileOptionBuilder.float_operation(), "output": "none"})
    counted = {}
    while node.children:  # a chain, from the most to the least
        node = node.children[0]
        counted[node.name] = node.float_ops
    return counted


if len(sys.argv) == 2:
    counted = operations(sys.argv[1])
    for name in "Conv2D", "DepthwiseConv2dNative":
        print(f"{sys.argv[1]}  {name}  {counted.get(name, 0)}")
else:
    for network in NETWORKS:
        subprocess.run([sys.executable, __file__, network], check=True, stderr=subprocess.DEVNULL)
