import { type Content, grouped, heatStyle, html, page } from "../../../drawing/index.ts";
import { OptionError } from "../../../tensor/index.ts";
import type { DistanceFigures, TranslationFigures } from "../figures.ts";
import {
  type FigureName,
  figureNames,
  figures,
  type MovedModel,
  shareText,
  type TranslationReport,
} from "./content.ts";
import { chartGroups, curveByDistance } from "./curves.ts";
import { flipCards, flipStyle, markStyle } from "./flips.ts";
import { rangeOf, translationHeatMap } from "./maps.ts";

/** Rules of style of pages with such maps and examples. */
export const translationStyles = [heatStyle, flipStyle, markStyle];

/**
 * A report on how models bear moves, as one HTML file: heat maps side by side, curves by distance, and images that small moves
 * flip.
 *
 * @throws OptionError when there is no model
 */
export async function translationReport({ data, models }: TranslationReport): Promise<string> {
  const [first] = models;
  if (first === undefined) {
    throw new OptionError("there is no model to report on", { where: "translationReport" });
  }
  const { maxShift, examples, background } = first.map;
  const side = 2 * maxShift + 1;
  const comesIn = background === "zeros" ? "zeros come in at the edges" : "the pixels of the edge go on";
  return page({
    title: `Moved images: ${models.map(({ name }) => name).join(", ")}`,
    styles: translationStyles,
    content: html`<header><h1>What a move does</h1>
<p class="soft">${grouped(examples)} test images of ${data}, moved by up to ${maxShift} px each way; ${comesIn}. ${side} × ${side} moves, each judged on all images.</p></header>
<section><h2>In short</h2>${models.map(inShort)}${summaryTable(models)}</section>
<section><h2>By distance</h2><p>Means over all moves of a distance: the larger of the pixels across and down.</p>${chartGroups(models).map((group) => curves(group))}</section>
${figureNames.map((name) => mapsOf(models, name))}
<section><h2>Images that flip</h2><p>Of each model, images that it has right, with the smallest move that changes its mind: before, after, and what it said with which probability.</p>${await Promise.all(
      models.map(async (model) => html`<h3>${model.name}</h3>${await flipCards(model)}`),
    )}</section>`,
    footer: "Made by fovea translation.",
  });
}

/** What the map says in a sentence. */
function inShort({ name, map }: MovedModel): Content {
  const { clean, byDistance, maxShift } = map;
  const half = byDistance.find(({ accuracy }) => accuracy < clean.accuracy / 2);
  const last = byDistance[maxShift]?.accuracy ?? clean.accuracy;
  const tail =
    half === undefined
      ? `no distance up to ${maxShift} px takes half of that`
      : `moved by ${half.distance} px it keeps less than half of that`;
  return html`<p><b>${name}</b> has ${shareText(clean.accuracy)} of the images right where they are; ${tail}, and moved by ${maxShift} px it has ${shareText(last)} right.</p>`;
}

/** Accuracy and consistency of all models by distance. */
export function summaryTable(models: readonly MovedModel[]): Content {
  const distances = models[0]?.map.byDistance.map(({ distance }) => distance) ?? [];
  const moved = distances.slice(1);
  const cells = (map: MovedModel["map"], name: keyof TranslationFigures & keyof DistanceFigures) =>
    moved.map((distance) => html`<td>${shareText(map.byDistance[distance]?.[name] ?? 0)}</td>`);
  const table = (name: "accuracy" | "consistency", caption: string, first: Content | null) =>
    html`<div class="wide"><table><caption>${caption}</caption><thead><tr><th scope="col" class="name">model</th>${name === "accuracy" ? html`<th scope="col">parameters</th>` : null}${first}${moved.map((distance) => html`<th scope="col">${distance} px</th>`)}</tr></thead>
<tbody>${models.map(
      ({ name: model, parameters, map }) =>
        html`<tr><th scope="row">${model}</th>${name === "accuracy" ? html`<td>${grouped(parameters)}</td><td>${shareText(map.clean.accuracy)}</td>` : null}${cells(map, name)}</tr>`,
    )}</tbody></table></div>`;
  return html`${table("accuracy", "Accuracy, unmoved and by distance", html`<th scope="col">unmoved</th>`)}${table("consistency", "Consistency by distance", null)}`;
}

/** Curves of one group of models, six at most: a chart a figure. */
export function curves(models: readonly MovedModel[], names: readonly FigureName[] = figureNames): Content {
  return html`<div class="charts three">${names.map((name) => curveByDistance(models, name))}</div>`;
}

/** The maps of one figure, a card a model. */
export function mapsOf(models: readonly MovedModel[], name: FigureName): Content {
  const range = rangeOf(models, name);
  const { title, meaning } = figures[name];
  return html`<section><h2>${title}, move by move</h2><p>${meaning} The frame is the unmoved image; one colour means the same in all maps.</p><div class="maps moves">${models.map(
    (model) =>
      html`<figure class="card"><h3>${model.name}</h3>${translationHeatMap(model, name, range)}</figure>`,
  )}</div></section>`;
}
