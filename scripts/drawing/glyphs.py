"""Draws the letters of picture sheets: src/drawing/glyphs.ts (DejaVu Sans 2.37, Pillow 12.3).

    python scripts/drawing/glyphs.py > src/drawing/glyphs.ts

A PNG file has no text, and a browser's canvas is not at hand everywhere: captions are drawn from these. Every glyph is
a box of HEIGHT rows and its own number of columns, 16 levels of ink from top left to bottom right, two in a byte.
DejaVu's licence allows that (https://dejavu-fonts.github.io/License.html).
"""

import base64

from PIL import Image, ImageDraw, ImageFont

SIZE = 15
HEIGHT = 18
BASELINE = 14
LETTERS = "".join(map(chr, range(32, 127))) + "\u00d7\u2013\u2192\u2026\u00b7\ufffd"

font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", SIZE)
widths = []
levels = []
for letter in LETTERS:
    width = max(1, round(font.getlength(letter)))
    image = Image.new("L", (width, HEIGHT), 0)
    ImageDraw.Draw(image).text((0, BASELINE), letter, fill=255, font=font, anchor="ls")
    widths.append(width)
    levels += [round(value / 17) for value in image.tobytes()]
if len(levels) % 2:
    levels.append(0)
packed = bytes(a << 4 | b for a, b in zip(levels[::2], levels[1::2]))

lines = [
    "/** Made by scripts/drawing/glyphs.py, which says how they are packed: letters of DejaVu Sans. */",
    f"export const glyphHeight = {HEIGHT};",
    "",
    "/** The letters that there are, in their order; the last stands for all others. */",
    "export const glyphLetters =",
    "  " + repr(LETTERS).replace('"', '\\"').replace("'", '"', 1)[:-1].replace("\\'", "'") + '";',
    "",
    "/** Columns of each. */",
    'export const glyphWidths = "' + "".join(chr(ord("a") + width) for width in widths) + '";',
    "",
    "/** All of them one behind the other, in base 64. */",
    'export const glyphLevels =',
    f'  "{base64.b64encode(packed).decode()}";',
]
print("\n".join(lines))
