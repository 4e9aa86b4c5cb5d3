"""Whole nets: their forward pass, and training steps."""

import json
import os

import numpy
import torch
from torch import nn

from nets import NETS
from work import Work, read

# Steps whose losses are compared.
COMPARED_STEPS = 3
# Adam's epsilon as Fovea (and Keras) has it: PyTorch's own default is 1e-8.
EPSILON = 1e-7
MOMENTUM = 0.9


def read_safetensors(path):
    """Names and float32 arrays of a safetensors file; the arrays are views of the file."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    values = numpy.memmap(path, numpy.float32, "r", 8 + length)
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (offset // 4 for offset in entry["data_offsets"])
            yield name, values[begin:end].reshape(entry["shape"])


def load_weights(net, folder, flattened):
    """Fovea's layouts to PyTorch's: filters HWIO to OIHW, matrices transposed, flattening by channel instead of by row."""
    state = {}
    for name, stored in read_safetensors(os.path.join(folder, "weights.safetensors")):
        value = torch.from_numpy(numpy.array(stored))
        if name in flattened:
            height, width, channels = flattened[name]
            value = value.reshape(height, width, channels, -1).permute(3, 2, 0, 1).flatten(1)
        elif value.dim() == 4:
            value = value.permute(3, 2, 0, 1)
        elif value.dim() == 2:
            value = value.T
        state[name] = value
    result = net.load_state_dict(state, strict=False)
    # A count of the batches that have been seen; only an average over all of them would use it.
    missing = [name for name in result.missing_keys if not name.endswith("num_batches_tracked")]
    if missing or result.unexpected_keys:
        raise ValueError(f"weights missing: {missing}; not known: {result.unexpected_keys}")


class Net(Work):
    def __init__(self, case, folder, channels_last):
        with open(os.path.join(folder, "net.json")) as file:
            self.about = json.load(file)
        self.folder = folder
        self.batch = case["batch"]
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.net = NETS[case["net"]]()
        load_weights(self.net, folder, self.about["flattened"])
        self.net = self.net.to(memory_format=self.format)

    def read_images(self, name, dtype):
        images = read(self.folder, name, dtype, (-1, *self.about["inputShape"]))
        return images.permute(0, 3, 1, 2).contiguous(memory_format=self.format)


class Inference(Net):
    def __init__(self, case, folder, channels_last, _fused):
        super().__init__(case, folder, channels_last)
        self.net.eval()
        self.images = self.read_images("images.f32", numpy.float32)

    def run(self):
        return self.net(self.images)

    @torch.no_grad()
    def outputs(self):
        return self.run().numpy()


class Training(Net):
    gradients = True

    def __init__(self, case, folder, channels_last, fused):
        super().__init__(case, folder, channels_last)
        parameters, rate = self.net.parameters(), case["learningRate"]
        self.optimizer = (
            torch.optim.Adam(parameters, rate, eps=EPSILON, fused=fused)
            if case["optimizer"] == "adam"
            else torch.optim.SGD(parameters, rate, momentum=MOMENTUM, fused=fused)
        )
        self.loss = nn.CrossEntropyLoss()
        self.images = self.read_images("images.u8", numpy.uint8)
        self.labels = read(folder, "labels.i32", numpy.int32, (-1,)).to(torch.int64)
        self.order = torch.empty(0, dtype=torch.int64)

    def step(self, indices):
        scale, offset = (self.about["preprocessing"][name] for name in ("scale", "offset"))
        x = self.images[indices].to(torch.float32).mul_(scale)
        x = (x if offset == 0 else x.add_(offset)).contiguous(memory_format=self.format)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.net(x), self.labels[indices])
        loss.backward()
        self.optimizer.step()
        return loss

    def run(self):
        if len(self.order) < self.batch:
            self.order = torch.randperm(len(self.labels))
        self.step(self.order[: self.batch])
        self.order = self.order[self.batch :]

    def outputs(self):
        """Loss before each of the first steps on the first batch, without dropout."""
        for module in self.net.modules():
            if isinstance(module, nn.Dropout):
                module.eval()
        indices = torch.arange(self.batch)
        return numpy.array([self.step(indices).item() for _ in range(COMPARED_STEPS)], numpy.float32)
