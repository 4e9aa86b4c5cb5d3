import type { DecodedImage } from "#host";
import { Html, heatStyle, html, paintMap, percent, pictureSheet, svgFile } from "../../../drawing/index.ts";
import {
  type FigureName,
  figureNames,
  figures,
  type MovedModel,
  moveInWords,
  type TranslationReport,
} from "./content.ts";
import { flipPictures, markStyle } from "./flips.ts";
import { rangeOf, translationHeatMap, valuesOf } from "./maps.ts";

/** Of a map in the drawing, with room for its title. */
const cell = { width: 480, height: 440, heading: 40 } as const;

/** All maps as one SVG file: a row a model, a column a figure. */
export function translationDrawing({ models }: TranslationReport): string {
  const maps = models.flatMap((model, row) =>
    figureNames.map((name, column) => {
      const [left, top] = [column * cell.width, row * cell.height];
      const map = translationHeatMap(model, name, rangeOf(models, name)).toString();
      const [, content = ""] = /^<svg [^>]*>(.*)<\/svg>$/s.exec(map) ?? [];
      return html`<text class="name" x="${left + 52}" y="${top + 24}">${model.name}: ${figures[name].title}</text>
<g class="chart heat moves" transform="translate(${left} ${top + cell.heading})">${new Html(content)}</g>`;
    }),
  );
  const [width, height] = [figureNames.length * cell.width, models.length * cell.height];
  const title = models.map(({ name }) => name).join(", ");
  return svgFile(
    html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="Accuracy, consistency and loss by move: ${title}">${maps}</svg>`,
    [heatStyle, markStyle],
  );
}

/** All maps and examples as one picture for print. */
export function translationSheet({ data, models }: TranslationReport): DecodedImage {
  const side = 366;
  const maps = figureNames.map((name) => ({
    title: figures[name].title,
    note: `the darkest is ${figures[name].format(rangeOf(models, name)[1])}, white at 0; right and down are positive, the middle is the unmoved image`,
    pictures: models.map((model) => {
      const { map } = model;
      const { maxShift } = map;
      const size = 2 * maxShift + 1;
      const values = valuesOf(map, name).flat();
      const image = paintMap(values, size, size, { colours: "blues", range: rangeOf(models, name) });
      return { image, caption: captionOf(model, name) };
    }),
  }));
  const flips = models.map((model) => ({
    title: `${model.name}: images that flip`,
    note: "before and after the smallest move that changes what is said",
    pictures: flipPictures(model).map(({ flip, before, after }) => {
      const nameOf = (index: number) => model.classNames?.[index] ?? String(index);
      const caption = `${nameOf(flip.label)} is taken for ${nameOf(flip.predicted)}, ${moveInWords(flip)}`;
      return { image: besides(before, after), caption };
    }),
  }));
  return pictureSheet({ title: `What a move does: ${data}`, sections: [...maps, ...flips], side });
}

/** Two pictures of one size as one, with a white line between them. */
function besides(left: DecodedImage, right: DecodedImage): DecodedImage {
  const { width, height, channels } = left;
  const line = Math.max(1, Math.round(width / 28));
  const wide = 2 * width + line;
  const pixels = new Uint8Array(wide * height * channels).fill(255);
  for (let row = 0; row < height; row++) {
    const source = row * width * channels;
    for (const [index, image] of [left, right].entries()) {
      const target = (row * wide + index * (width + line)) * channels;
      pixels.set(image.pixels.subarray(source, source + width * channels), target);
    }
  }
  return { width: wide, height, channels, pixels };
}

/** The figure that the map shows, unmoved and at the last distance. */
export function captionOf({ name, map }: MovedModel, figure: FigureName): string {
  const textAt = (distance: number) => {
    const { [figure]: value = 0 } = map.byDistance[distance] ?? {};
    return figure === "loss" ? figures.loss.format(value) : percent(value);
  };
  return `${name}: ${textAt(0)} unmoved, ${textAt(map.maxShift)} at ${map.maxShift} px`.replaceAll(
    "\u00a0",
    " ",
  );
}
