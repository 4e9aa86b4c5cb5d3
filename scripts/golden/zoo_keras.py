"""Records what Keras's nets compute, in float64, as src/zoo/golden/keras.json.

Run from the repository's root with a Python that has keras 3.15 and tensorflow 2.21:

    python scripts/golden/zoo_keras.py

Weights and images are not stored: both sides compute them by FORMULA, under our names of the weights. Nothing is random.
"""

import json
import os
import pathlib
import platform
import re

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy  # noqa: E402

from formula import CLASSES, FORMULA, IMAGE, numbers, pixels, value  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "zoo" / "golden" / "keras.json"
COUNT = 4
COMMON = {"weights": None, "input_shape": (IMAGE, IMAGE, 3), "classes": CLASSES, "classifier_activation": None}
WIDTHS = {"-0.25": 0.25, "-0.5": 0.5, "-0.75": 0.75, "": 1.0}
NETS = {
    **{
        f"mobilenet-v1{name}": lambda width=width: keras.applications.MobileNet(alpha=width, dropout=0, **COMMON)
        for name, width in WIDTHS.items()
    },
    "resnet50:v1": lambda: keras.applications.ResNet50(**COMMON),
    "resnet101:v1": lambda: keras.applications.ResNet101(**COMMON),
    "resnet152:v1": lambda: keras.applications.ResNet152(**COMMON),
}
GAINS = {"mobilenet": 1.0, "resnet": 0.6}
VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def layer_of(name):
    """Our name of a layer."""
    block = re.fullmatch(r"conv(\d)_block(\d+)_(\d)_(conv|bn)", name)
    if block:
        stage, index, part, kind = block.groups()
        own = f"downsample.{0 if kind == 'conv' else 1}" if part == "0" else f"{kind}{part}"
        return f"layer{int(stage) - 1}.{int(index) - 1}.{own}"
    return {"conv1_conv": "conv1", "predictions": "fc"}.get(name, name)


def fill(net, name, gain):
    for layer in net.layers:
        own = layer_of(layer.name)
        if name.startswith("resnet") and layer.name == "conv1_bn":
            own = "bn1"
        for variable in layer.weights:
            kind = variable.path.split("/")[-1]
            key = f"{own}.{VARIABLES[kind]}"
            # The formula counts in PyTorch's layout: [O, I, KH, KW], and [O, I] of a dense layer.
            shape = tuple(variable.shape)
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                to, back = (shape[2], 1, shape[0], shape[1]), (2, 3, 0, 1)
            elif len(shape) == 4:
                to, back = (shape[3], shape[2], shape[0], shape[1]), (2, 3, 1, 0)
            else:
                to, back = shape[::-1], tuple(range(len(shape)))[::-1]
            numbers_of = value(key, to, gain).astype(numpy.float32)
            variable.assign(numbers_of.transpose(back).reshape(shape))


def prediction(name, build):
    gain = next(gain for family, gain in GAINS.items() if name.startswith(family))
    keras.utils.clear_session()
    net = build()
    fill(net, name, gain)
    images = pixels(COUNT).astype(numpy.float64)
    logits = [numbers(numpy.asarray(net(images, training=training)).flatten().tolist()) for training in (False, True)]
    return {"name": name, "gain": gain, "logits": logits[0], "trainingLogits": logits[1]}


def main():
    keras.backend.set_floatx("float64")
    header = {
        "command": "python scripts/golden/zoo_keras.py",
        "keras": keras.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
        "imageShape": [IMAGE, IMAGE, 3],
        "images": COUNT,
        "classes": CLASSES,
    }
    predictions = ",\n".join("    " + json.dumps(prediction(name, build)) for name, build in NETS.items())
    text = json.dumps(header, indent=2)[:-2]
    OUT.write_text(f'{text},\n  "predictions": [\n{predictions}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
