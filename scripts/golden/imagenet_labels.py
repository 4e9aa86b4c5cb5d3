"""Writes the names of ImageNet-1k's classes, in the order of the outputs, as src/zoo/weights/imagenet-labels.ts.

Run from the repository's root with a Python that has torchvision 0.28:

    python scripts/golden/imagenet_labels.py
"""

import pathlib
import sys
import types

# torchvision's compiled operators do not load beside every build of torch; registering them is all these are for.
for module in ("_meta_registrations", "_autograd_registrations"):
    sys.modules[f"torchvision.{module}"] = types.ModuleType(module)
from torchvision.models import ResNet50_Weights  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "zoo" / "weights" / "imagenet-labels.ts"
WIDTH = 100
HEAD = """/**
 * Names of the 1000 classes of ImageNet-1k (ILSVRC 2012), in the order of a net's outputs: the first word of each WordNet
 * synset, made unique, as torchvision 0.28 has them (BSD-3-Clause). WordNet is free to use with its notice: Copyright 2006
 * Princeton University. Written by scripts/golden/imagenet_labels.py.
 */
"""

names = ResNet50_Weights.DEFAULT.meta["categories"]
assert len(names) == len(set(names)) == 1000 and not any("|" in name or '"' in name for name in names)
lines = [""]
for name in names:
    if len(lines[-1]) + len(name) > WIDTH:
        lines.append("")
    lines[-1] += f"{name}|"
lines[-1] = lines[-1].rstrip("|")
text = " +\n".join(f'  "{line}"' for line in lines)
OUT.write_text(f"{HEAD}const names =\n{text};\n\n/** By class, from 0. */\nexport const imageNetLabels: readonly string[] = names.split(\"|\");\n")
