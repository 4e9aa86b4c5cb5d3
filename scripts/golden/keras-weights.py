"""Records a net of Keras with every kind of weights, as src/interop/weights/golden/keras.json.

Run from the repository's root with a Python that has keras 3.15 and TensorFlow 2.21:

    python scripts/golden/keras-weights.py

Weights and images are not stored: both sides compute them by the FORMULA of weights.py with the key `layer/variable`.
"""

import json
import pathlib
import platform

import keras
import numpy
from keras import layers

HERE = pathlib.Path(__file__).resolve()
OUT = HERE.parents[2] / "src" / "interop" / "weights" / "golden" / "keras.json"
IMAGE = [8, 8, 3]


def fnv1a(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def uniform(key, shape):
    index = numpy.arange(int(numpy.prod(shape, dtype=numpy.int64)), dtype=numpy.uint32)
    h = (index ^ numpy.uint32(fnv1a(key))) * numpy.uint32(0x9E3779B1)
    h ^= h >> numpy.uint32(15)
    h *= numpy.uint32(0x85EBCA77)
    h ^= h >> numpy.uint32(13)
    return (h.astype(numpy.float64) / 2**31 - 1).reshape(shape)


def weight(key, shape):
    u = uniform(key, shape)
    return 1 + u / 2 if key.endswith("moving_variance") else u / 2


def everything():
    x = image = keras.Input(IMAGE)
    x = layers.Conv2D(4, (3, 2), padding="same")(x)
    x = layers.BatchNormalization(epsilon=1e-3)(x)
    x = layers.Conv2D(6, 3, groups=2, use_bias=False, activation="tanh", name="grouped")(x)
    x = layers.BatchNormalization(scale=False, name="offset")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.DepthwiseConv2D(2, depth_multiplier=2, name="conv_dw_1")(x)
    x = layers.SeparableConv2D(5, 2, depth_multiplier=2, activation="tanh")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, activation="tanh")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(5, activation="tanh", name="fc")(x)
    return keras.Model(image, layers.Dense(3)(x))


keras.config.set_floatx("float64")
net = everything()
state = {}
for layer in net.layers:
    for variable in layer.weights:
        key = f"{layer.name}/{variable.name}"
        values = weight(key, tuple(variable.shape)).astype(numpy.float32)
        variable.assign(values.astype(numpy.float64))
        state[key] = list(variable.shape)
images = uniform("images", (2, *IMAGE)).astype(numpy.float32).astype(numpy.float64)
output = numpy.asarray(net(images, training=False))
document = {
    "about": f"scripts/golden/keras-weights.py, Python {platform.python_version()}, keras {keras.__version__}",
    "image": IMAGE,
    "state": state,
    "output": [float(f"{value:.9g}") for value in output.reshape(-1).tolist()],
}
OUT.write_text(json.dumps(document, indent=1) + "\n")


def applications():
    """Names and shapes of the weights of Keras's own nets: `layer variable shape`, by layer."""
    keras.config.set_floatx("float32")
    nets = {
        "resnet50:v1": lambda: keras.applications.ResNet50(weights=None),
        "vgg16": lambda: keras.applications.VGG16(weights=None),
        "mobilenet-v1-0.25": lambda: keras.applications.MobileNet(alpha=0.25, weights=None),
        "mobilenet-v2": lambda: keras.applications.MobileNetV2(weights=None),
    }
    for name, make in nets.items():
        keras.utils.clear_session()
        layers_of = {}
        for layer in make().layers:
            if layer.weights:
                layers_of[layer.name] = {v.name: list(v.shape) for v in layer.weights}
        yield name, layers_of


lines = []
for name, layers_of in applications():
    entries = ",\n".join(f"  {json.dumps(layer)}: {json.dumps(shapes)}" for layer, shapes in layers_of.items())
    lines.append(f'"{name}": {{\n{entries}\n}}')
OUT.with_name("keras-applications.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
