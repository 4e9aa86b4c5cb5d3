"""Records what PyTorch's gradients and hooks say of small nets, in float64, as src/inspect/golden/attribution.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/attribution.py

Images and parameters are not stored: both sides compute them by `draw` of ops.py, the images with seed 1, parameters with seeds
from 2 on in the order of the model. Layouts are Fovea's: images [N, H, W, C], kernels [KH, KW, C, O], dense weights [inputs, units].
The nets are those of src/testing/attribution-nets.ts, layer by layer.

- saliency: the gradient of the class's score by the image
- guided-backprop: the same with a hook behind each ReLU that lets only positive gradients into it
- deconvnet: the same hook, and a ReLU whose own gate is taken out of the way back
- integrated-gradients: (x - b) times the mean gradient at b + (k + 1/2) / 20 (x - b), b = 0
- occlusion: 3x2 patches of zeros, stride 2 down and 1 across, and the drop of the score, averaged over the patches on a pixel
- unit: the strongest unit of a feature map, its own value as the signal, projected down by deconvnet
"""

import json
import pathlib
import platform

import torch
import torch.nn.functional as F

from ops import FORMULA, back, draw, images

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "inspect" / "golden"
STEPS = 20


def record(tensor):
    """Nine digits: more than a float32 has."""
    return {"shape": list(tensor.shape), "values": [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]}


class Parameters:
    def __init__(self):
        self.seed = 1

    def next(self, *shape):
        self.seed += 1
        return draw(shape, self.seed)

    def kernel(self, size, channels, filters):
        return self.next(size, size, channels, filters).permute(3, 2, 0, 1)


class Net:
    """Runs a net with ReLUs that go back as `way` says, and keeps named values."""

    def __init__(self, way="gradient"):
        self.way = way
        self.kept = {}

    def rectify(self, x, function):
        y = function(x)
        if self.way == "gradient":
            return y
        if self.way == "deconvnet":
            # The value of the ReLU, the derivative of the identity.
            y = x + (y - x).detach()
        if y.requires_grad:
            y.register_hook(lambda signal: signal.clamp(min=0))
        return y

    def relu(self, x):
        return self.rectify(x, F.relu)

    def relu6(self, x):
        return self.rectify(x, lambda value: value.clamp(0, 6))

    def keep(self, name, value):
        self.kept[name] = value
        return value

    def plain(self, x):
        """Convolution, batch normalization, max pooling, convolution, dense."""
        p = Parameters()
        y = F.conv2d(x, p.kernel(3, 3, 5), p.next(5), padding=1)
        gamma, beta, mean, variance = p.next(5), p.next(5), p.next(5), p.next(5).abs() + 0.5
        y = self.relu(F.batch_norm(y, mean, variance, gamma, beta, False, 0, 1e-3))
        y = self.keep("pool", F.max_pool2d(y, 2))
        y = self.keep("second", self.relu(F.conv2d(y, p.kernel(3, 5, 6), p.next(6), padding=1)))
        return back(y).flatten(1) @ p.next(4 * 4 * 6, 4) + p.next(4)

    def residual(self, x):
        """A branch around a convolution, a mean over the image, a dense layer. (The model has a softmax behind it.)"""
        p = Parameters()
        y = self.keep("stem", self.relu(F.conv2d(x, p.kernel(3, 3, 4), p.next(4), padding=1)))
        y = self.keep("sum", self.relu(y + F.conv2d(y, p.kernel(3, 4, 4), p.next(4), padding=1)))
        return y.mean((2, 3)) @ p.next(4, 3) + p.next(3)

    def branches(self, x):
        """Gray images, ReLU6, windows of max pooling that overlap, average pooling, two branches side by side."""
        p = Parameters()
        y = self.relu6(4 * F.conv2d(x, p.kernel(3, 1, 6), p.next(6), padding=1))
        y = F.max_pool2d(y, 3, 2)
        left = self.relu(F.conv2d(y, p.kernel(1, 6, 3), p.next(3)))
        right = self.relu(F.conv2d(F.avg_pool2d(y, 2, 1), p.kernel(2, 6, 4), p.next(4), padding=1))
        y = self.keep("both", torch.cat([left, right], 1))
        return back(y).flatten(1) @ p.next(4 * 4 * 7, 3) + p.next(3)


def scores_of(net, way, x, classes):
    made = Net(way)
    scores = getattr(made, net)(images(x))
    return scores[torch.arange(len(classes)), classes], made.kept


def signal(net, way, x, classes):
    x = x.clone().requires_grad_()
    scores, _ = scores_of(net, way, x, classes)
    (gradient,) = torch.autograd.grad(scores.sum(), x)
    return gradient


def integrated(net, x, classes):
    return x * sum(signal(net, "gradient", (k + 0.5) / STEPS * x, classes) for k in range(STEPS)) / STEPS


def places(size, patch, stride):
    return [*range(0, size - patch, stride), size - patch]


def occlusion(net, x, classes):
    _, height, width, _ = x.shape
    before, _ = scores_of(net, "gradient", x, classes)
    sums, counts = torch.zeros(x.shape[:3], dtype=x.dtype), torch.zeros(height, width, dtype=x.dtype)
    for top in places(height, 3, 2):
        for left in places(width, 2, 1):
            covered = x.clone()
            covered[:, top : top + 3, left : left + 2] = 0
            after, _ = scores_of(net, "gradient", covered, classes)
            sums[:, top : top + 3, left : left + 2] += (before - after)[:, None, None]
            counts[top : top + 3, left : left + 2] += 1
    return sums / counts


def unit(net, x, layer, channel):
    """The strongest unit of a feature map of each image, its value sent down."""
    x = x.clone().requires_grad_()
    _, kept = scores_of(net, "deconvnet", x, [0] * len(x))
    maps = kept[layer][:, channel]
    strongest, at = maps.flatten(1).max(1)
    assert (strongest > 0).all(), f"{net}, {layer}: nothing is active"
    (gradient,) = torch.autograd.grad((maps.flatten(1).gather(1, at[:, None]).squeeze(1) * strongest.detach()).sum(), x)
    places = [[int(index) // maps.shape[2], int(index) % maps.shape[2]] for index in at]
    return {"layer": layer, "map": channel, "places": places, "activations": record(strongest), "values": record(gradient)}


def explain(net, shape, classes, units):
    x = draw(shape, 1)
    return {
        "net": net,
        "classes": classes,
        "scores": record(scores_of(net, "gradient", x, classes)[0]),
        "saliency": record(signal(net, "gradient", x, classes)),
        "guided-backprop": record(signal(net, "guided", x, classes)),
        "deconvnet": record(signal(net, "deconvnet", x, classes)),
        "integrated-gradients": record(integrated(net, x, classes)),
        "occlusion": record(occlusion(net, x, classes)),
        "units": [unit(net, x, *one) for one in units],
    }


def main():
    cases = [
        explain("plain", (2, 8, 8, 3), [1, 3], [("pool", 2), ("second", 4)]),
        explain("residual", (2, 8, 8, 3), [0, 2], [("stem", 1), ("sum", 3)]),
        explain("branches", (2, 9, 9, 1), [2, 0], [("both", 1), ("both", 5)]),
    ]
    header = {
        "command": "python scripts/golden/attribution.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
    }
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(header, indent=2)[:-2] + ',\n  "cases": [\n' + lines + "\n  ]\n}\n"
    (OUT / "attribution.json").write_text(text)


main()
