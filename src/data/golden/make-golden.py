"""Makes resampled.json beside it. Recorded with Python 3.11 and Pillow 12.3.0:

    pip install pillow==12.3.0
    python src/data/golden/make-golden.py

No random numbers: byte i of a source image is (i * 37 + i // 5 * 11) % 256.
"""

import json
from pathlib import Path

from PIL import Image

cases = []
for width, height, channels, to_width, to_height in [
    (12, 9, 1, 5, 7),
    (12, 9, 1, 28, 28),
    (50, 40, 1, 8, 8),
    (7, 13, 3, 4, 5),
    (3, 2, 3, 6, 2),
    (1, 1, 1, 3, 2),
]:
    source = bytes((i * 37 + i // 5 * 11) % 256 for i in range(width * height * channels))
    image = Image.frombytes("L" if channels == 1 else "RGB", (width, height), source)
    resized = image.resize((to_width, to_height), Image.Resampling.BILINEAR)
    case = {"width": width, "height": height, "channels": channels, "toWidth": to_width, "toHeight": to_height}
    case["resized"] = list(resized.tobytes())
    if channels == 3:
        case["gray"] = list(image.convert("L").tobytes())
    cases.append(case)
Path(__file__).with_name("resampled.json").write_text(json.dumps(cases) + "\n")
