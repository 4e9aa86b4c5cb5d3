"""Records what the papers' nets compute, in float64, as src/zoo/golden/papers.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/zoo_papers.py

torchvision has none of these nets: they are written down here from the papers, in PyTorch's modules, with a normalization,
a squashing and a loss of their own. Weights and images are not stored: both sides compute them by FORMULA.
"""

import json
import math
import pathlib
import platform
import re

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

from formula import CLASSES, FORMULA, numbers, uniform, value

ROOT = pathlib.Path(__file__).resolve().parents[2] / "src" / "zoo"
OUT = ROOT / "golden" / "papers.json"
IMAGE = 99
LABELS = [3, 1]
# Keys of a step's images: such that no value lies so near to a kink of ReLU or a tie of pooling that rounding decides.
STEPS = {"alexnet:paper": "images", "zfnet": "images", "zfnet:512": "images", "googlenet:paper": "images 1", "lenet5:1998": "images"}
GAINS = {"alexnet:paper": 1.0, "zfnet": 1.0, "zfnet:512": 1.0, "googlenet:paper": 1.0, "lenet5:1998": 0.5}


class Normalize(nn.Module):
    """Krizhevsky et al. 2012, section 3.3: alpha is not divided by the number of channels."""

    def __init__(self, k, alpha):
        super().__init__()
        self.k, self.alpha = k, alpha

    def forward(self, x):
        squares = F.pad(x * x, (0, 0, 0, 0, 2, 2))
        sums = sum(squares[:, i : i + x.shape[1]] for i in range(5))
        return x / (self.k + self.alpha * sums) ** 0.75


class Column(nn.Module):
    """Convolutions conv1 to conv5 and dense layers fc6 to fc8."""

    def __init__(self, convolutions, behind, units):
        super().__init__()
        self.behind = behind
        inputs = 3
        for index, (filters, size, stride, padding, groups) in enumerate(convolutions, 1):
            setattr(self, f"conv{index}", nn.Conv2d(inputs, filters, size, stride, padding, groups=groups))
            inputs = filters
        with torch.no_grad():
            inputs = self.features(torch.zeros(1, 3, IMAGE, IMAGE)).numel()
        for index, outputs in enumerate((*units, CLASSES), 6):
            setattr(self, f"fc{index}", nn.Linear(inputs, outputs))
            inputs = outputs

    def features(self, x):
        for index in range(1, 6):
            x = F.relu(getattr(self, f"conv{index}")(x))
            for step in self.behind.get(index, []):
                x = step(x)
        return x.flatten(1)

    def forward(self, x):
        x = F.relu(self.fc6(self.features(x)))
        return self.fc8(F.relu(self.fc7(x)))


def alexnet():
    pool, norm = nn.MaxPool2d(3, 2), Normalize(2, 1e-4)
    shapes = [(96, 11, 4, 0, 1), (256, 5, 1, 2, 2), (384, 3, 1, 1, 1), (384, 3, 1, 1, 2), (256, 3, 1, 1, 2)]
    return Column(shapes, {1: [norm, pool], 2: [norm, pool], 5: [pool]}, (4096, 4096))


def zfnet(padding, order, filters, units):
    steps = {"pool": nn.MaxPool2d(3, 2, ceil_mode=True), "norm": Normalize(2, 1e-4)}
    both = [steps[step] for step in order]
    last = [(count, 3, 1, 1, 1) for count in filters]
    return Column([(96, 7, 2, padding, 1), (256, 5, 2, 0, 1), *last], {1: both, 2: both, 5: [steps["pool"]]}, units)


class Inception(nn.Module):
    def __init__(self, inputs, one, three, five, pooled):
        super().__init__()
        self.branch1 = nn.Conv2d(inputs, one, 1)
        self.branch2 = nn.ModuleList([nn.Conv2d(inputs, three[0], 1), nn.Conv2d(three[0], three[1], 3, padding=1)])
        self.branch3 = nn.ModuleList([nn.Conv2d(inputs, five[0], 1), nn.Conv2d(five[0], five[1], 5, padding=2)])
        self.branch4 = nn.ModuleList([nn.MaxPool2d(3, 1, 1), nn.Conv2d(inputs, pooled, 1)])

    def forward(self, x):
        two = F.relu(self.branch2[1](F.relu(self.branch2[0](x))))
        three = F.relu(self.branch3[1](F.relu(self.branch3[0](x))))
        return torch.cat([F.relu(self.branch1(x)), two, three, F.relu(self.branch4[1](self.branch4[0](x)))], 1)


class Head(nn.Module):
    def __init__(self, inputs, size):
        super().__init__()
        self.conv, self.fc1, self.fc2 = nn.Conv2d(inputs, 128, 1), nn.Linear(128 * size**2, 1024), nn.Linear(1024, CLASSES)

    def forward(self, x):
        x = F.relu(self.conv(F.avg_pool2d(x, 5, 3, ceil_mode=True))).flatten(1)
        return self.fc2(F.relu(self.fc1(x)))


class GoogLeNet(nn.Module):
    MODULES = {
        "3a": (192, 64, (96, 128), (16, 32), 32),
        "3b": (256, 128, (128, 192), (32, 96), 64),
        "4a": (480, 192, (96, 208), (16, 48), 64),
        "4b": (512, 160, (112, 224), (24, 64), 64),
        "4c": (512, 128, (128, 256), (24, 64), 64),
        "4d": (512, 112, (144, 288), (32, 64), 64),
        "4e": (528, 256, (160, 320), (32, 128), 128),
        "5a": (832, 256, (160, 320), (32, 128), 128),
        "5b": (832, 384, (192, 384), (48, 128), 128),
    }

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 64, 7, 2, 3), nn.Conv2d(64, 64, 1)
        self.conv3 = nn.Conv2d(64, 192, 3, padding=1)
        for name, filters in self.MODULES.items():
            setattr(self, f"inception{name}", Inception(*filters))
        # 7 x 7 maps at 99 x 99: windows of 5 with stride 3 leave 2 x 2.
        self.aux1, self.aux2 = Head(512, 2), Head(528, 2)
        self.fc = nn.Linear(1024, CLASSES)

    def forward(self, x):
        pool, norm = nn.MaxPool2d(3, 2, ceil_mode=True), Normalize(1, 1e-4 / 5)
        x = norm(pool(F.relu(self.conv1(x))))
        x = pool(norm(F.relu(self.conv3(F.relu(self.conv2(x))))))
        heads = {}
        for name in self.MODULES:
            if name in ("4a", "5a"):
                x = pool(x)
            x = getattr(self, f"inception{name}")(x)
            if name in ("4a", "4d"):
                heads[name] = x
        logits = self.fc(x.mean((2, 3)))
        return (logits, self.aux1(heads["4a"]), self.aux2(heads["4d"])) if self.training else logits


def squash(x):
    return 1.7159 * torch.tanh(2 / 3 * x)


class LeNet(nn.Module):
    """LeCun et al. 1998, section II.B; C3's maps see S2's by table I."""

    TABLE = ["012", "123", "234", "345", "450", "501"]
    TABLE += ["0123", "1234", "2345", "3450", "4501", "5012", "0134", "1245", "2350"]
    TABLE += ["012345"]

    def __init__(self, codes):
        super().__init__()
        self.c1, self.c5, self.f6 = nn.Conv2d(1, 6, 5), nn.Conv2d(16, 120, 5), nn.Linear(120, 84)
        self.s2, self.s4 = (nn.ParameterDict({"weight": torch.zeros(n), "bias": torch.zeros(n)}) for n in (6, 16))
        self.c3 = nn.ModuleDict(
            {"three": nn.Conv2d(18, 6, 5, groups=6), "four": nn.Conv2d(36, 9, 5, groups=9), "six": nn.Conv2d(6, 1, 5)}
        )
        self.codes = codes

    @staticmethod
    def subsample(x, own):
        sums = F.avg_pool2d(x, 2) * 4
        return squash(sums * own["weight"][:, None, None] + own["bias"][:, None, None])

    def forward(self, x):
        x = squash(self.c1(F.pad(x, (2, 2, 2, 2), value=-0.1)))
        x = self.subsample(x, self.s2)
        maps = []
        weights = [(part.weight[i], part.bias[i]) for part in self.c3.values() for i in range(len(part.bias))]
        for seen, (weight, bias) in zip(self.TABLE, weights):
            maps.append(F.conv2d(x[:, [int(digit) for digit in seen]], weight[None], bias[None]))
        x = self.subsample(squash(torch.cat(maps, 1)), self.s4)
        x = squash(self.f6(squash(self.c5(x)).flatten(1)))
        return -((x[:, None] - self.codes) ** 2).sum(2)


def codes():
    """The drawings of src/zoo/lenet-codes.ts."""
    rows = re.findall(r'^  "([.#]{7}(?: [.#]{7}){11})",$', (ROOT / "lenet-codes.ts").read_text(), re.M)
    pixels_ = [[1.0 if pixel == "#" else -1.0 for pixel in row.replace(" ", "")] for row in rows]
    return torch.tensor(pixels_, dtype=torch.float64)


BUILDERS = {
    "alexnet:paper": alexnet,
    "zfnet": lambda: zfnet(1, ("pool", "norm"), (384, 384, 256), (4096, 4096)),
    "zfnet:512": lambda: zfnet(0, ("norm", "pool"), (512, 512, 512), (4096, 1024)),
    "googlenet:paper": GoogLeNet,
    "lenet5:1998": lambda: LeNet(codes()),
}


def net_of(name):
    net = BUILDERS[name]()
    with torch.no_grad():
        for key, tensor in net.named_parameters():
            tensor.copy_(torch.from_numpy(value(key, tuple(tensor.shape), GAINS[name])))
    return net.double()


def images(name, count, key="images"):
    shape = (count, 28, 28, 1) if name == "lenet5:1998" else (count, IMAGE, IMAGE, 3)
    return torch.from_numpy(uniform(key, shape).astype(numpy.float32)).permute(0, 3, 1, 2).double()


def loss_of(name, outputs):
    labels = torch.tensor(LABELS)
    if name == "lenet5:1998":
        # Equation 9 with j = 1.
        y = -outputs
        own = y[torch.arange(len(LABELS)), labels]
        return (own + torch.log(math.exp(-1) + torch.exp(-y).sum(1))).mean()
    if isinstance(outputs, tuple):
        weights = (1, 0.3, 0.3)
        return sum(weight * F.cross_entropy(head, labels) for weight, head in zip(weights, outputs))
    return F.cross_entropy(outputs, labels)


def gradients(name, net, key):
    net.zero_grad()
    loss = loss_of(name, net.train()(images(name, len(LABELS), key)))
    loss.backward()
    return loss, {name: parameter.grad.clone() for name, parameter in net.named_parameters()}


def prediction(name):
    with torch.no_grad():
        logits = net_of(name).eval()(images(name, 2))
    return {"name": name, "gain": GAINS[name], "logits": numbers(logits.flatten().tolist())}


def training(name):
    loss, found = gradients(name, net_of(name), STEPS[name])
    figures = {
        name: numbers([gradient.norm().item(), gradient.flatten()[0].item(), gradient.flatten()[-1].item()])
        for name, gradient in found.items()
    }
    return {
        "name": name,
        "gain": GAINS[name],
        "images": STEPS[name],
        "labels": LABELS,
        "loss": loss.item(),
        "gradients": figures,
        "statistics": {},
    }


def main():
    header = {
        "command": "python scripts/golden/zoo_papers.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
        "imageShape": [IMAGE, IMAGE, 3],
        "classes": CLASSES,
    }
    predictions = ",\n".join("    " + json.dumps(prediction(name)) for name in BUILDERS)
    steps = ",\n".join("    " + json.dumps(training(name)) for name in BUILDERS)
    text = json.dumps(header, indent=2)[:-2]
    text += f',\n  "predictions": [\n{predictions}\n  ],\n  "steps": [\n{steps}\n  ]\n}}\n'
    OUT.write_text(text)


if __name__ == "__main__":
    main()
