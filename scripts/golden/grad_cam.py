"""Records Grad-CAM as PyTorch's hooks give it, in float64, as src/inspect/golden/grad-cam.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/grad_cam.py

Images and parameters are not stored: both sides compute them by `draw` of ops.py, the images with seed 1, parameters with seeds
from 2 on in the order of the model. Layouts are Fovea's: images [N, H, W, C], kernels [KH, KW, C, O], dense weights [inputs, units].
Maps are divided by their greatest value. The nets are those of src/testing/attribution-nets.ts, layer by layer.
"""

import json
import pathlib
import platform

import torch
import torch.nn.functional as F

from ops import FORMULA, back, draw, images, record

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "inspect" / "golden"


class Parameters:
    def __init__(self):
        self.seed = 1

    def next(self, *shape):
        self.seed += 1
        return draw(shape, self.seed)

    def kernel(self, size, channels, filters):
        return self.next(size, size, channels, filters).permute(3, 2, 0, 1)


def plain(x, tap):
    """Convolution, batch normalization, pooling, convolution, dense."""
    p = Parameters()
    y = F.conv2d(x, p.kernel(3, 3, 5), p.next(5), padding=1)
    gamma, beta, mean, variance = p.next(5), p.next(5), p.next(5), p.next(5).abs() + 0.5
    y = tap("normal", F.batch_norm(y, mean, variance, gamma, beta, False, 0, 1e-3))
    y = F.max_pool2d(F.relu(y), 2)
    y = tap("second", F.relu(F.conv2d(y, p.kernel(3, 5, 6), p.next(6), padding=1)))
    return back(y).flatten(1) @ p.next(4 * 4 * 6, 4) + p.next(4)


def residual(x, tap):
    """A branch around a convolution, a mean over the image, a dense layer. (The model has a softmax behind it.)"""
    p = Parameters()
    y = tap("stem", F.relu(F.conv2d(x, p.kernel(3, 3, 4), p.next(4), padding=1)))
    y = tap("sum", F.relu(y + F.conv2d(y, p.kernel(3, 4, 4), p.next(4), padding=1)))
    return y.mean((2, 3)) @ p.next(4, 3) + p.next(3)


def explain(net, name, x, classes):
    """Activations and their gradient, caught on the way."""
    caught = {}

    def tap(at, value):
        if at == name:
            caught["activations"] = value
            value.register_hook(lambda gradient: caught.update(gradient=gradient))
        return value

    scores = net(images(x).requires_grad_(), tap)
    picked = scores[torch.arange(len(classes)), classes]
    picked.sum().backward()
    weights = caught["gradient"].mean((2, 3), keepdim=True)
    maps = F.relu((weights * caught["activations"]).sum(1))
    greatest = maps.amax((1, 2), keepdim=True)
    assert (greatest > 0).all(), f"{name}: a map is zero everywhere"
    return {"net": net.__name__, "tap": name, "classes": classes, "scores": record(picked), "maps": record(maps / greatest)}


def main():
    x = draw((2, 8, 8, 3), 1)
    cases = [
        explain(net, tap, x, classes)
        for net, tap, classes in [
            (plain, "normal", [0, 2]),
            (plain, "second", [1, 3]),
            (residual, "stem", [0, 1]),
            (residual, "sum", [1, 2]),
        ]
    ]
    header = {
        "command": "python scripts/golden/grad_cam.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
    }
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "grad-cam.json").write_text(json.dumps(header, indent=2)[:-2] + ',\n  "cases": [\n' + lines + "\n  ]\n}\n")


main()
