import { counted, duration, grouped, type Html, html, percent } from "../../drawing/index.ts";
import type { FinetunePhase, FinetuneResult, PhotoPlace } from "../result.ts";

/** Longer lists are cut: a report of a hundred thousand photos is to stay a file that opens. */
const mostProblems = 200;
const mostGroups = 50;
const mostOfGroup = 12;
const mostShownGroups = 6;
const mostShownOfGroup = 4;

const phaseTitles: { readonly [P in FinetunePhase]: string } = {
  scan: "look through the folder",
  backbone: "load the backbone",
  features: "extract features",
  split: "split, near-duplicates together",
  head: "train the last layer",
  unfreeze: "train what was unfrozen",
  judge: "judge",
  save: "save",
};

/** Files that were skipped, and why. */
export function problemsSection({ problems }: FinetuneResult): Html | null {
  if (problems.length === 0) return null;
  return html`<section id="problems"><h2>${counted(problems.length, "file")} skipped</h2>
<p>What is skipped has no part in any of the numbers.</p>
<div class="wide"><table><thead><tr><th scope="col" class="name">file</th><th scope="col" class="name">what is wrong with it</th></tr></thead>
<tbody>${problems
    .slice(0, mostProblems)
    .map(
      ({ path, problem }) =>
        html`<tr><th scope="row"><bdi>${path}</bdi></th><td class="name">${problem}</td></tr>`,
    )}</tbody></table></div>${rest(problems.length - mostProblems, "file")}</section>`;
}

/** Photos of near-duplicates that are worth showing: some of the first groups. */
export function shownDuplicates({ duplicates }: FinetuneResult): readonly (readonly PhotoPlace[])[] {
  return duplicates.slice(0, mostShownGroups).map((group) => group.slice(0, mostShownOfGroup));
}

/** Groups of the same photos, or nearly so; with small images of some, by file. */
export function duplicatesSection(
  result: FinetuneResult,
  thumbnails: ReadonlyMap<string, string>,
): Html | null {
  const { duplicates } = result;
  if (duplicates.length === 0) return null;
  const group = (photos: readonly PhotoPlace[]) =>
    html`<li>${photos.slice(0, mostOfGroup).map(({ path }, index) => html`${index === 0 ? null : ", "}<bdi>${path}</bdi>`)}${
      photos.length > mostOfGroup ? ` and ${grouped(photos.length - mostOfGroup)} more` : null
    }</li>`;
  const shown = shownDuplicates(result)
    .map((photos) => photos.filter(({ file }) => thumbnails.has(file)))
    .filter((photos) => photos.length > 1);
  return html`<section id="duplicates"><h2>${counted(duplicates.length, "group")} of near-duplicates</h2>
<p>Photos that are the same, or nearly so. Each group lies in one part, so that nothing is judged by what was learned by heart.</p>
<div class="groups">${shown.map(
    (photos) =>
      html`<figure class="card group">${photos.map(({ path, file }) => html`<img src="${thumbnails.get(file) ?? ""}" alt="${path}">`)}</figure>`,
  )}</div>
<details><summary>All by name</summary><ul class="plain">${duplicates.slice(0, mostGroups).map(group)}</ul>${rest(duplicates.length - mostGroups, "group")}</details></section>`;
}

function rest(count: number, name: string): Html | null {
  return count > 0 ? html`<p class="soft">${counted(count, `more ${name}`)} left out here.</p>` : null;
}

/** Backbone, settings, versions and times. */
export function makingSection(result: FinetuneResult): Html {
  const { backbone, head, unfrozen, features, folds, timings, versions, seed, photos, cacheProblem } = result;
  const [height, width, channels] = backbone.inputShape;
  const rows: (readonly [name: string, value: string])[] = [
    ["photos from", photos],
    ["backbone", backbone.name],
    ["its weights", backbone.weights ?? "given as a model"],
    ["cut behind", `${backbone.tap}: ${counted(backbone.features, "number")} a photo`],
    ["its parameters", grouped(backbone.parameters)],
    ["takes images of", `${width} x ${height}, ${channels === 1 ? "gray" : "RGB"}`],
    ["features", `${grouped(features.computed)} worked out, ${grouped(features.cached)} from the cache`],
    ...(cacheProblem === null ? [] : [["not kept on disk", cacheProblem] as const]),
    ["weight decay of the last layer", String(head.weightDecay)],
    ["unfrozen", unfrozen === null ? "nothing" : unfrozen.stages.join(", ")],
    ...(folds === null
      ? []
      : [
          [
            `${folds.folds} folds`,
            `${percent(folds.accuracy)} (${folds.accuracies.map(percent).join(", ")})`,
          ] as const,
        ]),
    ["seed", String(seed)],
    ...Object.entries(versions),
  ];
  const total = timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return html`<section id="making"><h2>How it was made</h2>
<div class="wide"><table><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td class="name"><bdi>${value}</bdi></td></tr>`)}</tbody></table></div>
<h3>Times</h3>
<div class="wide"><table><thead><tr><th scope="col" class="name">phase</th><th scope="col">time</th></tr></thead>
<tbody>${timings.map(
    ({ phase, milliseconds }) =>
      html`<tr><th scope="row">${phaseTitles[phase]}</th><td>${duration(milliseconds)}</td></tr>`,
  )}</tbody><tfoot><tr><th scope="row">all</th><td>${duration(total)}</td></tr></tfoot></table></div></section>`;
}
