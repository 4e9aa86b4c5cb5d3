import { counted, type Html, html, percent, short } from "../../drawing/index.ts";
import type { PartScores, PhotoPrediction } from "../result.ts";
import type { Heat, Picture, Pictures } from "./pictures.ts";
import { partTitles } from "./scores.ts";
import type { Selection } from "./selection.ts";

/** Guesses below this say nothing. */
const leastShown = 0.001;
const mostGuesses = 3;

/** Photos that are wrong, right by little, and right. */
export function gallerySection(scores: PartScores, selection: Selection, pictures: Pictures): Html {
  const { wrong, narrow, sure } = selection;
  const classNames = scores.classes.map(({ name }) => name);
  const wrongs = scores.predictions.filter(({ right }) => !right).length;
  const group = (title: string, note: string, photos: readonly PhotoPrediction[]) =>
    photos.length === 0
      ? null
      : html`<h3>${title}</h3><p class="soft">${note}</p><div class="photos" style="--ratio:${short(pictures.ratio)}">${photos.map((one) => card(one, classNames, pictures))}</div>`;
  return html`<section id="examples"><h2>${counted(wrongs, "mistake")}, and what was right</h2>
<p>${capital(partTitles[scores.part])} photos, as the model sees them. ${
    pictures.tap === null
      ? "The model has no layer with rows and columns, so there are no heat maps."
      : html`Beside each, what of it speaks for a class: red much, no colour nothing (Grad-CAM at <bdi>${pictures.tap}</bdi>).`
  }</p>
${wrongs === 0 ? html`<p>Every photo was right.</p>` : null}
${group("Worst mistakes", wrong.length < wrongs ? `The surest of a wrong class first; ${wrong.length} of ${wrongs}.` : "The surest of a wrong class first.", wrong)}
${group("Right, by little", "The least sure first.", narrow)}
${group("Right", "The surest of each class.", sure)}</section>`;
}

function card(prediction: PhotoPrediction, classNames: readonly string[], { pictures }: Pictures): Html {
  const { path, right, top } = prediction;
  const [best] = top;
  const own = classNames[prediction.label];
  const verdict = right
    ? html`<span class="verdict right">Right: <bdi>${own}</bdi></span>`
    : html`<span class="verdict wrong">Wrong: <bdi>${own}</bdi> taken for <bdi>${best?.name ?? "nothing"}</bdi></span>`;
  const guesses = top.slice(0, mostGuesses).filter(({ probability }) => probability >= leastShown);
  return html`<figure class="card photo">${views(prediction, pictures.get(prediction))}<figcaption>${verdict}
<ul class="guesses">${guesses.map(
    ({ name, probability }) =>
      html`<li><bdi>${name}</bdi><i aria-hidden="true"><b style="width:${short(probability * 100)}%"></b></i><em>${percent(probability)}</em></li>`,
  )}</ul><div class="path"><bdi>${path}</bdi></div></figcaption></figure>`;
}

function views({ path }: PhotoPrediction, picture: Picture | undefined): Html {
  if (picture === undefined || picture.image === null) {
    return html`<div class="views"><div><div class="none"></div><span>cannot be read any more</span></div></div>`;
  }
  const alternative = (heat: Heat) => `${path}, with what speaks for ${heat.className}`;
  return html`<div class="views"><div><img src="${picture.image}" alt="${path}"><span>photo</span></div>${picture.heat.map(
    (heat) =>
      html`<div><img src="${heat.image}" alt="${alternative(heat)}"><span>for <bdi>${heat.className}</bdi></span></div>`,
  )}</div>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
