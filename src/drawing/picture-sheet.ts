import type { DecodedImage } from "#host";
import { OptionError } from "../tensor/index.ts";
import { type Canvas, drawText, fittedText, lineHeight } from "./lettering.ts";

/** A picture with a few words below it. */
export interface SheetPicture {
  readonly image: DecodedImage;
  /** Cut where it has no room; default none. */
  readonly caption?: string;
}

/** Pictures that belong together, in rows below their title. */
export interface SheetSection {
  readonly title: string;
  /** A line below the title, default none. */
  readonly note?: string;
  readonly pictures: readonly SheetPicture[];
  /** Pictures in a row; default as many as there is room for. */
  readonly columns?: number | null;
}

/** What a sheet shows. */
export interface PictureSheet {
  readonly title: string;
  readonly sections: readonly SheetSection[];
  /** In pixels; default 1600, which prints 17 centimetres wide with 240 dots an inch. */
  readonly width?: number;
  /** About how large pictures are drawn, the longer side in pixels; default 112. Small ones are magnified a whole number of times. */
  readonly side?: number;
}

const outer = 40;
const gap = 10;
const paper = 255;
const ink = [27, 30, 35] as const;
const softInk = [86, 93, 104] as const;
/** Between sections. */
const sectionGap = 26;
/** PNG readers, and people, do without longer sheets. */
const mostHeight = 30_000;

/** A section whose rows are known. */
interface Placed {
  readonly section: SheetSection;
  readonly columns: number;
  readonly cell: readonly [width: number, height: number];
  readonly top: number;
  readonly height: number;
}

/**
 * Tiles pictures into one image with titles and captions, black on white as it is printed. Letters beyond ASCII are replaced by a
 * sign.
 *
 * @throws OptionError for an empty picture, and for a sheet that gets too long
 */
export function pictureSheet({ title, sections, width = 1600, side = 112 }: PictureSheet): DecodedImage {
  const placed: Placed[] = [];
  let top = outer + 2 * lineHeight;
  for (const section of sections) {
    const next = placeSection(section, top, width, side);
    placed.push(next);
    top += next.height + sectionGap;
  }
  const height = top - sectionGap + outer;
  if (height > mostHeight) {
    throw new OptionError(`the sheet would be ${height} pixels long, ${mostHeight} at most`, {
      where: "pictureSheet",
      hint: "Give fewer pictures, or make several sheets.",
    });
  }
  const canvas: Canvas = { width, height, pixels: new Uint8Array(width * height * 3).fill(paper) };
  drawText(canvas, fittedText(title, width - 2 * outer), outer, outer, ink);
  for (const each of placed) drawSection(canvas, each, side);
  return { width, height, channels: 3, pixels: canvas.pixels };
}

function placeSection(section: SheetSection, top: number, width: number, side: number): Placed {
  const { pictures, note = "" } = section;
  const sizes = pictures.map(({ image }) => shownSize(image, side));
  const hasCaptions = pictures.some(({ caption = "" }) => caption !== "");
  const cellWidth = Math.max(1, ...sizes.map(([own]) => own), hasCaptions ? Math.min(side, 48) : 1);
  const cellHeight = Math.max(0, ...sizes.map(([, own]) => own)) + (hasCaptions ? lineHeight + 2 : 0);
  const room = Math.max(1, Math.floor((width - 2 * outer + gap) / (cellWidth + gap)));
  const columns = Math.min(room, section.columns ?? room);
  const rows = Math.ceil(pictures.length / columns);
  const heading = lineHeight + (note === "" ? 0 : lineHeight) + 6;
  return {
    section,
    columns,
    cell: [cellWidth, cellHeight],
    top,
    height: heading + rows * (cellHeight + gap) - (rows === 0 ? 0 : gap),
  };
}

function drawSection(canvas: Canvas, { section, columns, cell, top }: Placed, side: number): void {
  const { title, note = "", pictures } = section;
  const room = canvas.width - 2 * outer;
  drawText(canvas, fittedText(title, room), outer, top, ink);
  if (note !== "") drawText(canvas, fittedText(note, room), outer, top + lineHeight, softInk);
  const first = top + lineHeight + (note === "" ? 0 : lineHeight) + 6;
  for (const [index, { image, caption = "" }] of pictures.entries()) {
    const left = outer + (index % columns) * (cell[0] + gap);
    const above = first + Math.floor(index / columns) * (cell[1] + gap);
    const [, height] = drawImage(canvas, image, left, above, side);
    const text = fittedText(caption, cell[0]);
    drawText(canvas, text, left, above + height + 2, softInk);
  }
}

/** Magnified a whole number of times while it is not larger than `side`; made smaller where it is. */
function shownSize({ width, height }: DecodedImage, side: number): readonly [width: number, height: number] {
  const longer = Math.max(width, height);
  if (Math.min(width, height) < 1) {
    throw new OptionError(`a picture is ${width} x ${height} pixels`, { where: "pictureSheet" });
  }
  const zoom = longer <= side ? Math.floor(side / longer) : side / longer;
  return [Math.max(1, Math.round(width * zoom)), Math.max(1, Math.round(height * zoom))];
}

/** Draws a picture: each pixel of the sheet has the mean of what it covers. */
function drawImage(canvas: Canvas, image: DecodedImage, left: number, top: number, side: number) {
  const [width, height] = shownSize(image, side);
  for (let y = 0; y < height; y++) {
    const [fromRow, toRow] = covered(y, height, image.height);
    for (let x = 0; x < width; x++) {
      const [fromColumn, toColumn] = covered(x, width, image.width);
      const at = 3 * ((top + y) * canvas.width + left + x);
      for (let channel = 0; channel < 3; channel++) {
        const own = Math.min(channel, image.channels - 1);
        let sum = 0;
        for (let row = fromRow; row < toRow; row++) {
          for (let column = fromColumn; column < toColumn; column++) {
            sum += image.pixels[(row * image.width + column) * image.channels + own] ?? 0;
          }
        }
        canvas.pixels[at + channel] = Math.round(sum / ((toRow - fromRow) * (toColumn - fromColumn)));
      }
    }
  }
  return [width, height] as const;
}

/** Which of `source` pixels one of `target` covers: one where they are magnified. */
function covered(index: number, target: number, source: number): readonly [from: number, to: number] {
  const from = Math.floor((index * source) / target);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * source) / target))];
}
