"""Makes resampled.json beside it. Recorded with Python 3.11, Pillow 12.3.0, torch 2.13 and torchvision 0.28:

    pip install pillow==12.3.0 torch==2.13 torchvision==0.28
    python src/data/golden/make-golden.py

No random numbers: byte i of a source image is (i * 37 + i // 5 * 11) % 256.
"""

import json
import sys
import types
from pathlib import Path

from PIL import Image

# torchvision's compiled operators do not load beside every build of torch; registering them is all that these do.
for module in ("_meta_registrations", "_autograd_registrations"):
    sys.modules[f"torchvision.{module}"] = types.ModuleType(module)
from torchvision.transforms import functional as F  # noqa: E402


def source(width, height, channels):
    values = bytes((i * 37 + i // 5 * 11) % 256 for i in range(width * height * channels))
    return Image.frombytes("L" if channels == 1 else "RGB", (width, height), values)


def resampled():
    for width, height, channels, to_width, to_height, interpolation in [
        (12, 9, 1, 5, 7, "bilinear"),
        (12, 9, 1, 28, 28, "bilinear"),
        (50, 40, 1, 8, 8, "bilinear"),
        (7, 13, 3, 4, 5, "bilinear"),
        (3, 2, 3, 6, 2, "bilinear"),
        (1, 1, 1, 3, 2, "bilinear"),
        (12, 9, 1, 5, 7, "bicubic"),
        (7, 13, 3, 16, 5, "bicubic"),
        (50, 40, 1, 9, 6, "lanczos"),
        (5, 6, 1, 12, 9, "lanczos"),
        (13, 7, 3, 5, 9, "nearest"),
    ]:
        image = source(width, height, channels)
        resized = image.resize((to_width, to_height), Image.Resampling[interpolation.upper()])
        case = {"width": width, "height": height, "channels": channels, "toWidth": to_width, "toHeight": to_height}
        case["interpolation"] = interpolation
        case["resized"] = list(resized.tobytes())
        if channels == 3:
            case["gray"] = list(image.convert("L").tobytes())
        yield case


def transformed():
    """Resize, then CenterCrop, as torchvision does it to images of Pillow."""
    for width, height, size, crop in [
        (20, 13, 9, 7),
        (13, 20, 9, 6),
        (31, 8, 5, [4, 10]),
        (9, 6, 4, [7, 9]),
        (10, 7, [6, 5], 3),
        (11, 7, 5, None),
    ]:
        image = F.resize(source(width, height, 1), size)
        if crop is not None:
            image = F.center_crop(image, crop)
        yield {
            "width": width,
            "height": height,
            "size": size,
            "crop": crop,
            "toWidth": image.width,
            "toHeight": image.height,
            "result": list(image.tobytes()),
        }


def lines(cases):
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]"


text = f'{{\n"resampled": {lines(resampled())},\n"transformed": {lines(transformed())}\n}}\n'
Path(__file__).with_name("resampled.json").write_text(text)
