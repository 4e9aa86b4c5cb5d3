import type { DecodedImage } from "#host";
import { OptionError } from "../tensor/index.ts";
import { hexOf } from "./colour-mix.ts";
import { Html, html } from "./html.ts";
import { imageAddress } from "./image-address.ts";
import { type Canvas, drawText, fittedText, lineHeight } from "./lettering.ts";

/** A picture with a few words below it. */
export interface SheetPicture {
  readonly image: DecodedImage;
  /** Cut where it has no room; default none. */
  readonly caption?: string;
}

/** Pictures that belong together, in rows below their title. */
export interface SheetSection {
  /** "" for none. */
  readonly title: string;
  /** A line below the title, default none. */
  readonly note?: string;
  readonly pictures: readonly SheetPicture[];
  /** Pictures in a row; default as many as there is room for. */
  readonly columns?: number | null;
  /** As that of the sheet, for these pictures. */
  readonly side?: number;
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

/** Words on a sheet; `y` is the top of their line. */
interface SheetText {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly isSoft: boolean;
}

/** A picture at its place. */
interface SheetPlace {
  readonly image: DecodedImage;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A sheet before it is drawn. */
interface SheetLayout {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly SheetText[];
  readonly places: readonly SheetPlace[];
}

/**
 * Tiles pictures into one image with titles and captions, black on white as it is printed. Letters beyond ASCII are replaced by a
 * sign.
 *
 * @throws OptionError for an empty picture, and for a sheet that gets too long
 */
export function pictureSheet(sheet: PictureSheet): DecodedImage {
  const { width, height, texts, places } = laidOut(sheet);
  const canvas: Canvas = { width, height, pixels: new Uint8Array(width * height * 3).fill(paper) };
  for (const { text, x, y, isSoft } of texts) drawText(canvas, text, x, y, isSoft ? softInk : ink);
  for (const place of places) drawImage(canvas, place);
  return { width, height, channels: 3, pixels: canvas.pixels };
}

/**
 * The same sheet as an SVG file, in which words are words and pixels of pictures stay squares at any size. The file holds the
 * pictures.
 *
 * @throws OptionError for an empty picture, and for a sheet that gets too long
 */
export async function pictureSheetSvg(sheet: PictureSheet): Promise<string> {
  const { width, height, texts, places } = laidOut(sheet);
  const images: Html[] = [];
  for (const { image, ...place } of places) {
    const address = await imageAddress(image, "png");
    images.push(
      html`<image x="${place.x}" y="${place.y}" width="${place.width}" height="${place.height}" preserveAspectRatio="none" href="${address}"/>\n`,
    );
  }
  const words = texts.map(
    ({ text, x, y, isSoft }) =>
      html`<text${isSoft ? new Html(' class="soft"') : null} x="${x}" y="${y + 14}">${text}</text>\n`,
  );
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${sheet.title}">
<style>text { font: 15px "DejaVu Sans", system-ui, sans-serif; fill: ${hexOf(ink)}; } .soft { fill: ${hexOf(softInk)}; } image { image-rendering: pixelated; }</style>
<rect width="100%" height="100%" fill="#ffffff"/>
${words}${images}</svg>
`.toString();
}

/** How long a sheet gets, for whoever spreads pictures over several. */
export function sheetHeight(sheet: PictureSheet): number {
  return placed(sheet).height;
}

function laidOut(sheet: PictureSheet): SheetLayout {
  const layout = placed(sheet);
  if (layout.height <= mostHeight) return layout;
  throw new OptionError(`the sheet would be ${layout.height} pixels long, ${mostHeight} at most`, {
    where: "pictureSheet",
    hint: "Give fewer pictures, or make several sheets.",
  });
}

function placed({ title, sections, width = 1600, side = 112 }: PictureSheet): SheetLayout {
  const room = width - 2 * outer;
  const texts: SheetText[] = [{ text: fittedText(title, room), x: outer, y: outer, isSoft: false }];
  const places: SheetPlace[] = [];
  let y = outer + 2 * lineHeight;
  for (const section of sections) {
    const lines = [
      { text: section.title, isSoft: false },
      { text: section.note ?? "", isSoft: true },
    ].filter(({ text }) => text !== "");
    for (const line of lines) {
      texts.push({ ...line, text: fittedText(line.text, room), x: outer, y });
      y += lineHeight;
    }
    if (lines.length > 0) y += 6;
    const pictures = section.pictures.map((picture) => {
      const [ownWidth, ownHeight] = shownSize(picture.image, section.side ?? side);
      return { ...picture, width: ownWidth, height: ownHeight };
    });
    const hasCaptions = pictures.some(({ caption = "" }) => caption !== "");
    const cell = Math.max(
      1,
      ...pictures.map((picture) => picture.width),
      hasCaptions ? Math.min(side, 48) : 1,
    );
    const fitting = Math.max(1, Math.floor((room + gap) / (cell + gap)));
    const inRow = Math.min(fitting, section.columns ?? fitting);
    for (let first = 0; first < pictures.length; first += inRow) {
      const row = pictures.slice(first, first + inRow);
      for (const [index, { image, caption = "", ...size }] of row.entries()) {
        const x = outer + index * (cell + gap);
        places.push({ image, x, y, ...size });
        if (caption === "") continue;
        texts.push({ text: fittedText(caption, cell), x, y: y + size.height + 2, isSoft: true });
      }
      const isCaptioned = row.some(({ caption = "" }) => caption !== "");
      y += Math.max(...row.map(({ height }) => height)) + (isCaptioned ? lineHeight + 2 : 0) + gap;
    }
    y += sectionGap - (pictures.length === 0 ? 0 : gap);
  }
  return { width, height: y - (sections.length === 0 ? 0 : sectionGap) + outer, texts, places };
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
function drawImage(canvas: Canvas, { image, x: left, y: top, width, height }: SheetPlace): void {
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
}

/** Which of `source` pixels one of `target` covers: one where they are magnified. */
function covered(index: number, target: number, source: number): readonly [from: number, to: number] {
  const from = Math.floor((index * source) / target);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * source) / target))];
}
