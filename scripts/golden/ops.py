"""Records what PyTorch computes for the ops, in float64, as src/ops/golden/*.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/ops.py

Inputs are not stored: both sides compute them by `draw`, so the files stay small. Layouts are Fovea's: images
[N, H, W, C], filters [KH, KW, C / groups, O].
"""

import json
import pathlib
import platform

import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "ops" / "golden"
FORMULA = "((7919 i + 331 seed) mod 1009) / 504 - 1 for element i in row-major order"


def draw(shape, seed):
    """Different numbers in [-1, 1] for up to 1009 elements: 1009 is prime."""
    count = torch.Size(shape).numel()
    assert count <= 1009, f"{shape} repeats itself"
    index = torch.arange(count, dtype=torch.int64)
    return (((index * 7919 + seed * 331) % 1009).double() / 504 - 1).reshape(shape)


def numbers(tensor):
    return [float(f"{value:.13g}") for value in tensor.detach().reshape(-1).tolist()]


def record(tensor):
    return {"shape": list(tensor.shape), "values": numbers(tensor)}


def images(tensor):
    return tensor.permute(0, 3, 1, 2)


def back(tensor):
    return tensor.permute(0, 2, 3, 1).contiguous()


def leaf(shape, seed):
    return draw(shape, seed).requires_grad_()


def write(name, cases):
    header = {
        "command": "python scripts/golden/ops.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
    }
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    text = json.dumps(header, indent=2)[:-2] + ',\n  "cases": [\n' + lines + "\n  ]\n}\n"
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(text)


def convolution(name, x_shape, kernel, filters, strides=(1, 1), padding=(0, 0, 0, 0), dilations=(1, 1), groups=1):
    """padding is top, bottom, left, right."""
    x = leaf(x_shape, 1)
    w = leaf((*kernel, x_shape[3] // groups, filters), 2)
    top, bottom, left, right = padding
    padded = F.pad(images(x), (left, right, top, bottom))
    y = back(F.conv2d(padded, w.permute(3, 2, 0, 1), None, strides, 0, dilations, groups))
    y.backward(draw(y.shape, 3))
    return {
        "name": name,
        "x": x_shape,
        "filter": list(w.shape),
        "strides": strides,
        "padding": dict(zip(("top", "bottom", "left", "right"), padding)),
        "dilations": dilations,
        "groups": groups,
        "y": record(y),
        "dx": record(x.grad),
        "dFilter": record(w.grad),
    }


def pool(name, kind, size, pool_size, strides, padding, ceil_mode, count_padding=None):
    """padding is vertical, horizontal."""
    x = leaf(size, 4)
    if kind == "max":
        y = F.max_pool2d(images(x), pool_size, strides, padding, ceil_mode=ceil_mode)
    else:
        y = F.avg_pool2d(images(x), pool_size, strides, padding, ceil_mode, count_padding)
    y = back(y)
    y.backward(draw(y.shape, 5))
    return {
        "name": name,
        "kind": kind,
        "x": size,
        "poolSize": pool_size,
        "strides": strides,
        "padding": padding,
        "ceilMode": ceil_mode,
        "countPadding": bool(count_padding),
        "y": record(y),
        "dx": record(x.grad),
    }


def adaptive_pool(name, size, output_size):
    x = leaf(size, 4)
    y = back(F.adaptive_avg_pool2d(images(x), output_size))
    y.backward(draw(y.shape, 5))
    return {"name": name, "x": size, "outputSize": output_size, "y": record(y), "dx": record(x.grad)}


def batch_norm(name, shape, training, momentum=0.1, epsilon=1e-5):
    channels = shape[-1]
    x, gamma, beta = leaf(shape, 6), leaf((channels,), 7), leaf((channels,), 8)
    mean, variance = draw((channels,), 9).clone(), draw((channels,), 10) + 1.5
    before = {"mean": numbers(mean), "variance": numbers(variance)}
    y = back(F.batch_norm(images(x), mean, variance, gamma, beta, training, momentum, epsilon))
    y.backward(draw(shape, 11))
    return {
        "name": name,
        "x": shape,
        "training": training,
        "momentum": momentum,
        "epsilon": epsilon,
        "before": before,
        "after": {"mean": numbers(mean), "variance": numbers(variance)},
        "y": record(y),
        "dx": record(x.grad),
        "dGamma": record(gamma.grad),
        "dBeta": record(beta.grad),
    }


def activation(name, op, attributes, function, scale):
    x = draw((6, 7), 12).mul(scale).requires_grad_()
    y = function(x)
    y.backward(draw((6, 7), 13))
    return {"name": name, "op": op, "attributes": attributes, "scale": scale, "y": record(y), "dx": record(x.grad)}


def local_response(name, size, channels, alpha, beta, bias):
    """Odd sizes only: PyTorch and ONNX take the odd channel of even ones from different ends."""
    x = draw(size, 23).mul(3).requires_grad_()
    y = back(F.local_response_norm(images(x), channels, alpha, beta, bias))
    y.backward(draw(size, 24))
    attributes = {"size": channels, "alpha": alpha, "beta": beta, "bias": bias}
    return {"name": name, "x": size, "attributes": attributes, "y": record(y), "dx": record(x.grad)}


def cross_entropy(name, classes, smoothing, probabilities):
    examples = 7
    logits = draw((examples, classes), 14).mul(5).requires_grad_()
    labels = (torch.arange(examples) * 3) % classes
    targets = torch.softmax(draw((examples, classes), 15), 1) if probabilities else labels
    loss = F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
    loss.backward(draw((examples,), 16))
    return {
        "name": name,
        "classes": classes,
        "labelSmoothing": smoothing,
        "targets": record(targets) if probabilities else None,
        "labels": None if probabilities else labels.tolist(),
        "loss": record(loss),
        "dLogits": record(logits.grad),
    }


def optimizer(name, update, attributes, rate, make):
    weight = torch.nn.Parameter(draw((9,), 17).clone())
    stepper = make([weight])
    weights = []
    for step in range(5):
        weight.grad = draw((9,), 18 + step)
        stepper.step()
        weights.append(numbers(weight))
    return {"name": name, "update": update, "attributes": attributes, "rate": rate, "weights": weights}


def main():
    write(
        "conv2d",
        [
            convolution("3x3 same", (2, 5, 4, 3), (3, 3), 4, padding=(1, 1, 1, 1)),
            convolution("5x3 valid", (1, 7, 6, 2), (5, 3), 3),
            convolution("strides 2x3", (2, 7, 8, 2), (3, 3), 3, strides=(2, 3), padding=(1, 1, 1, 1)),
            convolution("asymmetric padding", (1, 4, 5, 2), (3, 2), 2, strides=(2, 1), padding=(0, 2, 1, 0)),
            convolution("dilations 2x3", (1, 7, 9, 2), (3, 3), 2, padding=(2, 1, 0, 3), dilations=(2, 3)),
            convolution("two groups", (2, 4, 4, 6), (3, 3), 4, padding=(1, 1, 1, 1), groups=2),
            convolution("depthwise, two filters a channel", (1, 5, 5, 5), (3, 3), 10, strides=(2, 2), groups=5),
            convolution("pointwise", (2, 3, 3, 5), (1, 1), 7),
        ],
    )
    write(
        "pool2d",
        [
            pool("2x2/2", "max", (2, 6, 4, 3), (2, 2), (2, 2), (0, 0), False),
            pool("overlapping 3x3/2 padded", "max", (2, 7, 6, 2), (3, 3), (2, 2), (1, 1), False),
            pool("ceil 3x3/2", "max", (1, 8, 6, 3), (3, 3), (2, 2), (0, 0), True),
            pool("ceil padded, last window dropped", "max", (1, 5, 6, 2), (2, 2), (2, 2), (1, 1), True),
            pool("3x2/1x2", "max", (1, 5, 6, 2), (3, 2), (1, 2), (1, 0), False),
            pool("2x2/2", "average", (2, 6, 4, 3), (2, 2), (2, 2), (0, 0), False, True),
            pool("padded, counted", "average", (2, 7, 6, 2), (3, 3), (2, 2), (1, 1), False, True),
            pool("padded, not counted", "average", (2, 7, 6, 2), (3, 3), (2, 2), (1, 1), False, False),
            pool("ceil, counted", "average", (1, 8, 6, 3), (3, 3), (2, 2), (1, 1), True, True),
            pool("ceil, not counted", "average", (1, 8, 6, 3), (3, 3), (2, 2), (1, 1), True, False),
            pool("ceil, no padding", "average", (1, 6, 8, 2), (3, 3), (2, 2), (0, 0), True, True),
        ],
    )
    write(
        "adaptive-pool2d",
        [
            adaptive_pool("even", (1, 6, 4, 2), (3, 2)),
            adaptive_pool("smaller, windows overlap", (2, 5, 7, 3), (3, 4)),
            adaptive_pool("larger", (1, 2, 3, 2), (7, 4)),
            adaptive_pool("smaller and larger", (1, 8, 1, 3), (6, 6)),
        ],
    )
    write(
        "batch-norm",
        [
            batch_norm("training", (3, 4, 2, 5), True),
            batch_norm("training, momentum 0.3, epsilon 0.01", (2, 3, 3, 4), True, 0.3, 1e-2),
            batch_norm("inference", (2, 3, 3, 4), False),
        ],
    )
    write(
        "activations",
        [
            activation("gelu", "gelu", {"approximate": False}, F.gelu, 4),
            activation("gelu by tanh", "gelu", {"approximate": True}, lambda x: F.gelu(x, approximate="tanh"), 4),
            activation("sigmoid", "sigmoid", {}, torch.sigmoid, 6),
            activation("tanh", "tanh", {}, torch.tanh, 3),
            activation("relu", "relu", {}, torch.relu, 1),
            activation("softmax", "softmax", {}, lambda x: torch.softmax(x, -1), 5),
            activation("relu6", "clip", {"minimum": 0, "maximum": 6}, F.relu6, 9),
            activation("leaky relu", "leakyRelu", {"slope": 0.2}, lambda x: F.leaky_relu(x, 0.2), 1),
            activation("hardswish", "hardSwish", {}, F.hardswish, 5),
            activation("log softmax", "logSoftmax", {}, lambda x: torch.log_softmax(x, -1), 5),
        ],
    )
    write(
        "local-response",
        [
            local_response("AlexNet's, strong", (2, 3, 2, 11), 5, 1.5, 0.75, 2.0),
            local_response("three channels of a few", (1, 2, 2, 4), 3, 0.5, 0.5, 1.0),
            local_response("a window wider than the channels", (1, 3, 2, 5), 15, 4.0, 1.25, 0.5),
            local_response("each channel by itself", (2, 2, 2, 3), 1, 2.0, 0.75, 1.0),
        ],
    )
    write(
        "cross-entropy",
        [
            cross_entropy("labels", 5, 0.0, False),
            cross_entropy("labels, smoothed", 10, 0.1, False),
            cross_entropy("targets", 5, 0.0, True),
            cross_entropy("targets, smoothed", 4, 0.2, True),
        ],
    )
    sgd, adamw = torch.optim.SGD, torch.optim.AdamW
    momentum = {"weightDecay": 0, "momentum": 0.9}
    adam = {"weightDecay": 0, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-3}
    rms = {"weightDecay": 0, "rho": 0.9, "epsilon": 1e-3}
    write(
        "optimizers",
        [
            optimizer("SGD", "sgd", {"weightDecay": 0}, 0.1, lambda p: sgd(p, 0.1)),
            optimizer("momentum", "momentum", {**momentum, "nesterov": False}, 0.1, lambda p: sgd(p, 0.1, 0.9)),
            optimizer(
                "Nesterov", "momentum", {**momentum, "nesterov": True}, 0.1, lambda p: sgd(p, 0.1, 0.9, nesterov=True)
            ),
            optimizer("Adam", "adam", adam, 0.05, lambda p: torch.optim.Adam(p, 0.05, (0.9, 0.99), 1e-3)),
            optimizer(
                "AdamW", "adam", {**adam, "weightDecay": 0.1}, 0.05, lambda p: adamw(p, 0.05, (0.9, 0.99), 1e-3, 0.1)
            ),
            optimizer("RMSprop", "rmsprop", rms, 0.01, lambda p: torch.optim.RMSprop(p, 0.01, 0.9, 1e-3)),
        ],
    )


if __name__ == "__main__":
    main()
