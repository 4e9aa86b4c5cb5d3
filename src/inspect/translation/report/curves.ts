import { type Content, html, lineChart, lineKey, short } from "../../../drawing/index.ts";
import { type FigureName, figures, type MovedModel } from "./content.ts";

/** More lines cannot be told apart. */
const mostLines = 6;

/** A figure by distance as a chart: a line a model, means over all moves of a distance. */
export function curveByDistance(models: readonly MovedModel[], name: FigureName): Content {
  const { title, value, most } = figures[name];
  const distances = Math.min(...models.map(({ map }) => map.maxShift));
  const numbers = Array.from({ length: distances + 1 }, (_, distance) => distance);
  return html`<figure class="card"><h3>${title}</h3>${lineChart({
    title,
    lines: models.map(({ name: model, map }) => ({
      name: model,
      values: numbers.map((distance) => value(map.byDistance[distance] ?? notThere)),
    })),
    across: { title: "pixels moved", numbers },
    format: short,
    most,
    size: [340, 220],
  })}${keys(models)}</figure>`;
}

const notThere = { accuracy: Number.NaN, consistency: Number.NaN, loss: Number.NaN };

/** Which line is whose. */
function keys(models: readonly MovedModel[]): Content {
  return html`<ul class="legend">${models.map(({ name }, index) => html`<li>${lineKey(index)}${name}</li>`)}</ul>`;
}

/** Models in groups that a chart has room for. */
export function chartGroups(models: readonly MovedModel[]): readonly (readonly MovedModel[])[] {
  const groups = Math.ceil(models.length / mostLines);
  return Array.from({ length: groups }, (_, group) =>
    models.slice(group * mostLines, (group + 1) * mostLines),
  );
}
