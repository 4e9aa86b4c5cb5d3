"""Makes the golden files of Keras: src/formats/keras/golden/ and src/interop/keras/golden/layers.json.

    python scripts/golden/keras-models.py

with a Python that has keras 3.15.1, tensorflow-cpu 2.21 and h5py 3.14. Inputs and weights are drawn by a formula, so the
tests work them out again; what Keras computes is recorded. Keras 2 cannot be installed beside Keras 3, so `keras2.h5` is
put together with h5py in the layout that Keras 2.15 writes: its configuration's spelling, names with `:0`, texts as bytes.
"""

import json
import os
import pathlib
import re
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy as np
from keras import layers as L
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

ROOT = pathlib.Path(__file__).resolve().parents[2] / "src"
FILES = ROOT / "formats" / "keras" / "golden"
LAYERS = ROOT / "interop" / "keras" / "golden" / "layers.json"


def draw(shape, seed):
    """((7919 i + 331 seed) mod 1009) / 504 - 1 for element i."""
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((index * 7919 + seed * 331) % 1009) / 504 - 1).reshape(shape).astype("float32")


def fill(model):
    """Variable number k of the model is drawn with seed k + 1; variances and deviations are kept positive."""
    for number, variable in enumerate(model.weights):
        if variable.name == "count":
            continue
        values = draw(variable.shape, number + 1)
        positive = "variance" in variable.name or variable.name == "gamma"
        variable.assign(np.abs(values) + 0.5 if positive else values / 2)
    # Normalization works with copies that it makes of its variables.
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()


def numbers(array):
    return [float(f"{value:.9g}") for value in np.asarray(array).reshape(-1)]


def record(model, shape=None):
    images = draw((2, *(shape or model.input_shape[1:])), 0)
    outputs = model(images, training=False).numpy()
    return {"input": list(images.shape), "shape": list(outputs.shape), "values": numbers(outputs)}


def net():
    inputs = L.Input((8, 8, 3), name="image")
    x = L.Rescaling(2.0, 0.25, name="rescale")(inputs)
    x = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = L.BatchNormalization(name="stem_bn")(x)
    x = L.ReLU(6.0, name="stem_relu")(x)
    y = L.SeparableConv2D(4, 3, padding="same", activation="relu", name="separable")(x)
    x = L.Add(name="sum")([x, y])
    x = L.DepthwiseConv2D(3, padding="valid", name="depthwise")(x)
    x = L.BatchNormalization(scale=False, name="bn2")(x)
    x = L.Dropout(0.2, name="drop")(x)
    x = L.Flatten(name="flat")(x)
    return keras.Model(inputs, L.Dense(5, activation="softmax", name="scores")(x), name="net")


def nested():
    inner_in = L.Input((6, 6, 1), name="inner_input")
    inner = keras.Model(inner_in, L.Conv2D(2, 3, activation="tanh", name="inner_conv")(inner_in), name="backbone")
    head = keras.Sequential([L.Input((2,)), L.Dense(4, activation="relu"), L.Dense(3)], name="head")
    model = keras.Sequential(
        [L.Input((6, 6, 1)), L.Normalization(name="normalize"), L.RandomFlip(name="flip"), inner, L.GlobalAveragePooling2D(), head],
        name="nested",
    )
    return model


def save_keras2(path):
    """Two layers as Keras 2.15 saves them, one of them a model of its own."""
    inner = {
        "class_name": "Functional",
        "config": {
            "name": "base",
            "trainable": True,
            "layers": [
                {"class_name": "InputLayer", "name": "input_1", "inbound_nodes": [], "config": {"batch_input_shape": [None, 5, 5, 2], "dtype": "float32", "sparse": False, "ragged": False, "name": "input_1"}},
                {"class_name": "Conv2D", "name": "conv", "inbound_nodes": [[["input_1", 0, 0, {}]]], "config": {"name": "conv", "trainable": True, "filters": 3, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1, "activation": "relu", "use_bias": True}},
            ],
            "input_layers": [["input_1", 0, 0]],
            "output_layers": [["conv", 0, 0]],
        },
    }
    config = {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": [
                {"class_name": "InputLayer", "name": "input_2", "inbound_nodes": [], "config": {"batch_input_shape": [None, 5, 5, 2], "dtype": "float32", "name": "input_2"}},
                {**inner, "name": "base", "inbound_nodes": [[["input_2", 0, 0, {}]]]},
                {"class_name": "GlobalMaxPooling2D", "name": "pool", "inbound_nodes": [[["base", 1, 0, {}]]], "config": {"name": "pool", "data_format": "channels_last", "keepdims": False}},
                {"class_name": "Dense", "name": "head/dense", "inbound_nodes": [[["pool", 0, 0, {}]]], "config": {"name": "head/dense", "trainable": False, "units": 2, "activation": "hard_sigmoid", "use_bias": True}},
            ],
            "input_layers": [["input_2", 0, 0]],
            "output_layers": [["head/dense", 0, 0]],
        },
    }
    kernel, bias = draw((3, 3, 2, 3), 1) / 2, draw((3,), 2) / 2
    dense, offset = draw((3, 2), 3) / 2, draw((2,), 4) / 2
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_(b"2.15.0")
        file.attrs["backend"] = np.bytes_(b"tensorflow")
        file.attrs["model_config"] = np.bytes_(json.dumps(config).encode())
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = np.bytes_(b"2.15.0")
        # As the list would be cut up if it were longer than 64 kB.
        group.attrs["layer_names0"] = [b"input_2", b"base"]
        group.attrs["layer_names1"] = [b"pool", b"head/dense"]
        for layer, weights in {
            "input_2": [],
            "base": [("conv/kernel:0", kernel), ("conv/bias:0", bias)],
            "pool": [],
            "head/dense": [("head/dense/kernel:0", dense), ("head/dense/bias:0", offset)],
        }.items():
            own = group.create_group(layer)
            own.attrs["weight_names"] = [name.encode() for name, _ in weights]
            for name, values in weights:
                own[name] = values
    images = draw((2, 5, 5, 2), 0)
    convolved = keras.ops.relu(keras.ops.conv(images, kernel, padding="same") + bias).numpy().max(axis=(1, 2))
    # Keras 2's hard sigmoid, which Keras 3 does not have any more.
    outputs = np.clip((convolved @ dense + offset) * 0.2 + 0.5, 0, 1)
    return {"input": list(images.shape), "shape": list(outputs.shape), "values": numbers(outputs)}


def save_files():
    FILES.mkdir(exist_ok=True)
    results = {}
    for model in [net(), nested()]:
        fill(model)
        name = model.name
        model.save(FILES / f"{name}.keras")
        model.save_weights(FILES / f"{name}.weights.h5")
        results[name] = record(model)
    model = net()
    fill(model)
    model.save(FILES / "net.h5")
    # Without the attributes that 3.10 and later write: as older versions of Keras 3 do.
    with h5py.File(FILES / "net.weights.h5", "r+") as file:
        file.visititems(lambda _, item: item.attrs.pop("name", None) and None)
    keras.config.set_dtype_policy("bfloat16")
    half = keras.Sequential([L.Input((2,)), L.Dense(3, name="half")], name="half")
    keras.config.set_dtype_policy("float32")
    half.layers[0].set_weights([draw((2, 3), 1) / 2, draw((3,), 2) / 2])
    half.save_weights(FILES / "half.weights.h5")
    # The zip's times are of the day that they were saved.
    for path in FILES.glob("*.keras"):
        with zipfile.ZipFile(path) as archive:
            entries = {entry: archive.read(entry) for entry in archive.namelist()}
        entries["metadata.json"] = json.dumps({"keras_version": keras.__version__, "date_saved": "2026-01-01@00:00:00"}).encode()
        # Addresses in memory.
        entries["config.json"] = re.sub(rb', "shared_object_id": \d+', b"", entries["config.json"])
        with zipfile.ZipFile(path, "w") as archive:
            for entry, content in entries.items():
                archive.writestr(zipfile.ZipInfo(entry, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    results["keras2"] = save_keras2(FILES / "keras2.h5")
    (FILES / "outputs.json").write_text(json.dumps({"keras": keras.__version__, **results}) + "\n")


IMAGE = (5, 6, 3)

SINGLE = {
    "dense": ((4,), lambda: L.Dense(3, activation="gelu")),
    "dense swish": ((4,), lambda: L.Dense(3, activation="silu", use_bias=False)),
    "dense leaky": ((4,), lambda: L.Dense(3, activation="leaky_relu")),
    "dense over images": (IMAGE, lambda: L.Dense(2, activation="hard_sigmoid")),
    "conv valid": (IMAGE, lambda: L.Conv2D(4, (2, 3), strides=(2, 1), activation="relu6")),
    "conv same dilated": (IMAGE, lambda: L.Conv2D(2, 3, padding="same", dilation_rate=2, activation="hard_silu")),
    "conv groups": (IMAGE, lambda: L.Conv2D(6, 3, groups=3, padding="same", strides=2)),
    "depthwise": (IMAGE, lambda: L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="sigmoid")),
    "separable": (IMAGE, lambda: L.SeparableConv2D(4, 3, depth_multiplier=2, activation="tanh")),
    "transpose same": (IMAGE, lambda: L.Conv2DTranspose(2, 3, strides=2, padding="same")),
    "transpose valid": (IMAGE, lambda: L.Conv2DTranspose(2, 2, strides=3, activation="relu")),
    "max pool": (IMAGE, lambda: L.MaxPooling2D(3, strides=2, padding="same")),
    "average pool": (IMAGE, lambda: L.AveragePooling2D((2, 3), padding="same")),
    "average pool valid": (IMAGE, lambda: L.AveragePooling2D(2)),
    "global average": (IMAGE, lambda: L.GlobalAveragePooling2D(keepdims=True)),
    "global max": (IMAGE, lambda: L.GlobalMaxPooling2D()),
    "flatten": (IMAGE, lambda: L.Flatten()),
    "reshape": (IMAGE, lambda: L.Reshape((10, -1))),
    "permute": (IMAGE, lambda: L.Permute((3, 1, 2))),
    "zero padding": (IMAGE, lambda: L.ZeroPadding2D(((1, 0), (2, 3)))),
    "cropping": (IMAGE, lambda: L.Cropping2D(((1, 0), (2, 1)))),
    "up nearest": (IMAGE, lambda: L.UpSampling2D((2, 3))),
    "up bilinear": (IMAGE, lambda: L.UpSampling2D(2, interpolation="bilinear")),
    "resizing": (IMAGE, lambda: L.Resizing(7, 4)),
    "resizing nearest": (IMAGE, lambda: L.Resizing(3, 9, interpolation="nearest")),
    "activation": (IMAGE, lambda: L.Activation("log_softmax")),
    "relu": (IMAGE, lambda: L.ReLU(max_value=0.5)),
    "relu slope": (IMAGE, lambda: L.ReLU(negative_slope=0.25)),
    "leaky relu": (IMAGE, lambda: L.LeakyReLU(negative_slope=0.3)),
    "prelu": (IMAGE, lambda: L.PReLU(shared_axes=[1, 2])),
    "prelu alone": ((4,), lambda: L.PReLU()),
    "softmax": (IMAGE, lambda: L.Softmax()),
    "softmax axis": (IMAGE, lambda: L.Softmax(axis=2)),
    "dropout": (IMAGE, lambda: L.SpatialDropout2D(0.3)),
    "batch norm": (IMAGE, lambda: L.BatchNormalization(epsilon=0.01)),
    "batch norm bare": (IMAGE, lambda: L.BatchNormalization(center=False, scale=False)),
    "rescaling": (IMAGE, lambda: L.Rescaling(0.5, offset=-1.0)),
    "rescaling channels": (IMAGE, lambda: L.Rescaling([0.5, 1.0, 2.0], offset=[0.0, 0.1, 0.2])),
    "normalization": (IMAGE, lambda: L.Normalization()),
    "normalization fixed": (IMAGE, lambda: L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 4.0, 0.25])),
    "normalization inverted": (IMAGE, lambda: L.Normalization(mean=0.5, variance=2.25, invert=True)),
    "random flip": (IMAGE, lambda: L.RandomFlip()),
    "noise": (IMAGE, lambda: L.GaussianNoise(0.1)),
}

BRANCH = {
    "add": lambda a, b: L.Add()([a, b, a]),
    "subtract": lambda a, b: L.Subtract()([a, b]),
    "multiply": lambda a, b: L.Multiply()([a, b]),
    "average": lambda a, b: L.Average()([a, b]),
    "maximum": lambda a, b: L.Maximum()([a, b, a]),
    "scaled residual": lambda a, b: CustomScaleLayer(0.2)([a, b]),
    "minimum": lambda a, b: L.Minimum()([a, b]),
    "concatenate": lambda a, b: L.Concatenate(axis=1)([a, b]),
    "operators": lambda a, b: L.ReLU(6.0)(a + 3.0) * (1.0 / 6.0) - b,
}


def shared():
    """One convolution in two places."""
    inputs = L.Input((4, 4, 2))
    conv = L.Conv2D(2, 3, padding="same", activation="silu", name="twice")
    return keras.Model(inputs, L.Add()([conv(inputs), conv(conv(inputs))]))


def short(value):
    """A configuration without what does not matter to inference: initializers, regularizers, constraints, policies."""
    if isinstance(value, list):
        return [short(item) for item in value]
    if not isinstance(value, dict):
        return value
    drop = ("_initializer", "_regularizer", "_constraint")
    kept = {key: item for key, item in value.items() if not key.endswith(drop) and key not in ("dtype", "build_config", "compile_config", "registered_name")}
    return {key: short(item) for key, item in kept.items()}


def save_layers():
    cases = {}
    models = {}
    for name, (shape, make) in SINGLE.items():
        models[name] = keras.Sequential([L.Input(shape), make()])
    for name, join in BRANCH.items():
        inputs = L.Input((3, 4, 2))
        a, b = L.Conv2D(2, 1, name="a")(inputs), L.Conv2D(2, 1, name="b")(inputs)
        models[name] = keras.Model(inputs, join(a, b))
    models["shared"] = shared()
    for name, model in models.items():
        keras.backend.clear_session()
        fill(model)
        config = short(json.loads(model.to_json()))
        weights = [{"name": variable.path, "shape": list(variable.shape)} for variable in model.weights]
        cases[name] = {"config": config, "weights": weights, **record(model)}
    LAYERS.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items()]
    LAYERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


save_files()
save_layers()
