import { FormatError } from "../tensor/errors.ts";

/** Image files that are read. */
export type ImageKind = "bmp" | "pnm" | "jpeg" | "png" | "gif" | "webp" | "avif" | "tiff";

const text = (bytes: Uint8Array, from: number, to: number) =>
  String.fromCharCode(...bytes.subarray(from, to));

/** How the first bytes of each begin. Nothing else reaches a decoder: fewer can be made to go astray. */
const marks: { readonly [K in ImageKind]: (bytes: Uint8Array) => boolean } = {
  jpeg: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
  png: (bytes) => text(bytes, 0, 8) === "\x89PNG\r\n\x1a\n",
  webp: (bytes) => text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP",
  gif: (bytes) => /^GIF8[79]a$/.test(text(bytes, 0, 6)),
  avif: (bytes) => text(bytes, 4, 8) === "ftyp" && /avi[fs]/.test(text(bytes, 8, 64)),
  bmp: (bytes) => text(bytes, 0, 2) === "BM",
  pnm: (bytes) => /^P[56]$/.test(text(bytes, 0, 2)),
  tiff: (bytes) => /^(II\*\0|MM\0\*)$/.test(text(bytes, 0, 4)),
};

const kinds = Object.keys(marks) as ImageKind[];

/**
 * What kind of image the bytes are, by how they begin.
 *
 * @throws FormatError when they are none that is read
 */
export function imageKindOf(bytes: Uint8Array, name: string): ImageKind {
  const kind = kinds.find((candidate) => marks[candidate](bytes));
  if (kind !== undefined) return kind;
  throw new FormatError(
    bytes.length === 0 ? "the file is empty" : "this is none of the images that are read",
    {
      where: name,
      hint: "Known: JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, and binary PGM and PPM.",
    },
  );
}

/**
 * The most pixels of an image. A few kilobytes can claim to be more pixels than there is memory; the largest cameras' photos
 * have half as many as this.
 */
export const mostPixels = 2 ** 28;

/** @throws FormatError when an image would have too many pixels */
export function checkPixels(width: number, height: number, name: string, limit = mostPixels): void {
  if (width * height <= limit) return;
  throw new FormatError(`the image has ${width} x ${height} pixels, at most ${limit} are read`, {
    where: name,
    hint: "Make it smaller first: models look at a few hundred pixels a side.",
  });
}
