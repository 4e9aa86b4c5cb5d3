"""PyTorch's side of the bench: the same nets, data and steps.

Reads one JSON request a line from standard input and answers each with one JSON line:
  {"do": "prepare", "name": ..., "batch": ..., "data": {"images": PATH, "labels": PATH},
   "weights": {NAME: {"shape": [...], "base64": float32}}}      -> {"losses": [...], "setting": fastest}
  {"do": "time", "steps": N, "fastest": BOOL}                   -> {"milliseconds": per step}
Timed are PyTorch as it comes (contiguous tensors, the default Adam) and the fastest of its settings for the net.
"""

import base64
import json
import sys
import time

import numpy
import torch
from torch import nn


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        # The layer after flattening, and the shape before it.
        self.flattened = ("fc1", (5, 5, 16))

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc3(torch.relu(self.fc2(x)))


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.fc2 = nn.Linear(512, 256)
        self.fc3 = nn.Linear(256, 10)
        self.flattened = ("fc1", (28, 28, 1))

    def forward(self, x):
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc3(torch.relu(self.fc2(x)))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc = nn.Linear(1600, 10)
        self.dropout = nn.Dropout(0.5)
        self.flattened = ("fc", (5, 5, 64))

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc(self.dropout(x.flatten(1)))


NETS = {"lenet5": LeNet5, "dense": Dense, "convnet": ConvNet}
LEARNING_RATE = 1e-3
# Adam's epsilon as Fovea (and Keras) has it: PyTorch's own default is 1e-8.
EPSILON = 1e-7


def read_idx(path):
    with open(path, "rb") as file:
        data = file.read()
    dimensions = data[3]
    shape = numpy.frombuffer(data, ">i4", dimensions, 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load_weights(net, weights):
    """Fovea's layouts to PyTorch's: filters HWIO to OIHW, matrices transposed, flattening by channel instead of by row."""
    layer, (height, width, channels) = net.flattened
    state = {}
    for name, stored in weights.items():
        value = torch.frombuffer(bytearray(base64.b64decode(stored["base64"])), dtype=torch.float32)
        value = value.reshape(stored["shape"])
        if name == f"{layer}.weight":
            value = value.reshape(height, width, channels, -1).permute(3, 2, 0, 1).flatten(1)
        elif value.dim() == 4:
            value = value.permute(3, 2, 0, 1)
        elif value.dim() == 2:
            value = value.T
        state[name] = value.contiguous()
    net.load_state_dict(state)


class Training:
    def __init__(self, request, channels_last, fused):
        self.net = NETS[request["name"]]()
        load_weights(self.net, request["weights"])
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.net = self.net.to(memory_format=self.format)
        self.optimizer = torch.optim.Adam(self.net.parameters(), LEARNING_RATE, eps=EPSILON, fused=fused)
        self.loss = nn.CrossEntropyLoss()
        self.batch = request["batch"]
        self.images = torch.from_numpy(read_idx(request["data"]["images"]).copy()).unsqueeze(1)
        self.labels = torch.from_numpy(read_idx(request["data"]["labels"]).astype(numpy.int64))
        self.order = torch.randperm(len(self.labels))
        self.position = 0
        self.setting = f"{'channels_last' if channels_last else 'contiguous'}, {'fused' if fused else 'default'} Adam"

    def step(self, indices):
        x = self.images[indices].to(torch.float32).div_(255).contiguous(memory_format=self.format)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.net(x), self.labels[indices])
        loss.backward()
        self.optimizer.step()
        return loss

    def time(self, steps):
        """Milliseconds a step."""
        begin = time.perf_counter()
        for _ in range(steps):
            if self.position + self.batch > len(self.order):
                self.order = torch.randperm(len(self.labels))
                self.position = 0
            self.step(self.order[self.position : self.position + self.batch])
            self.position += self.batch
        return (time.perf_counter() - begin) / steps * 1e3


def first_losses(request):
    """Loss before each of three steps on the first batch, without dropout."""
    training = Training(request, False, False)
    training.net.eval()
    indices = torch.arange(request["batch"])
    return [training.step(indices).item() for _ in range(3)]


def fastest(default, request):
    """The fastest of PyTorch's ways to do this work: the better memory format and the better Adam."""
    others = [Training(request, last, fused) for last, fused in ((False, True), (True, False), (True, True))]
    candidates = [default, *others]
    best = {candidate: float("inf") for candidate in candidates}
    for _ in range(4):
        for candidate in candidates:
            best[candidate] = min(best[candidate], candidate.time(12))
    return min(candidates, key=best.get)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    default, best = None, None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "prepare":
            losses = first_losses(request)
            default = Training(request, False, False)
            best = fastest(default, request)
            answer = {"losses": losses, "setting": best.setting}
        else:
            answer = {"milliseconds": (best if request["fastest"] else default).time(request["steps"])}
        print(json.dumps(answer), flush=True)


main()
