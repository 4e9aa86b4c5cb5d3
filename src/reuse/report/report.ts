/** The report of a classifier of your own: one file that asks nothing of any server, for the screen and for paper. */
import { counted, duration, type Html, html, page, percent } from "../../drawing/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { engineField } from "../../inspect/index.ts";
import { checkOptions, nullable, wholeNumberField } from "../../options/index.ts";
import type { FinetuneResult, PartScores } from "../result.ts";
import { gallerySection } from "./gallery.ts";
import { learningSection } from "./learning.ts";
import { makePictures, makeThumbnails } from "./pictures.ts";
import { duplicatesSection, makingSection, problemsSection, shownDuplicates } from "./records.ts";
import { accuracyNote, countsSection, partTitles, scoresSection } from "./scores.ts";
import { selectPhotos } from "./selection.ts";
import { photoStyle } from "./style.ts";

/** How a report is made. */
export interface ReportOptions {
  /** How many right and how many wrong photos are shown at most; default 12 of each, which make about a megabyte. */
  readonly photos?: number;
  /** What computes the heat maps; default the process's wasm engine. */
  readonly engine?: Engine | null;
}

const fields = { photos: wholeNumberField(0, 12), engine: nullable(engineField) };

/**
 * Makes a page of what came of {@link finetune}: how well the classifier does and on what, how it learned, photos that are right
 * and wrong with what the model looked at in them (Grad-CAM), what was skipped, and how it was made. The page is a single file
 * without scripts, and its policy forbids it to load anything.
 *
 * Photos are read again from where they are; one that is gone is said to be.
 *
 * @returns the page's HTML
 * @throws OptionError for a wrong option
 */
export async function htmlReport(result: FinetuneResult, options: ReportOptions = {}): Promise<string> {
  const { photos, engine } = checkOptions<ReportOptions>("htmlReport", options, fields);
  const scores = result.test ?? result.validation;
  const title = `Report: ${nameOf(result.photos)}`;
  const sections = [
    scores === null ? html`<p>There were no photos to judge it by.</p>` : scoresSection(scores),
    scores === null ? null : await examples(result, scores, photos, engine),
    learningSection(result),
    countsSection(result),
    problemsSection(result),
    duplicatesSection(result, await thumbnailsOf(result, photos)),
    makingSection(result),
  ];
  return page({
    title,
    content: html`<header><h1><bdi>${nameOf(result.photos)}</bdi></h1>
<p class="soft">A classifier of ${counted(result.classNames.length, "class", "classes")} on <bdi>${result.backbone.name}</bdi>.</p>
${tiles(result, scores)}
${contents(result, scores)}</header>
${sections}`,
    footer: `Made by Fovea ${result.versions["fovea"] ?? ""}.`,
    styles: [photoStyle],
  });
}

async function examples(
  result: FinetuneResult,
  scores: PartScores,
  photos: number,
  engine: Engine | null,
): Promise<Html> {
  const selection = selectPhotos(scores, photos);
  const chosen = [...selection.wrong, ...selection.narrow, ...selection.sure];
  const pictures = await makePictures(result.model, chosen, engine);
  return gallerySection(scores, selection, pictures);
}

/** Of near-duplicates; none when no photos are wanted. */
async function thumbnailsOf(result: FinetuneResult, photos: number): Promise<ReadonlyMap<string, string>> {
  if (photos === 0) return new Map();
  return await makeThumbnails(
    result.model,
    shownDuplicates(result).flatMap((group) => group.map(({ file }) => file)),
  );
}

/** The last part of a path. */
function nameOf(path: string): string {
  return (
    path
      .split(/[/\\]/)
      .filter((part) => part !== "" && part !== ".")
      .at(-1) ?? path
  );
}

/** The numbers that matter most. */
function tiles(result: FinetuneResult, scores: PartScores | null): Html {
  const { counts, problems, timings, validation, folds, features } = result;
  const used = counts.reduce((sum, { all }) => sum + all, 0);
  const total = timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const tile = (name: string, value: string, note: string | null) =>
    html`<div class="tile"><dt>${name}</dt><dd>${value}${note === null ? null : html` <small>${note}</small>`}</dd></div>`;
  return html`<dl class="tiles">${[
    scores === null
      ? null
      : tile(`accuracy, ${partTitles[scores.part]} photos`, percent(scores.accuracy), accuracyNote(scores)),
    validation === null || validation === scores
      ? null
      : tile("accuracy, validation photos", percent(validation.accuracy), `${validation.examples} photos`),
    folds === null
      ? null
      : tile(`accuracy, ${folds.folds} folds`, percent(folds.accuracy), "each photo judged once"),
    tile(
      "photos",
      used.toLocaleString("en-US"),
      problems.length === 0 ? "all readable" : `${counted(problems.length, "file")} skipped`,
    ),
    tile(
      "from photos to report",
      duration(total),
      features.cached === 0 ? null : `features of ${counted(features.cached, "photo")} from the cache`,
    ),
  ]}</dl>`;
}

/** Links to the sections that there are. */
function contents({ problems, duplicates }: FinetuneResult, scores: PartScores | null): Html {
  const links: readonly (readonly [id: string, title: string] | null)[] = [
    scores === null ? null : ["scores", "What is taken for what"],
    scores === null ? null : ["examples", "Examples"],
    ["learning", "Learning"],
    ["photos-counted", "Photos"],
    problems.length === 0 ? null : ["problems", "Skipped files"],
    duplicates.length === 0 ? null : ["duplicates", "Near-duplicates"],
    ["making", "How it was made"],
  ];
  return html`<nav aria-label="Sections"><ul>${links.map((link) => (link === null ? null : html`<li><a href="#${link[0]}">${link[1]}</a></li>`))}</ul></nav>`;
}
