"""Makes src/interop/tensorflow/golden/graphs.json: small TensorFlow graphs as TensorFlow.js keeps them.

    python scripts/golden/tensorflow-graphs.py

with a Python that has keras 3.15.1 and tensorflow-cpu 2.21. tensorflowjs_converter itself cannot be installed beside them;
what it does is done here: variables are frozen, grappler folds and fuses, the graph becomes JSON, and constants become
weights of float32 (kept in base64) or int32. The fused depthwise op is one that only the converter makes: the
script puts it in.
"""

import base64
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from keras import layers as L
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.grappler import tf_optimizer

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "interop" / "tensorflow" / "golden" / "graphs.json"


def draw(shape, seed):
    """((7919 i + 331 seed) mod 1009) / 504 - 1 for element i."""
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((index * 7919 + seed * 331) % 1009) / 504 - 1).reshape(shape).astype("float32")


def optimized(frozen, passes):
    config = config_pb2.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.optimizers.extend(passes)
    rewrite.min_graph_nodes = -1
    definition = frozen.graph.as_graph_def()
    for node in definition.node:
        # Only ops whose device is known are fused.
        node.device = "/device:CPU:0"
    meta = tf.compat.v1.train.export_meta_graph(graph_def=definition, graph=frozen.graph)
    for name, tensors in [("inputs", frozen.inputs), ("outputs", frozen.outputs)]:
        collection = meta_graph_pb2.CollectionDef()
        collection.node_list.value.extend(tensor.name for tensor in tensors)
        meta.collection_def["train_op" if name == "outputs" else name].CopyFrom(collection)
    return tf_optimizer.OptimizeGraph(config, meta)


def record(function, shape, passes, fuse_depthwise=False):
    concrete = tf.function(function).get_concrete_function(tf.TensorSpec([None, *shape], tf.float32, name="image"))
    frozen = convert_variables_to_constants_v2(concrete)
    graph = optimized(frozen, passes) if passes else frozen.graph.as_graph_def()
    weights, data = [], b""
    for node in graph.node:
        if node.op != "Const":
            continue
        values = tf.make_ndarray(node.attr["value"].tensor)
        dtype = "int32" if values.dtype.kind == "i" else "float32"
        weights.append({"name": node.name, "shape": list(values.shape), "dtype": dtype})
        data += values.astype(dtype).tobytes()
        del node.attr["value"]
    nodes = MessageToDict(graph)["node"]
    if fuse_depthwise:
        nodes = with_fused_depthwise(nodes)
    for node in nodes:
        kept = {key: value for key, value in node.get("attr", {}).items() if not key.startswith("_") and key not in ("T", "dtype", "use_cudnn_on_gpu", "num_args", "TArgs")}
        node["attr"] = kept
    output = frozen.outputs[0].name
    images = draw((2, *shape), 0)
    result = np.asarray(function(tf.constant(images)))
    return {
        "topology": {"node": nodes, "versions": {"producer": 2000}},
        "signature": {"inputs": {"image": {"name": "image:0"}}, "outputs": {"scores": {"name": output}}},
        "weights": weights,
        "data": base64.b64encode(data).decode(),
        "input": list(images.shape),
        "shape": list(result.shape),
        "values": [float(f"{value:.9g}") for value in result.reshape(-1)],
    }


def with_fused_depthwise(nodes):
    """DepthwiseConv2dNative, BiasAdd and Relu6 as the converter fuses them."""
    by_name = {node["name"]: node for node in nodes}
    gone, result = set(), []
    for node in nodes:
        if node["op"] != "Relu6":
            continue
        bias = by_name[node["input"][0]]
        depthwise = by_name[bias["input"][0]]
        if depthwise["op"] != "DepthwiseConv2dNative":
            continue
        gone |= {bias["name"], depthwise["name"]}
        fused = [base64.b64encode(name).decode() for name in (b"BiasAdd", b"Relu6")]
        node.update(op="FusedDepthwiseConv2dNative", input=[*depthwise["input"], bias["input"][1]], attr={**depthwise["attr"], "fused_ops": {"list": {"s": fused}}})
    assert gone, "nothing was fused"
    result = [node for node in nodes if node["name"] not in gone]
    return result


def fill(model):
    for number, variable in enumerate(model.weights):
        values = draw(variable.shape, number + 1)
        positive = "variance" in variable.name or variable.name == "gamma"
        variable.assign(np.abs(values) + 0.5 if positive else values / 2)
    return model


def mobile():
    x = inputs = L.Input((8, 8, 3))
    x = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = L.Conv2D(4, 3, strides=2, use_bias=False)(x)
    x = L.ReLU(6.0)(L.BatchNormalization()(x))
    y = L.ReLU(6.0)(L.DepthwiseConv2D(3, padding="same")(x))
    y = L.Conv2D(4, 1, activation="relu")(y)
    x = L.Add()([x, y])
    x = L.Concatenate()([x, L.MaxPooling2D(3, strides=1, padding="same")(x)])
    x = L.GlobalAveragePooling2D(keepdims=True)(x)
    x = L.Reshape((1, 1, -1))(x)
    x = L.Dropout(0.1)(x)
    x = L.Conv2D(5, 1)(x)
    return keras.Model(inputs, L.Activation("softmax")(L.Flatten()(x)))


def plain():
    return keras.Sequential(
        [L.Input((6, 6, 2)), L.Rescaling(2.0, -1.0), L.Conv2D(3, 3, activation="tanh"), L.AveragePooling2D(2), L.LeakyReLU(negative_slope=0.1), L.Flatten(), L.Dense(4, activation="relu"), L.Dense(3, activation="sigmoid")]
    )


def operators(image):
    """Ops that Keras does not make by itself."""
    weights = tf.constant(draw((1, 1, 3, 2), 1))
    x = tf.nn.conv2d(image, weights, strides=1, padding=[[0, 0], [1, 0], [0, 2], [0, 0]])
    x = x * tf.constant([0.5, 2.0]) - tf.constant([0.1, 0.2])
    x = x / 2.0 + 1.0
    x = 3.0 - x
    x = tf.maximum(x, 0.0)
    x = tf.add_n([x, x * x])
    x = tf.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]], mode="REFLECT")
    x = tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]], constant_values=0.5)
    x = tf.compat.v1.image.resize_bilinear(x, (7, 5), half_pixel_centers=True)
    x = tf.compat.v1.image.resize_nearest_neighbor(x, (4, 9), half_pixel_centers=True)
    x = tf.transpose(x, [0, 2, 1, 3])
    x = tf.reduce_max(x, axis=[1, 2], keepdims=True)
    x = tf.squeeze(x, axis=[1, 2])
    x = tf.matmul(x, tf.constant(draw((4, 2), 2)), transpose_b=True)
    x = tf.concat([x, tf.reduce_mean(tf.expand_dims(x, 2), axis=1)], axis=1)
    return tf.nn.log_softmax(x)


folding = ["pruning", "constfold", "arithmetic", "dependency", "pruning"]
mobile_model, plain_model = fill(mobile()), fill(plain())
graphs = {
    "mobile": record(lambda image: mobile_model(image, training=False), (8, 8, 3), folding),
    "mobile fused": record(lambda image: mobile_model(image, training=False), (8, 8, 3), [*folding, "remap", "constfold"]),
    "mobile as it is": record(lambda image: mobile_model(image, training=False), (8, 8, 3), []),
    "depthwise fused": record(lambda image: mobile_model(image, training=False), (8, 8, 3), folding, fuse_depthwise=True),
    "plain": record(lambda image: plain_model(image, training=False), (6, 6, 2), [*folding, "remap"]),
    "operators": record(operators, (5, 4, 3), folding),
}
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(graph)}" for name, graph in graphs.items()) + "\n}\n")
for name, graph in graphs.items():
    print(name, sorted({node["op"] for node in graph["topology"]["node"]}))
