"""Records what torchvision's transforms make of photo-sized images with Pillow, as src/data/golden/photo-resize.json.

Run from the repository's root with a Python that has numpy, Pillow 12, torch 2.13 and torchvision 0.28; with the photos of
../shared/data beside it (or at FOVEA_DATA) they are recorded too:

    python scripts/golden/images.py

Images are not stored: both sides compute them by FORMULA, and only checksums of the results are kept.
"""

import hashlib
import json
import os
import pathlib
import sys
import types

import numpy
import PIL
import torch  # noqa: F401
from PIL import Image, ImageOps

# torchvision's compiled operators do not load beside every build of torch; registering them is all these are for.
for module in ("_meta_registrations", "_autograd_registrations"):
    sys.modules[f"torchvision.{module}"] = types.ModuleType(module)
import torchvision  # noqa: E402
from torchvision.transforms import InterpolationMode as Mode  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "src" / "data" / "golden" / "photo-resize.json"
DATA = pathlib.Path(os.environ.get("FOVEA_DATA", ROOT.parent / "shared" / "data")) / "photos"
FORMULA = "byte i (row-major, channels last) is the top byte of (i * 0x9e3779b1 ^ (i >> 5) * 0x85ebca77) mod 2^32"


def image(width, height):
    i = numpy.arange(width * height * 3, dtype=numpy.uint64)
    mixed = (i * 0x9E3779B1 ^ (i >> numpy.uint64(5)) * 0x85EBCA77) & 0xFFFFFFFF
    return Image.fromarray((mixed >> numpy.uint64(24)).astype(numpy.uint8).reshape(height, width, 3))


def record(picture, size, crop, mode):
    resized = F.center_crop(F.resize(picture, [size], Mode(mode)), [crop])
    pixels = numpy.asarray(resized)
    return {
        "resize": {"size": size, "crop": crop, "interpolation": mode, "antialias": True},
        "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "corner": pixels[0, :2].ravel().tolist(),
    }


cases = []
for width, height in [(1280, 720), (512, 929), (300, 257), (231, 240)]:
    for size, crop, mode in [(256, 224, "bilinear"), (232, 224, "bilinear"), (256, 224, "bicubic")]:
        cases.append({"width": width, "height": height, **record(image(width, height), size, crop, mode)})
photos = []
for name in ["cat_720p.jpg", "parrot.jpg", "sunflower.bmp"] if DATA.exists() else []:
    picture = ImageOps.exif_transpose(Image.open(DATA / name)).convert("RGB")
    photos.append({
        "name": name,
        "pixels": hashlib.sha256(numpy.asarray(picture).tobytes()).hexdigest(),
        **record(picture, 256, 224, "bilinear"),
    })
versions = {"pillow": PIL.__version__, "torchvision": torchvision.__version__}
OUT.parent.mkdir(exist_ok=True)
OUT.write_text(json.dumps({"formula": FORMULA, "versions": versions, "cases": cases, "photos": photos}, indent=1) + "\n")
