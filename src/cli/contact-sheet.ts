import type { DecodedImage } from "#host";

/** Images of one size in rows; all rows are as long as the first. */
export interface SheetContent {
  readonly rows: readonly (readonly Uint8Array[])[];
  /** Of an image. */
  readonly height: number;
  readonly width: number;
  /** 1 or 3, of images and sheet. */
  readonly channels: 1 | 3;
}

/** Small images are drawn larger, pixel by pixel, up to about this side. */
const readableSide = 112;
const gap = 4;
/** Between the first column and the others: the first is what the others are made of. */
const wideGap = 14;
const paper = 255;

/** Images side by side on white, the first of each row a little apart. */
export function contactSheet({ rows, height, width, channels }: SheetContent): DecodedImage {
  const zoom = Math.max(1, Math.floor(readableSide / Math.max(height, width)));
  const columns = rows[0]?.length ?? 0;
  const leftOf = (column: number) => gap + column * (zoom * width + gap) + (column > 0 ? wideGap - gap : 0);
  const topOf = (row: number) => gap + row * (zoom * height + gap);
  const sheet = { width: leftOf(columns) + (columns === 1 ? gap - wideGap : 0), height: topOf(rows.length) };
  const pixels = new Uint8Array(sheet.width * sheet.height * channels).fill(paper);
  rows.forEach((images, row) => {
    images.forEach((image, column) => {
      for (let y = 0; y < zoom * height; y++) {
        for (let x = 0; x < zoom * width; x++) {
          const from = (Math.floor(y / zoom) * width + Math.floor(x / zoom)) * channels;
          const to = ((topOf(row) + y) * sheet.width + leftOf(column) + x) * channels;
          for (let channel = 0; channel < channels; channel++) pixels[to + channel] = image[from + channel];
        }
      }
    });
  });
  return { ...sheet, channels, pixels };
}
