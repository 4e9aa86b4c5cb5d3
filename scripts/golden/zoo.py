"""Records what torchvision's nets compute, in float64, as src/zoo/golden/torchvision.json.

Run from the repository's root with a Python that has torch 2.13 and torchvision 0.28:

    python scripts/golden/zoo.py

Weights and images are not stored: both sides compute them by FORMULA, so the file stays small. Nothing is random.
"""

import json
import pathlib
import platform
import sys
import types

import torch
import torch.nn.functional as F

# Only the nets are needed. torchvision's compiled operators do not load beside every build of torch, and registering
# them is all that these two modules are for.
for module in ("_meta_registrations", "_autograd_registrations"):
    sys.modules[f"torchvision.{module}"] = types.ModuleType(module)
import torchvision  # noqa: E402

from formula import CLASSES, FORMULA, IMAGE, numbers, pixels, value  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "zoo" / "golden" / "torchvision.json"

# Without training, batch normalization does not normalize: kernels are scaled so that logits stay of order 1.
GAINS = {"googlenet": 0.8, "resnet": 0.6, "vgg": 1.0, "alexnet": 1.0, "squeezenet": 1.0, "mobilenet": 0.8}
NETS = [
    *("alexnet", "googlenet"),
    *(f"vgg{depth}{suffix}" for depth in (11, 13, 16, 19) for suffix in ("", "_bn")),
    *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
    *("squeezenet1_0", "squeezenet1_1", "mobilenet_v2"),
]
# Nets of which a training step is recorded, and the key of its images: such that no value lies so near to a kink of ReLU or a
# tie of pooling that rounding, which differs between implementations, decides about gradients.
TRAINED = {"alexnet": "images", "googlenet": "images 4", "vgg11_bn": "images", "resnet18": "images 9"}
LABELS = [3, 1, 4, 1]


def gain_of(name):
    return next(gain for family, gain in GAINS.items() if name.startswith(family))


def net_of(name):
    options = {} if name.startswith("resnet") else {"dropout": 0}
    if name == "googlenet":
        options.update(dropout_aux=0, aux_logits=True, transform_input=True, init_weights=False)
    net = getattr(torchvision.models, name)(num_classes=CLASSES, **options)
    for key, tensor in net.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(value(key, tuple(tensor.shape), gain_of(name))))
    # After rounding to float32, as it was built.
    return net.double()


def images(count, key="images"):
    return torch.from_numpy(pixels(count, key)).permute(0, 3, 1, 2).double()


def prediction(name):
    """Logits in inference mode and, where batches are normalized, in training mode."""
    with torch.no_grad():
        net = net_of(name)
        result = {"name": name, "gain": gain_of(name), "logits": numbers(net.eval()(images(2)).flatten().tolist())}
        if any(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules()):
            outputs = net.train()(images(2))
            logits = outputs if isinstance(outputs, torch.Tensor) else outputs.logits
            result["trainingLogits"] = numbers(logits.flatten().tolist())
    return result


def gradients(net, key):
    net.zero_grad()
    outputs = net(images(len(LABELS), key).to(next(net.parameters()).dtype))
    labels = torch.tensor(LABELS)
    if isinstance(outputs, torch.Tensor):
        loss = F.cross_entropy(outputs, labels)
    else:
        heads = (outputs.aux_logits1, outputs.aux_logits2)
        loss = F.cross_entropy(outputs.logits, labels) + 0.3 * sum(F.cross_entropy(head, labels) for head in heads)
    loss.backward()
    return loss, {name: parameter.grad.clone() for name, parameter in net.named_parameters()}


def training(name):
    """Loss, and of each gradient the Euclidean norm, the first and the last element, which are so in any layout."""
    key = TRAINED[name]
    net = net_of(name).train()
    loss, found = gradients(net, key)
    figures = {
        name: numbers([gradient.norm().item(), gradient.flatten()[0].item(), gradient.flatten()[-1].item()])
        for name, gradient in found.items()
    }
    statistics = {
        name: numbers([tensor.norm().item(), tensor[0].item(), tensor[-1].item()])
        for name, tensor in net.named_buffers()
        if not name.endswith("num_batches_tracked")
    }
    return {
        "name": name,
        "gain": gain_of(name),
        "images": key,
        "labels": LABELS,
        "loss": loss.item(),
        "gradients": figures,
        "statistics": statistics,
    }


def main():
    header = {
        "command": "python scripts/golden/zoo.py",
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
        "imageShape": [IMAGE, IMAGE, 3],
        "classes": CLASSES,
    }
    predictions = ",\n".join("    " + json.dumps(prediction(name)) for name in NETS)
    steps = ",\n".join("    " + json.dumps(training(name)) for name in TRAINED)
    text = json.dumps(header, indent=2)[:-2]
    text += f',\n  "predictions": [\n{predictions}\n  ],\n  "steps": [\n{steps}\n  ]\n}}\n'
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text)


if __name__ == "__main__":
    main()
