"""Records how PyTorch trains a small net, in float64, as src/models/golden/training.json.

Run from the repository's root with a Python that has torch 2.13:

    python scripts/golden/training.py

The net is 4 inputs, a layer "body.fc" of 3 with ReLU, a layer "head" of 3. It sees seven examples in batches of three, in
order, for three epochs. Inputs and first weights are not stored: inputs are bytes, (7919 i + 13) mod 256 of element i, times
1 / 255, and weights are `draw` of ops.py with seeds 1 to 4.
"""

import json
import pathlib
import platform

import torch
import torch.nn.functional as F

from ops import draw, numbers

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "models" / "golden"
LABELS = torch.tensor([0, 1, 2, 1, 1, 0, 1])
BATCH_SIZE = 3
EPOCHS = 3
SHAPES = {"body.fc.weight": (4, 3), "body.fc.bias": (3,), "head.weight": (3, 3), "head.bias": (3,)}


def inputs():
    index = torch.arange(len(LABELS) * 4, dtype=torch.int64)
    return ((index * 7919 + 13) % 256).double().reshape(-1, 4) / 255


def forward(x, weights):
    hidden = torch.relu(x @ weights["body.fc.weight"] + weights["body.fc.bias"])
    return hidden @ weights["head.weight"] + weights["head.bias"]


def train(name, make, factors=None, class_weights=None, smoothing=0.0, momentum=None, clip=None):
    """`make` takes parameter groups and the rate; `factors` are the layers' factors of the rate."""
    weights = {
        key: torch.nn.Parameter(draw(shape, 1 + index).clone()) for index, (key, shape) in enumerate(SHAPES.items())
    }
    rate, create = make
    groups = [
        {"params": [value for key, value in weights.items() if key.startswith(layer)], "lr": rate * factor}
        for layer, factor in (factors or {"body": 1, "head": 1}).items()
    ]
    optimizer = create(groups)
    average = torch.optim.swa_utils.AveragedModel(
        torch.nn.ParameterList(weights.values()),
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(momentum or 0.5),
    )
    # The first update copies: the average starts from the first weights.
    average.update_parameters(torch.nn.ParameterList(weights.values()))
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for begin in range(0, len(LABELS), BATCH_SIZE):
            x, labels = inputs()[begin : begin + BATCH_SIZE], LABELS[begin : begin + BATCH_SIZE]
            each = F.cross_entropy(forward(x, weights), labels, reduction="none", label_smoothing=smoothing)
            if class_weights is not None:
                each = each * torch.tensor(class_weights, dtype=torch.float64)[labels]
            loss = each.mean()
            optimizer.zero_grad()
            loss.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(weights.values(), clip)
            optimizer.step()
            average.update_parameters(torch.nn.ParameterList(weights.values()))
            total += loss.item() * len(labels)
        losses.append(float(f"{total / len(LABELS):.13g}"))
    result = {"name": name, "losses": losses, "weights": {key: numbers(value) for key, value in weights.items()}}
    if momentum is not None:
        averages = dict(zip(weights, average.module.parameters()))
        result["average"] = {key: numbers(value) for key, value in averages.items()}
    return result


def main():
    sgd = 0.2, lambda groups: torch.optim.SGD(groups)
    heavy = 0.2, lambda groups: torch.optim.SGD(groups, momentum=0.9, nesterov=True)
    adam = 0.05, lambda groups: torch.optim.Adam(groups, eps=1e-7)
    rms = 0.02, lambda groups: torch.optim.RMSprop(groups, alpha=0.9, eps=1e-7)

    def adam_w(groups):
        # Biases do not decay: groups of their own.
        split = [
            {"params": [p for p in group["params"] if (p.dim() > 1) == kernels], "lr": group["lr"], "weight_decay": decay}
            for group in groups
            for kernels, decay in ((True, 0.5), (False, 0))
        ]
        return torch.optim.AdamW(split, eps=1e-7)

    factors = {"body": 0.25, "head": 2}
    cases = [
        train("sgd", sgd, factors),
        train("sgd, clipped", sgd, factors, clip=0.1),
        train("momentum", heavy, factors),
        train("adam", adam, factors),
        train("adamW", (0.05, adam_w), factors),
        train("rmsprop", rms, factors),
        train("body at 0", heavy, {"body": 0, "head": 1}),
        train("class weights", sgd, class_weights=[2, 0.5, 3]),
        train("class weights, smoothed labels", sgd, class_weights=[2, 0.5, 3], smoothing=0.2),
        train("average", heavy, momentum=0.75),
    ]
    header = {
        "command": "python scripts/golden/training.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    lines = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    head = json.dumps(header, indent=2)[:-2]
    OUT.mkdir(exist_ok=True)
    (OUT / "training.json").write_text(f'{head},\n  "cases": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
