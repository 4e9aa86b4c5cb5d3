/**
 * What the 84 units of LeNet-5's layer F6 should say for each digit: a drawing of it, 7 pixels wide and 12 high, 1 for ink
 * and -1 for paper (LeCun, Bottou, Bengio and Haffner 1998, section II.B). The paper shows its drawings as a figure, not as
 * numbers: these are ours, of the same size and in the same manner, and not the authors' pixels.
 */

/** Pixels of a drawing. */
export const codeLength = 84;

/** Twelve rows of seven pixels for each of the digits. */
const drawings: readonly (readonly string[])[] = [
  "....... ..###.. .#...#. ##...## ##...## ##...## ##...## ##...## ##...## .#...#. ..###.. .......",
  "....... ...##.. ..###.. .####.. ...##.. ...##.. ...##.. ...##.. ...##.. ...##.. .###### .......",
  "....... .#####. ##...## ##...## .....## ....##. ...##.. ..##... .##.... ##..... ####### .......",
  "....... .#####. ##...## .....## .....## ..####. .....## .....## .....## ##...## .#####. .......",
  "....... ....##. ...###. ..####. .##.##. ##..##. ##..##. ####### ....##. ....##. ....##. .......",
  "....... ####### ##..... ##..... ##..... ######. .....## .....## .....## ##...## .#####. .......",
  "....... ..####. .##.... ##..... ##..... ######. ##...## ##...## ##...## ##...## .#####. .......",
  "####### ##...## .....## .....## ....##. ....##. ...##.. ...##.. ..##... ..##... ..##... .......",
  "....... .#####. ##...## ##...## ##...## .#####. ##...## ##...## ##...## ##...## .#####. .......",
  "....... .#####. ##...## ##...## ##...## ##...## .###### .....## .....## ....##. .####.. .......",
].map((rows) => rows.split(" "));

/** A 32-bit mixture of a whole number, by which classes beyond the digits get codes that are nobody's drawing. */
function mixed(value: number): number {
  let h = Math.imul(value + 1, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  return h ^ (h >>> 13);
}

/** The code of a class: the drawing of a digit, or 84 signs that are always the same. */
export function codeOf(label: number): readonly number[] {
  const drawing = drawings[label];
  return drawing === undefined
    ? Array.from({ length: codeLength }, (_, pixel) => (mixed(label * codeLength + pixel) & 1 ? 1 : -1))
    : [...drawing.join("")].map((pixel) => (pixel === "#" ? 1 : -1));
}
