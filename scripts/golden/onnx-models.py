"""Exports small nets of PyTorch's as ONNX, by both of its exporters, with what PyTorch itself computes:
src/interop/onnx/golden/*.onnx and outputs.json.

Run from the repository's root with a Python that has torch 2.13, onnx 1.23 and onnxscript 0.7:

    python scripts/golden/onnx-models.py

Nothing is random: weights and images are numbers by the formula of scripts/golden/zoo.py, images channels last and
turned. The nets have between them what exporters are known to write in ways of their own: functions and modules of one
kind, shapes that are computed, averages to a fixed size, padding of odd sizes, gates, shuffled channels.
"""

import json
import math
import pathlib
import warnings

import numpy
import onnx
import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "interop" / "onnx" / "golden"
CLASSES = 5
# The oldest sets that say what PyTorch does: hard-swish came with 14, PyTorch's bilinear pixels with 11.
kept_opset = {"residual": 9, "mobile": 14, "inception": 11}


def uniform(key, shape):
    """Numbers on [-1, 1), as in zoo.py."""
    seed = 0x811C9DC5
    for byte in key.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    h = numpy.arange(math.prod(shape), dtype=numpy.uint32) ^ numpy.uint32(seed)
    h *= numpy.uint32(0x9E3779B1)
    h ^= h >> numpy.uint32(15)
    h *= numpy.uint32(0x85EBCA77)
    h ^= h >> numpy.uint32(13)
    return torch.tensor((h / 2**31 - 1).reshape(shape), dtype=torch.float32)


def images(count, channels, height, width):
    return uniform("images", (count, height, width, channels)).permute(0, 3, 1, 2).contiguous()


def fill(net):
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if key.endswith("num_batches_tracked"):
                continue
            u = uniform(key, tuple(value.shape))
            value.copy_(1 + u / 2 if key.endswith("running_var") else u / 2 if value.ndim < 2 else u * math.sqrt(6 / value[0].numel()))
    return net.eval()


class Block(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.downsample(x))


class Residual(nn.Module):
    """ResNet's parts."""

    size = (3, 13, 11)

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.maxpool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.layer1 = nn.Sequential(Block(4, 6, 2), Block(6, 6, 1))
        self.fc = nn.Linear(6, CLASSES)

    def forward(self, x):
        x = self.layer1(self.maxpool(F.relu(self.bn1(self.conv1(x)))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Mobile(nn.Module):
    """Depthwise convolutions, ReLU6, hard activations, a squeeze-and-excitation gate, shuffled channels."""

    size = (3, 8, 8)

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.ReLU6())
        self.squeeze = nn.Conv2d(8, 2, 1)
        self.excite = nn.Conv2d(2, 8, 1)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.depthwise(self.stem(x))
        gate = F.adaptive_avg_pool2d(x, 1)
        x = x * F.hardsigmoid(self.excite(F.relu(self.squeeze(gate))))
        batch, channels, height, width = x.shape
        y = x.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, -1, height, width)
        first, second = y.chunk(2, dim=1)
        x = torch.cat((first, F.silu(second), x), 1)
        return self.head(x.mean([2, 3]))


class Inception(nn.Module):
    """Branches, local response normalization, pools, an input that is turned in the net, a dense layer on an image."""

    size = (3, 10, 9)

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=(1, 0))
        self.norm = nn.LocalResponseNorm(3, alpha=0.1)
        self.branch1 = nn.Conv2d(6, 3, 1)
        self.branch2 = nn.Conv2d(6, 4, (3, 5), padding=(1, 2))
        self.up = nn.ConvTranspose2d(7, 5, 3, 2, 1, output_padding=1)
        self.slope = nn.PReLU(5)
        self.fc1 = nn.Linear(5 * 4 * 4, 7)
        self.drop = nn.Dropout(0.3)
        self.fc2 = nn.Linear(7, CLASSES)

    def forward(self, x):
        parts = [torch.unsqueeze(x[:, index], 1) * (0.5 + index) + 0.25 * index for index in range(3)]
        x = self.norm(F.leaky_relu(self.conv(torch.cat(parts, 1)), 0.2))
        x = F.avg_pool2d(x, 3, 2, 1)
        x = torch.cat((self.branch1(x), self.branch2(x)), 1)
        x = F.interpolate(self.slope(self.up(x)), scale_factor=2, mode="bilinear", align_corners=False)
        x = F.max_pool2d(F.pad(x, (1, 2, 0, 1)), 3, 5)
        x = self.drop(torch.tanh(self.fc1(torch.flatten(x, 1))))
        return F.log_softmax(self.fc2(x), dim=1)


def export(net, name, **options):
    path = OUT / f"{name}.onnx"
    example = images(2, *net.size)
    if options.get("dynamo"):
        batch = {0: torch.export.Dim("batch", min=1, max=64)}
        torch.onnx.export(net, (example,), str(path), dynamic_shapes=(batch,), external_data=False, verbose=False, **options)
    else:
        names = {"input_names": ["image"], "output_names": ["scores"]}
        axes = {"image": {0: "batch"}, "scores": {0: "batch"}}
        torch.onnx.export(net, (example,), str(path), dynamic_axes=axes, **names, **options)
    return strip(path)


def strip(path):
    """Leaves out what tells where each node was written: it is most of the file and says where this script lies."""


    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for info in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del info.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    del model.graph.metadata_props[:], model.metadata_props[:], model.graph.value_info[:]
    onnx.save(model, path)


def main():
    OUT.mkdir(exist_ok=True)
    outputs = {}
    for name, kind in {"residual": Residual, "mobile": Mobile, "inception": Inception}.items():
        net = fill(kind())
        x = images(2, *kind.size)
        with torch.no_grad():
            scores = net(x)
        # The exporter that traces, with batch normalization and dropout as they are, then folded as it does by itself.
        keep = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False, "dynamo": False}
        export(net, f"{name}-kept", opset_version=kept_opset[name], **keep)
        export(net, f"{name}-traced", opset_version=17, dynamo=False)
        export(net, f"{name}-dynamo", opset_version=18, dynamo=True)
        outputs[name] = {
            "input": list(kind.size),
            "parameters": sorted(key for key in net.state_dict() if not key.endswith("num_batches_tracked")),
            "scores": [[round(value, 7) for value in row] for row in scores.tolist()],
        }
    recorded = {"torch": torch.__version__, "nets": outputs}
    (OUT / "outputs.json").write_text(json.dumps(recorded, indent=1) + "\n")


main()
