"""Records nets of PyTorch with every kind of weights, as src/interop/weights/golden/pytorch.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/weights.py

Weights and images are not stored: both sides compute them by FORMULA, so the file stays small. Nothing is random.
"""

import json
import pathlib
import platform

import numpy
import torch
from torch import nn

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "interop" / "weights" / "golden" / "pytorch.json"
FORMULA = (
    "element i (row-major, PyTorch's layout) of the tensor with key k, in uint32: h = (i ^ fnv1a(k)) * 0x9e3779b1; "
    "h ^= h >> 15; h *= 0x85ebca77; h ^= h >> 13; u = h / 2^31 - 1. Weights: u / 2, but running_var: 1 + u / 2. "
    "Images: u with key 'images', layout NHWC. All rounded to float32."
)


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
    values = 1 + u / 2 if key.endswith("running_var") else u / 2
    return torch.from_numpy(values.astype(numpy.float32)).double()


class Everything(nn.Module):
    """Every kind of weights, and two flattened images side by side before a dense layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, (3, 2), padding=(1, 0))
        self.bn = nn.BatchNorm2d(4)
        self.grouped = nn.Conv2d(4, 6, 3, stride=2, groups=2, bias=False)
        self.prelu = nn.PReLU(6)
        self.depthwise = nn.Conv2d(6, 12, 2, groups=6)
        self.up = nn.ConvTranspose2d(12, 4, 3, stride=2, groups=2)
        self.bn1d = nn.BatchNorm1d(100)
        self.slope = nn.PReLU()
        self.fc = nn.Linear(100 + 24, 5)
        self.head = nn.Sequential(nn.Dropout(), nn.Linear(5, 3))

    def forward(self, x):
        x = torch.tanh(self.bn(self.conv(x)))
        x = self.prelu(self.grouped(x))
        deep = torch.tanh(self.up(self.depthwise(x)))
        a = self.slope(self.bn1d(torch.flatten(deep, 1)))
        b = torch.flatten(nn.functional.adaptive_avg_pool2d(x, 2), 1)
        return self.head(torch.tanh(self.fc(torch.cat([a, b], 1))))


def record(net, image):
    net = net.double().eval()
    state = net.state_dict()
    for key, value in state.items():
        if value.is_floating_point():
            state[key] = weight(key, tuple(value.shape))
    net.load_state_dict(state)
    images = torch.from_numpy(uniform("images", (2, *image)).astype(numpy.float32)).double()
    with torch.no_grad():
        output = net(images.permute(0, 3, 1, 2))
    return {
        "image": image,
        "state": {key: list(value.shape) for key, value in state.items()},
        "output": [float(f"{value:.9g}") for value in output.reshape(-1).tolist()],
    }


document = {
    "about": f"scripts/golden/weights.py, Python {platform.python_version()}, torch {torch.__version__}",
    "formula": FORMULA,
    "everything": record(Everything(), [8, 8, 3]),
}
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(document, indent=1) + "\n")
