import { type Html, heatMap } from "../../../drawing/index.ts";
import type { TranslationMap } from "../figures.ts";
import { type FigureName, figures, type MovedModel } from "./content.ts";

/** Up to so many cells a side have room for their numbers. */
const mostWritten = 13;

/** Values of a figure by row and column: from the top, from the left. */
export function valuesOf({ maxShift, moves }: TranslationMap, name: FigureName): number[][] {
  const side = 2 * maxShift + 1;
  return Array.from({ length: side }, (_, row) =>
    moves.slice(row * side, (row + 1) * side).map((move) => figures[name].value(move)),
  );
}

/** First and last colour of a figure, the same for all models, so that their maps can be compared. */
export function rangeOf(models: readonly MovedModel[], name: FigureName): readonly [number, number] {
  const { most } = figures[name];
  if (most !== null) return [0, most];
  return [0, Math.max(...models.flatMap(({ map }) => valuesOf(map, name).flat()))];
}

/** A model's map of a figure; the unmoved image has a frame. */
export function translationHeatMap(
  { name: model, map }: MovedModel,
  name: FigureName,
  range: readonly [number, number],
): Html {
  const { maxShift } = map;
  const names = Array.from({ length: 2 * maxShift + 1 }, (_, index) => index - maxShift);
  const { title, format } = figures[name];
  return heatMap({
    title: `${title}: ${model}`,
    values: valuesOf(map, name),
    down: { title: "pixels down", names },
    across: { title: "pixels to the right", names },
    range,
    format,
    written: names.length <= mostWritten,
    marked: [maxShift, maxShift],
  });
}
