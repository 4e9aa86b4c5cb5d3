/** A change of an image's bytes that is not linear: what `warpImages` cannot do is done before it. */
export type ByteChange =
  | { readonly kind: "posterize"; readonly bits: number }
  | { readonly kind: "solarize"; readonly threshold: number }
  | { readonly kind: "equalize" }
  | { readonly kind: "autoContrast" }
  | { readonly kind: "sharpness"; readonly factor: number };

/** Size of an image of bytes, channels last. */
export interface ByteShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Applies changes to one image in place, in their order. The results are those of torchvision's functions on uint8
 * tensors, byte for byte; but for a change of sharpness, which is rounded where torchvision cuts off.
 */
export function changeBytes(pixels: Uint8Array, shape: ByteShape, changes: readonly ByteChange[]): void {
  for (const change of changes) apply(pixels, shape, change);
}

function apply(pixels: Uint8Array, shape: ByteShape, change: ByteChange): void {
  switch (change.kind) {
    case "posterize":
      mapBytes(pixels, (byte) => byte & (0xff00 >> change.bits));
      break;
    case "solarize":
      mapBytes(pixels, (byte) => (byte >= change.threshold ? 255 - byte : byte));
      break;
    case "equalize":
      mapChannels(pixels, shape, equalization);
      break;
    case "autoContrast":
      mapChannels(pixels, shape, stretching);
      break;
    case "sharpness":
      sharpen(pixels, shape, change.factor);
      break;
  }
}

function mapBytes(pixels: Uint8Array, map: (byte: number) => number): void {
  const table = Uint8Array.from({ length: 256 }, (_, byte) => map(byte));
  for (let index = 0; index < pixels.length; index++) pixels[index] = table[pixels[index]];
}

/** Replaces the bytes of each channel by a table made from how often each occurs. */
function mapChannels(
  pixels: Uint8Array,
  { channels }: ByteShape,
  tableOf: (counts: Uint32Array) => Uint8Array | null,
): void {
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Uint32Array(256);
    for (let index = channel; index < pixels.length; index += channels) counts[pixels[index]]++;
    const table = tableOf(counts);
    if (table === null) continue;
    for (let index = channel; index < pixels.length; index += channels) pixels[index] = table[pixels[index]];
  }
}

/** Every level about as often as every other: as many pixels lie below it as its share of 255 says. */
function equalization(counts: Uint32Array): Uint8Array | null {
  const last = counts.findLastIndex((count) => count > 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const step = Math.floor((total - counts[last]) / 255);
  if (step === 0) return null;
  const table = new Uint8Array(256);
  let below = 0;
  for (let byte = 0; byte < 256; byte++) {
    table[byte] = Math.min(255, Math.floor((below + Math.floor(step / 2)) / step));
    below += counts[byte];
  }
  // The lowest level stays 0, whatever half a step makes of it.
  table[0] = 0;
  return table;
}

/** The darkest byte becomes 0 and the brightest 255. In PyTorch's steps of float32, so that the same is cut off. */
function stretching(counts: Uint32Array): Uint8Array | null {
  const least = counts.findIndex((count) => count > 0);
  const most = counts.findLastIndex((count) => count > 0);
  if (least === most) return null;
  const factor = Math.fround(255 * Math.fround(1 / (most - least)));
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    Math.min(255, Math.max(0, Math.fround(Math.fround(byte - least) * factor))),
  );
}

/**
 * A blend of the image with its blurred self, `factor` of the first and 1 - factor of the second; above 1 it sharpens.
 * The blur weighs a pixel five times and its eight neighbours once; the outermost pixels stay.
 */
function sharpen(pixels: Uint8Array, { height, width, channels }: ByteShape, factor: number): void {
  const before = pixels.slice();
  const line = width * channels;
  for (let row = 1; row < height - 1; row++) {
    const end = (row + 1) * line - channels;
    for (let index = row * line + channels; index < end; index++) {
      let sum = 4 * before[index];
      for (let above = index - line; above <= index + line; above += line) {
        sum += before[above - channels] + before[above] + before[above + channels];
      }
      const value = factor * before[index] + (1 - factor) * Math.round(sum / 13);
      pixels[index] = Math.min(255, Math.max(0, Math.round(value)));
    }
  }
}
