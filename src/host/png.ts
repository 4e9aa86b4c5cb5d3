/**
 * Writes PNG images of 8 bits a channel (W3C, "Portable Network Graphics", third edition), in Node and in browsers alike: both
 * have deflate as a stream.
 */
import { crc32 } from "../tensor/crc32.ts";
import type { DecodedImage } from "./pnm.ts";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** How the header says gray and RGB. */
const colourTypes = { 1: 0, 3: 2 } as const;

/** The file. */
export async function encodePng(image: DecodedImage): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, image.width);
  view.setUint32(4, image.height);
  // Bits a channel; then compression, filters and interlacing, which are 0.
  header[8] = 8;
  header[9] = colourTypes[image.channels];
  const parts = [
    signature,
    chunk("IHDR", header),
    chunk("IDAT", await deflated(filtered(image))),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Length, type, content, and the checksum of type and content. */
function chunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** What a byte is guessed to be from those to its left, above it, and above to the left; by the filter's number. */
const predictors: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

/** The neighbour nearest to left + above - corner (section 9.4). */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/**
 * Each row behind the number of its filter: the one whose differences, as signed bytes, have the least sum of magnitudes, which
 * mostly packs best (section 12.7).
 */
function filtered({ width, height, channels, pixels }: DecodedImage): Uint8Array<ArrayBuffer> {
  const rowBytes = width * channels;
  const rows = new Uint8Array(height * (rowBytes + 1));
  const candidate = new Uint8Array(rowBytes);
  for (let row = 0; row < height; row++) {
    const at = row * (rowBytes + 1);
    let least = Number.POSITIVE_INFINITY;
    for (const [filter, predict] of predictors.entries()) {
      let sum = 0;
      for (let byte = 0; byte < rowBytes; byte++) {
        const here = row * rowBytes + byte;
        const left = byte < channels ? 0 : pixels[here - channels];
        const above = row === 0 ? 0 : pixels[here - rowBytes];
        const corner = row === 0 || byte < channels ? 0 : pixels[here - rowBytes - channels];
        const difference = (pixels[here] - predict(left, above, corner)) & 255;
        candidate[byte] = difference;
        sum += difference < 128 ? difference : 256 - difference;
      }
      if (sum >= least) continue;
      least = sum;
      rows[at] = filter;
      rows.set(candidate, at + 1);
    }
  }
  return rows;
}
