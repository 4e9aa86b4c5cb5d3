/**
 * Texts as a NumPy array of dtype `<U`: each in as many UCS-4 characters as the longest, filled up with zeros.
 *
 * @returns the bytes of a `.npy` file, version 1.0
 */
export function unicodeArray(texts: readonly string[]): Uint8Array<ArrayBuffer> {
  const characters = texts.map((text) => Array.from(text, (character) => character.codePointAt(0) ?? 0));
  const longest = characters.reduce((most, { length }) => Math.max(most, length), 1);
  const dictionary = `{'descr': '<U${longest}', 'fortran_order': False, 'shape': (${texts.length},), }`;
  const start = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + 4 * longest * texts.length);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(start - 11)}\n`), 10);
  for (const [index, codes] of characters.entries())
    for (const [place, code] of codes.entries())
      view.setUint32(start + 4 * (index * longest + place), code, true);
  return bytes;
}
