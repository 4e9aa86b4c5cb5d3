import { join } from "node:path";
import {
  lineChart,
  type PictureSheet,
  percent,
  pictureSheet,
  type SheetPicture,
  type SheetSection,
  sheetHeight,
  short,
  svgFile,
} from "../../drawing/index.ts";
import { shapeText } from "../../inspect/diagram/describe.ts";
import { sizeOf } from "../../tensor/index.ts";
import { jsonText, writeOutput, writeSheet } from "../output-file.ts";
import { distanceText, featuresMapPage, fieldText } from "./page.ts";
import { type ChannelPictures, channelPictures, isMap, rowPicture } from "./pictures.ts";
import { type FeaturesMap, labelOf, type SeenLayer } from "./seen.ts";

/** Writes what was seen. @throws FileError where it cannot be written, OptionError for a sheet that gets too long */
export async function writeFeaturesMap(out: string, map: FeaturesMap): Promise<void> {
  await writeSheet(out, {
    page: () => featuresMapPage(map),
    sheet: () => sheetOf(map, sectionsOf(map)),
    document: () => mapsDocument(map, true),
    folder: (path) => writeFolder(path, map),
  });
}

/** A page, sheets that each fit on a sheet of paper, the numbers, and the curve. */
async function writeFolder(folder: string, map: FeaturesMap): Promise<void> {
  await writeOutput(join(folder, "maps.html"), await featuresMapPage(map));
  await writeOutput(join(folder, "maps.json"), jsonText(mapsDocument(map, true)));
  const sheets = spread(map, sectionsOf(map));
  const digits = String(sheets.length).length;
  for (const [index, sheet] of sheets.entries()) {
    const name = `sheet-${String(index + 1).padStart(digits, "0")}.png`;
    await writeOutput(join(folder, name), pictureSheet(sheet));
  }
  if (map.images.length === 2) await writeOutput(join(folder, "distances.svg"), curveOf(map));
}

function curveOf({ layers }: FeaturesMap): string {
  const lines = [
    { name: "Euclidean", values: layers.map(({ distances: [one] }) => one?.euclidean ?? Number.NaN) },
    { name: "cosine", values: layers.map(({ distances: [one] }) => one?.cosine ?? Number.NaN) },
  ];
  const across = { title: "layer", names: layers.map(({ name }) => name) };
  return svgFile(lineChart({ title: "distance", lines, across, named: true, size: [900, 330] }));
}

/** Maps in a row of a sheet; with the filters above and the images below each other, row by row. */
const inRow = 16;
/** Of a map on a sheet. */
const mapSide = 84;
/** Of a number of a layer without rows and columns. */
const numberSide = 16;
/** Of A4 at 1600 pixels across. */
const paperHeight = 2263;

function sheetOf({ model, images }: FeaturesMap, sections: readonly SheetSection[]): PictureSheet {
  return {
    title: `${model}: ${images.map(({ name }) => name).join(", ")}`,
    sections,
    width: 1600,
    side: mapSide,
  };
}

/** As many sections on a sheet as fit on paper. */
function spread(map: FeaturesMap, sections: readonly SheetSection[]): PictureSheet[] {
  const sheets: SheetSection[][] = [];
  for (const section of sections) {
    const last = sheets.at(-1);
    if (last !== undefined && sheetHeight(sheetOf(map, [...last, section])) <= paperHeight)
      last.push(section);
    else sheets.push([section]);
  }
  return sheets.map((own) => sheetOf(map, own));
}

function sectionsOf(map: FeaturesMap): SheetSection[] {
  const images: SheetSection = {
    title: "images",
    note: map.images.map((image) => labelOf(image, percent)).join("   "),
    pictures: map.images.map(({ picture, name }) => ({ image: picture, caption: name })),
  };
  return [
    images,
    ...map.layers.filter(({ passesOn }) => !passesOn).flatMap((layer) => layerSections(map, layer)),
  ];
}

function layerSections({ images, most }: FeaturesMap, layer: SeenLayer): SheetSection[] {
  const { name, title, shape, range } = layer;
  const facts = [
    shapeText(shape),
    `${short(range[0])} to ${short(range[1])}`,
    fieldText(layer),
    distanceText(layer),
  ];
  const heading = {
    title: name === title ? name : `${name}   ${title}`,
    note: facts.filter((fact) => fact !== null).join(" \u00b7 "),
  };
  if (!isMap(layer)) {
    const rows = images.map((_, index) => ({ image: rowPicture(layer, index) }));
    return [
      {
        ...heading,
        pictures: rows,
        columns: 1,
        side: numberSide * Math.max(...rows.map(({ image }) => image.width)),
      },
    ];
  }
  const channels = channelPictures(layer, most);
  return Array.from({ length: Math.ceil(channels.length / inRow) }, (_, row): SheetSection => {
    const own = channels.slice(row * inRow, (row + 1) * inRow);
    const first = row === 0 ? heading : { title: "" };
    return { ...first, pictures: rowsOf(own), columns: own.length };
  });
}

/** The filters, then the maps of one image after the other. */
function rowsOf(channels: readonly ChannelPictures[]): SheetPicture[] {
  const filters = channels.flatMap(({ filter }) => (filter === null ? [] : [{ image: filter }]));
  const count = channels[0]?.maps.length ?? 0;
  const maps = Array.from({ length: count }, (_, image) =>
    channels.map(({ channel, maps: own }) => ({
      image: own[image],
      ...(image === count - 1 ? { caption: String(channel) } : {}),
    })),
  );
  return [...filters, ...maps.flat()];
}

/** What `--json` prints, and a `.json` file holds with the maps. */
export function mapsDocument({ model, images, layers, most }: FeaturesMap, withMaps: boolean) {
  return {
    model,
    images: images.map(({ name, label, top }) => ({ name, label, top })),
    layers: layers.map((layer) => {
      const { name, kind, shape, range, zeros, field, distances } = layer;
      return {
        ...{
          name,
          kind,
          shape,
          minimum: range[0],
          maximum: range[1],
          zeros,
          receptiveField: field?.figures ?? null,
        },
        distances,
        ...(withMaps ? { maps: mapValues(layer, most), filters: filterValues(layer) } : {}),
      };
    }),
  };
}

/** The first maps of each image, row by row; of layers without rows and columns all numbers. */
function mapValues(layer: SeenLayer, most: number): number[][][] {
  const { shape, values } = layer;
  const size = sizeOf(shape);
  const channels = isMap(layer) ? (shape[2] ?? 1) : 1;
  return Array.from({ length: values.shape[0] ?? 0 }, (_, image) =>
    Array.from({ length: Math.min(channels, most) }, (_map, channel) =>
      Array.from({ length: size / channels }, (_value, index) =>
        rounded(values.data[image * size + index * channels + channel]),
      ),
    ),
  );
}

function filterValues({ filters }: SeenLayer) {
  return filters === null ? null : { shape: filters.shape, values: Array.from(filters.data, rounded) };
}

/** Six digits: what float32 has is not more than seven. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
