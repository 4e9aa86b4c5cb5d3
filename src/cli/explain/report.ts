import { basename } from "node:path";
import type { ImageFormat } from "#host";
import {
  colourTable,
  type Html,
  html,
  imageAddress,
  page,
  percent,
  photoFormat,
  short,
} from "../../drawing/index.ts";
import type { Attribution, AttributionMethod } from "../../inspect/index.ts";
import { libraryVersion } from "../version.ts";
import type { ExplainedClass, ExplainedPhoto } from "./explanation.ts";
import { type Look, type MethodText, methodTexts } from "./method-texts.ts";
import { mapPicture } from "./pictures.ts";

/** What a report is about. */
export interface ExplainReport {
  readonly model: string;
  readonly methods: readonly AttributionMethod[];
  readonly photos: readonly ExplainedPhoto[];
  readonly problems: readonly { readonly input: string; readonly problem: string }[];
  readonly notes: readonly string[];
}

/** Up to this many pixels a side, an image is magnified as squares: its pixels are what there is to see. */
const smallSide = 96;

/** The page: each photo with its classes, the maps of each, and how to read them. */
export async function explainPage(report: ExplainReport): Promise<string> {
  const { model, methods, photos } = report;
  const format = await photoFormat();
  const sections: Html[] = [];
  for (const photo of photos) sections.push(await photoSection(photo, format));
  const title = `What ${modelName(model)} looks at`;
  return page({
    title,
    content: html`<header><h1>${title}</h1>
<p class="soft">${photos.length === 1 ? "One photo" : `${photos.length} photos`}, as the model sees ${photos.length === 1 ? "it" : "them"}. What each pixel counts for a class, by ${methods.length === 1 ? "one method" : `${methods.length} methods`}.</p>
${legends(methods)}</header>
${sections}
${problemsOf(report)}
<section id="methods"><h2>How to read the maps</h2>
<p>No method shows what a model “thinks”. Each answers a question of its own. What several of them agree on is worth more than what one shows.</p>
<dl class="methods">${methods.map((method) => methodEntry(method))}</dl></section>`,
    footer: `Made by Fovea ${libraryVersion()}.`,
    styles: [explainStyle],
  });
}

const modelName = (model: string) => basename(model) || model;

async function photoSection(
  { name, image, top, classes }: ExplainedPhoto,
  format: ImageFormat,
): Promise<Html> {
  const small = Math.max(image.width, image.height) <= smallSide;
  const kept = small ? "png" : format;
  const figures: Html[] = [];
  for (const one of classes) figures.push(await classRow(one, { name, image }, kept, small));
  return html`<section><h2><bdi>${basename(name)}</bdi></h2>
<div class="asked"><img class="${small ? "photo small" : "photo"}" src="${await imageAddress(image, kept)}" alt="The photo, ${image.width} by ${image.height} pixels" width="${image.width}" height="${image.height}">
<table><caption>What the model says</caption><tbody>${top.map((guess) => {
    const width = (100 * guess.probability).toFixed(1);
    return html`<tr><th scope="row">${guess.name}</th><td><span class="meter"><i><b style="width:${width}%"></b></i><span>${percent(guess.probability)}</span></span></td></tr>`;
  })}</tbody></table></div>
${figures}</section>`;
}

async function classRow(
  { name, probability, score, maps }: ExplainedClass,
  photo: Pick<ExplainedPhoto, "name" | "image">,
  format: ImageFormat,
  small: boolean,
): Promise<Html> {
  const figures: Html[] = [];
  for (const map of maps) {
    const { title } = methodTexts[map.method];
    const address = await imageAddress(mapPicture(photo.image, map), format);
    const { width, height } = photo.image;
    const note = noteOf(map) ?? emptyNote(map);
    figures.push(
      html`<figure><img class="${small ? "small" : "map"}" src="${address}" alt="${title} for ${name}" width="${width}" height="${height}"><figcaption><a href="#${map.method}">${title}</a>${note === null ? null : html`<br><small>${note}</small>`}</figcaption></figure>`,
    );
  }
  return html`<h3>${name} <small class="soft">${percent(probability)}, score ${short(score)}</small></h3><div class="maps">${figures}</div>`;
}

/** Why a map over the photo shows nothing. */
function emptyNote({ method, values }: Attribution): string | null {
  return method === "grad-cam" && values.data.every((value) => value === 0)
    ? "nothing in its layer speaks for the class"
    : null;
}

/** The figures that belong to a map. */
export function noteOf({ method, values, completeness }: Attribution): string | null {
  if (completeness !== null) {
    return `shares: ${short(completeness.sum)}, difference: ${short(completeness.difference)}`;
  }
  if (method !== "occlusion") return null;
  const [least, greatest] = [Math.min(...values.data), Math.max(...values.data)];
  return `falls by up to ${short(Math.max(0, greatest))}, rises by up to ${short(Math.max(0, -least))}`;
}

const looks: { readonly [L in Look]: "sequential" | "signed" | "projection" } = {
  heat: "sequential",
  map: "sequential",
  "signed-heat": "signed",
  "signed-map": "signed",
  projection: "projection",
};

/** A bar of colours for each kind of map that there is. */
function legends(methods: readonly AttributionMethod[]): Html {
  const kinds = new Set(methods.map((method) => looks[methodTexts[method].look]));
  const namesOf = (kind: string) =>
    methods
      .map((method) => methodTexts[method])
      .filter(({ look }) => looks[look] === kind)
      .map(({ title }) => title)
      .join(", ");
  const entry = (kind: "sequential" | "signed" | "projection", from: string, to: string) =>
    kinds.has(kind)
      ? html`<li><span class="ends">${from}</span><i class="${kind}"></i><span class="ends">${to}</span><small>${namesOf(kind)}</small></li>`
      : null;
  return html`<ul class="scales" aria-label="Colours">${entry("sequential", "counts nothing", "counts most")}${entry("signed", "speaks against", "speaks for the class")}${entry("projection", "signal below 0", "above 0; gray: none")}</ul>`;
}

function methodEntry(method: AttributionMethod): Html {
  const { title, shows, weakness, source }: MethodText = methodTexts[method];
  return html`<dt id="${method}">${title} <small class="soft">${source}</small></dt><dd>${shows}<br><span class="soft">Beware: ${weakness}</span></dd>`;
}

function problemsOf({ problems, notes }: ExplainReport): Html | null {
  if (problems.length + notes.length === 0) return null;
  const lines = [...problems.map(({ input, problem }) => `${input}: ${problem}`), ...notes];
  return html`<section><h2>Left out</h2><ul class="plain">${lines.map((line) => html`<li><bdi>${line}</bdi></li>`)}</ul></section>`;
}

/** A gradient of a few colours of a map. */
function bar(name: "blues" | "orangeBlue" | "grays"): string {
  const table = colourTable(name);
  const stops = Array.from({ length: 9 }, (_, stop) => {
    const entry = 3 * Math.round((255 * stop) / 8);
    return `rgb(${table[entry]} ${table[entry + 1]} ${table[entry + 2]})`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

const explainStyle = `
.scales { list-style: none; display: flex; flex-wrap: wrap; gap: 10px 36px; padding: 0; margin: 18px 0 0; font-size: .88rem; }
.scales i { display: inline-block; width: 120px; height: 12px; margin: 0 8px; vertical-align: middle; border: 1px solid var(--edge); border-radius: 3px; }
.scales small { display: block; color: var(--soft); }
.scales .sequential { background: ${bar("blues")}; }
.scales .signed { background: ${bar("orangeBlue")}; }
.scales .projection { background: ${bar("grays")}; }
.asked { display: flex; flex-wrap: wrap; gap: 14px 28px; align-items: flex-start; }
.photo { width: min(260px, 100%); height: auto; border-radius: 6px; }
.small { image-rendering: pixelated; }
.maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(46%, 225px), 1fr)); gap: 16px 14px; }
.maps figure { margin: 0; break-inside: avoid; }
.maps img { display: block; width: 100%; height: auto; border-radius: 4px; border: 1px solid var(--edge); }
figcaption { font-size: .88rem; line-height: 1.35; padding-top: 4px; } figcaption small { color: var(--soft); }
figcaption a { text-decoration: none; font-weight: 550; } figcaption a:hover { text-decoration: underline; }
h3 small { font-weight: 400; }
.methods { max-width: 76ch; } .methods dt { font-weight: 600; margin-top: 16px; scroll-margin-top: 12px; } .methods dt small { font-weight: 400; }
.methods dd { margin: 2px 0 0; }
.meter i { width: 110px; }
@media print { .maps { grid-template-columns: repeat(4, 1fr); } }
`;
