import { glyphHeight, glyphLetters, glyphLevels, glyphWidths } from "./glyphs.ts";

/** A letter as ink: 0 to 15 by row and column. */
interface Glyph {
  readonly width: number;
  readonly ink: Uint8Array;
}

/** An RGB image that is drawn on. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Height of a line of text. */
export const lineHeight = glyphHeight;

let known: ReadonlyMap<string, Glyph> | null = null;

/** Unpacked when first needed. */
function glyphs(): ReadonlyMap<string, Glyph> {
  known ??= unpacked();
  return known;
}

function unpacked(): ReadonlyMap<string, Glyph> {
  const bytes = Uint8Array.from(atob(glyphLevels), (letter) => letter.charCodeAt(0));
  const result = new Map<string, Glyph>();
  let at = 0;
  for (const [index, letter] of [...glyphLetters].entries()) {
    const width = glyphWidths.charCodeAt(index) - "a".charCodeAt(0);
    const ink = Uint8Array.from({ length: width * glyphHeight }, (_, pixel) => {
      const byte = bytes[(at + pixel) >> 1] ?? 0;
      return (at + pixel) % 2 === 0 ? byte >> 4 : byte & 15;
    });
    at += ink.length;
    result.set(letter, { width, ink });
  }
  return result;
}

/** The glyphs of a text; letters that are not drawn are a sign that stands for them. */
function glyphsOf(text: string): Glyph[] {
  const all = glyphs();
  const other = all.get("\ufffd");
  const known = text
    .normalize("NFC")
    .replaceAll(/[\u00a0\u2009\u202f]/g, " ")
    .replaceAll("\u2212", "\u2013");
  return [...known].flatMap((letter) => all.get(letter) ?? other ?? []);
}

/** Pixels that a text is wide. */
export function textWidth(text: string): number {
  return glyphsOf(text).reduce((sum, { width }) => sum + width, 0);
}

/** A text cut with an ellipsis so that it is at most so wide. */
export function fittedText(text: string, most: number): string {
  if (textWidth(text) <= most) return text;
  const letters = [...text];
  while (letters.length > 0 && textWidth(`${letters.join("")}\u2026`) > most) letters.pop();
  return `${letters.join("")}\u2026`;
}

/** Draws a line of text; what lies outside is left out. */
export function drawText(
  { width, height, pixels }: Canvas,
  text: string,
  left: number,
  top: number,
  ink: readonly [number, number, number],
): void {
  let x = left;
  for (const glyph of glyphsOf(text)) {
    for (const [index, level] of glyph.ink.entries()) {
      const column = x + (index % glyph.width);
      const row = top + Math.floor(index / glyph.width);
      if (level === 0 || column < 0 || column >= width || row < 0 || row >= height) continue;
      const at = 3 * (row * width + column);
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = Math.round((pixels[at + channel] * (15 - level) + ink[channel] * level) / 15);
      }
    }
    x += glyph.width;
  }
}
