"""Records what PyTorch and torchvision make of images that are warped and changed, as src/ops/golden/warp-images.json
and src/data/augment/golden/augment.json.

Run from the repository's root with a Python that has torch 2.13 and torchvision 0.28:

    python scripts/golden/augment.py

Inputs are not stored: both sides compute them by `draw`. Images are [H, W, C], bytes.
"""

import base64
import json
import math
import pathlib
import platform
import sys
import types

import torch
import torch.nn.functional as F

# torchvision's compiled operators do not load beside every build of torch; registering them is all these are for.
for module in ("_meta_registrations", "_autograd_registrations"):
    sys.modules[f"torchvision.{module}"] = types.ModuleType(module)
import torchvision  # noqa: E402
import torchvision.transforms.functional as T  # noqa: E402
from torchvision.transforms.autoaugment import RandAugment  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2] / "src"
FORMULA = "(7919 i + 331 seed) mod 251 for element i in row-major order"
HEIGHT, WIDTH, CHANNELS = 7, 9, 3


def draw(shape, seed):
    index = torch.arange(torch.Size(shape).numel(), dtype=torch.int64)
    return ((index * 7919 + seed * 331) % 251).to(torch.uint8).reshape(shape)


def image(seed=1, low=0, high=250, size=(HEIGHT, WIDTH)):
    """Bytes from low to high, channels first as torchvision has them."""
    bytes_ = draw((*size, CHANNELS), seed).permute(2, 0, 1)
    return (low + bytes_.double() * (high - low) / 250).round().to(torch.uint8)


def record(tensor):
    """Channels last again."""
    values = tensor.permute(1, 2, 0).reshape(-1).tolist()
    return [value if isinstance(value, int) else float(f"{value:.10g}") for value in values]


def encoded(tensor):
    return base64.b64encode(tensor.permute(1, 2, 0).contiguous().numpy().tobytes()).decode()


def write(path, content):
    header = {
        "command": "python scripts/golden/augment.py",
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
        "inputs": FORMULA,
        "shape": [HEIGHT, WIDTH, CHANNELS],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [f'  "{name}": {json.dumps(value)}' for name, value in header.items()]
    for name, cases in content.items():
        lines = ",\n".join("    " + json.dumps(case) for case in cases)
        parts.append(f'  "{name}": [\n{lines}\n  ]')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def grid_case(name, map_, size):
    """grid_sample takes points in [-1, 1], where -1 is the outer edge of the first pixel."""
    a, b, c, d, e, f = map_
    i, j = torch.meshgrid(
        torch.arange(size[0], dtype=torch.float64), torch.arange(size[1], dtype=torch.float64), indexing="ij"
    )
    x, y = a * j + b * i + c, d * j + e * i + f
    grid = torch.stack([(2 * x + 1) / WIDTH - 1, (2 * y + 1) / HEIGHT - 1], dim=-1)
    y = F.grid_sample(
        image().double()[None], grid[None], mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return {"name": name, "map": map_, "size": size, "values": record(y[0])}


def affine(**changes):
    options = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0], **changes}
    y = T.affine(image().double(), interpolation=T.InterpolationMode.BILINEAR, fill=None, **options)
    return record(y)


def factors(name, function, values):
    mild = image(2, 90, 160).double() / 255
    return [
        {"name": name, "factor": value, "values": record(255 * function(mild, value))} for value in values
    ]


def byte_cases():
    cases = []
    for seed, low, high, size in ((1, 0, 250, [7, 9]), (2, 40, 203, [7, 9]), (3, 100, 131, [16, 40])):
        source = image(seed, low, high, size)
        add = lambda name, value, y: cases.append(
            {"name": name, "value": value, "seed": seed, "low": low, "high": high, "size": size, "bytes": encoded(y)}
        )
        add("equalize", None, T.equalize(source))
        add("autoContrast", None, T.autocontrast(source))
        if size[0] > HEIGHT:
            continue
        for bits in (1, 4, 7):
            add("posterize", bits, T.posterize(source, bits))
        for threshold in (0.0, 101.0, 178.5):
            add("solarize", threshold, T.solarize(source, threshold))
        for factor in (0.1, 0.73, 1.9):
            add("sharpness", factor, T.adjust_sharpness(source, factor))
    return cases


def rand_augment():
    space = RandAugment()._augmentation_space(31, (HEIGHT * 10, WIDTH * 10))
    return [
        {
            "name": name,
            "magnitudes": [float(f"{value:.7g}") for value in magnitudes.tolist()] if magnitudes.ndim else [],
            "signed": signed,
        }
        for name, (magnitudes, signed) in space.items()
    ]


turn = math.pi / 7
write(
    ROOT / "ops" / "golden" / "warp-images.json",
    {
        "cases": [
            grid_case("nothing", [1, 0, 0, 0, 1, 0], [HEIGHT, WIDTH]),
            grid_case("turned", [math.cos(turn), -math.sin(turn), 2.5, math.sin(turn), math.cos(turn), -1.25], [HEIGHT, WIDTH]),
            grid_case("a crop, drawn out", [0.4, 0, 1.3, 0, 0.3, 2.2], [9, 11]),
            grid_case("made smaller, beyond all edges", [1.7, 0.2, -2, -0.3, 1.9, -1.5], [5, 6]),
        ]
    },
)
write(
    ROOT / "data" / "augment" / "golden" / "augment.json",
    {
        "affine": [
            {"kind": "rotation", "value": 25.0, "values": affine(angle=25.0)},
            {"kind": "rotation", "value": -100.0, "values": affine(angle=-100.0)},
            {"kind": "scale", "value": 1.3, "values": affine(scale=1.3)},
            {"kind": "scale", "value": 0.6, "values": affine(scale=0.6)},
            {"kind": "shearX", "value": 0.21, "values": affine(shear=[math.degrees(math.atan(0.21)), 0.0], center=[0, 0])},
            {"kind": "shearY", "value": -0.3, "values": affine(shear=[0.0, math.degrees(math.atan(-0.3))], center=[0, 0])},
            {"kind": "translate", "value": 3.0, "values": affine(translate=[3, 0])},
        ],
        "colours": [
            *factors("brightness", T.adjust_brightness, (0.6, 1.4)),
            *factors("contrast", T.adjust_contrast, (0.5, 1.7)),
            *factors("saturation", T.adjust_saturation, (0.0, 1.8)),
        ],
        "bytes": byte_cases(),
        "randAugment": rand_augment(),
    },
)
