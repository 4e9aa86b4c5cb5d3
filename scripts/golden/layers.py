"""Records what PyTorch computes for layers, in float64, as src/layers/golden/layers.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/layers.py

Inputs and parameters are not stored: both sides compute them by `draw` of ops.py, the input with seed 1, parameters with
seeds from 2 on in the order in which the layer lists them, and the gradient of the output with seed 9. Layouts are
Fovea's: images [N, H, W, C], kernels [KH, KW, ...].
"""

import json
import math
import pathlib
import platform

import torch
import torch.nn.functional as F

from ops import FORMULA, back, draw, images, leaf, record

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "layers" / "golden"


def case(name, kind, options, x_shape, function, **shapes):
    """`function` takes the input and the parameters in Fovea's layouts."""
    x = leaf(x_shape, 1)
    parameters = {key: leaf(shape, 2 + index) for index, (key, shape) in enumerate(shapes.items())}
    y = function(x, **parameters)
    y.backward(draw(y.shape, 9))
    gradients = {key: record(value.grad) for key, value in parameters.items()}
    return {
        "name": name,
        "kind": kind,
        "options": options,
        "x": x_shape,
        "y": record(y),
        "dx": record(x.grad),
        "gradients": gradients,
    }


def on_images(function):
    """A function of [N, C, H, W] as one of [N, H, W, C]."""
    return lambda x, **parameters: back(function(images(x), **parameters))


def transposed(strides, padding, output_padding, dilation, groups):
    """Fovea's kernel is [KH, KW, filters / groups, C], PyTorch's [C, filters / groups, KH, KW]."""

    def run(x, weight, bias):
        kernel = weight.permute(3, 2, 0, 1)
        return F.conv_transpose2d(x, kernel, bias, strides, padding, output_padding, groups, dilation)

    return on_images(run)


def depthwise(x, weight, stride, channels):
    return F.conv2d(x, weight.permute(3, 2, 0, 1), None, stride, 1, 1, channels)


def separable(x, depthwise_weight, pointwise_weight, bias):
    middle = depthwise(x, depthwise_weight, 2, 3)
    return F.conv2d(middle, pointwise_weight.permute(3, 2, 0, 1), bias)


def resize(mode, **options):
    return on_images(lambda x: F.interpolate(x, mode=mode, **options))


def transposed_cases():
    kind = "conv2dTranspose"
    even = {"filters": 2, "kernelSize": 4, "strides": 2, "padding": 1}
    any_options = {
        "filters": 4,
        "kernelSize": [3, 2],
        "strides": [2, 3],
        "padding": [1, 0],
        "outputPadding": [1, 2],
        "dilationRate": [1, 2],
        "groups": 2,
    }
    return [
        case(
            "twice the size",
            kind,
            even,
            (2, 3, 4, 3),
            transposed(2, 1, 0, 1, 1),
            weight=(4, 4, 2, 3),
            bias=(2,),
        ),
        case(
            "groups, dilation and output padding",
            kind,
            any_options,
            (1, 4, 3, 6),
            transposed((2, 3), (1, 0), (1, 2), (1, 2), 2),
            weight=(3, 2, 2, 6),
            bias=(4,),
        ),
    ]


def image_cases():
    x = (1, 4, 5, 3)
    floor = {"coordinates": "asymmetric", "rounding": "floor", "interpolation": "nearest"}
    exact = {"coordinates": "halfPixel", "rounding": "roundPreferCeil", "interpolation": "nearest"}
    return [
        case("larger, bilinear", "resize2d", {"outputSize": [7, 6]}, x, resize("bilinear", size=(7, 6))),
        case("smaller, bilinear", "resize2d", {"outputSize": [3, 2]}, x, resize("bilinear", size=(3, 2))),
        case(
            "aligned corners",
            "resize2d",
            {"outputSize": [7, 3], "coordinates": "alignCorners"},
            x,
            resize("bilinear", size=(7, 3), align_corners=True),
        ),
        case("by a scale", "resize2d", {"scale": 1.7}, x, resize("bilinear", scale_factor=1.7)),
        case("nearest", "resize2d", {"outputSize": [6, 3], **floor}, x, resize("nearest", size=(6, 3))),
        case("exactly nearest", "resize2d", {"outputSize": [6, 3], **exact}, x, resize("nearest-exact", size=(6, 3))),
        case("repeated", "upSampling2d", {"size": [2, 3]}, x, resize("nearest", scale_factor=(2, 3))),
        case(
            "interpolated",
            "upSampling2d",
            {"size": 2, "interpolation": "bilinear"},
            x,
            resize("bilinear", scale_factor=2),
        ),
        case(
            "mirrored",
            "padding2d",
            {"padding": {"top": 3, "bottom": 1, "left": 2, "right": 4}, "mode": "reflect"},
            x,
            on_images(lambda x: F.pad(x, (2, 4, 3, 1), mode="reflect")),
        ),
        case(
            "border repeated",
            "padding2d",
            {"padding": [5, 1], "mode": "edge"},
            x,
            on_images(lambda x: F.pad(x, (1, 1, 5, 5), mode="replicate")),
        ),
    ]


def blur(size, strides):
    """BlurPool of github.com/adobe/antialiased-cnns: mirrored, then a fixed convolution of each channel."""

    def run(x):
        row = torch.tensor([math.comb(size - 1, index) for index in range(size)], dtype=torch.float64)
        kernel = row[:, None] * row[None, :]
        kernel = (kernel / kernel.sum())[None, None].repeat(x.shape[1], 1, 1, 1)
        before, behind = (size - 1) // 2, math.ceil((size - 1) / 2)
        padded = F.pad(x, (before, behind, before, behind), mode="reflect")
        return F.conv2d(padded, kernel, stride=strides, groups=x.shape[1])

    return on_images(run)


def blur_cases():
    return [
        case(f"a filter of {size}", "blurPool2d", {"filterSize": size, "strides": strides}, (1, 5, 6, 2), blur(size, strides))
        for size, strides in [(2, 2), (3, 2), (4, 2), (5, [1, 3]), (6, 1), (7, [2, 4])]
    ]


def other_cases():
    x = (2, 3, 2, 4)
    return [
        case(
            "two filters a channel",
            "depthwiseConv2d",
            {"kernelSize": 3, "strides": 2, "padding": 1, "depthMultiplier": 2, "useBias": False},
            (1, 5, 4, 3),
            on_images(lambda x, weight: depthwise(x, weight, 2, 3)),
            weight=(3, 3, 1, 6),
        ),
        case(
            "depthwise, then pointwise",
            "separableConv2d",
            {"filters": 4, "kernelSize": 3, "strides": 2, "padding": 1},
            (1, 5, 4, 3),
            on_images(separable),
            depthwise_weight=(3, 3, 1, 3),
            pointwise_weight=(1, 1, 3, 4),
            bias=(4,),
        ),
        case(
            "one slope a channel",
            "prelu",
            {"sharedAxes": [1, 2]},
            x,
            lambda x, weight: back(F.prelu(images(x), weight.reshape(-1))),
            weight=(1, 1, 4),
        ),
        case("trained", "scale", {}, x, lambda x, weight, bias: x * weight + bias, weight=(4,), bias=(4,)),
        case(
            "a parameter over the input",
            "arithmetic",
            {"operation": "divide", "shape": [2, 1], "reversed": True},
            x,
            lambda x, weight: weight / x,
            weight=(2, 1),
        ),
        # F.hardsigmoid rounds its 1 / 6 to float32 on the way back.
        case("hard sigmoid", "activation", {"activation": "hardSigmoid"}, x, lambda x: (x / 6 + 0.5).clamp(0, 1)),
        case("relu6", "activation", {"activation": "relu6"}, x, lambda x: F.relu6(x)),
        case("leaky relu", "activation", {"activation": "leakyRelu"}, x, lambda x: F.leaky_relu(x)),
        case("along the height", "softmax", {"axis": 1}, x, lambda x: torch.softmax(x, 1)),
        case("along the width", "logSoftmax", {"axis": 2}, x, lambda x: torch.log_softmax(x, 2)),
        case("over the image", "reduceMean", {"axes": [1, 2]}, x, lambda x: x.mean((1, 2))),
        case("channels first", "permute", {"dims": [3, 1, 2]}, x, lambda x: x.permute(0, 3, 1, 2)),
        case(
            "a mean and a deviation for each channel",
            "rescaling",
            {"scale": [2, 4, 0.5, 1], "offset": [0, -1, 0.25, 3]},
            x,
            lambda x: x * torch.tensor([2, 4, 0.5, 1.0]) + torch.tensor([0, -1, 0.25, 3.0]),
        ),
    ]


def main():
    cases = transposed_cases() + image_cases() + blur_cases() + other_cases()
    header = {
        "command": "python scripts/golden/layers.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
    }
    lines = ",\n".join("    " + json.dumps(entry) for entry in cases)
    text = json.dumps(header, indent=2)[:-2] + ',\n  "cases": [\n' + lines + "\n  ]\n}\n"
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "layers.json").write_text(text)


if __name__ == "__main__":
    main()
