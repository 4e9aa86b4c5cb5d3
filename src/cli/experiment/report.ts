import { type Content, duration, grouped, html, page } from "../../drawing/index.ts";
import {
  curves,
  flipCards,
  mapsOf,
  shareText,
  summaryTable,
  translationStyles,
} from "../../inspect/index.ts";
import { type Finding, findingsOf, type TrainedVariant } from "./findings.ts";
import { experimentBatchSize, trainingShift, type VariantId } from "./variants.ts";

/** What the report is made of. */
export interface ExperimentReport {
  readonly nets: readonly TrainedVariant[];
  /** Training images, and those for the unmoved accuracy. */
  readonly trainExamples: number;
  readonly testExamples: number;
  readonly seed: number;
  readonly engine: string;
  readonly seconds: number;
}

/** What a finding is drawn with: nets that differ in one thing. */
const chartsOf: { readonly [I in Finding["id"]]: readonly (readonly VariantId[])[] } = {
  dense: [],
  convolution: [["dense", "convnet"]],
  moved: [["dense", "dense-moved", "convnet", "convnet-moved"]],
  global: [["convnet", "convnet-gmp"]],
  // Apart, so that small differences have room.
  blur: [
    ["convnet", "convnet-blur"],
    ["convnet-gmp", "convnet-gmp-blur"],
  ],
  order: [],
};

const question: { readonly [I in Finding["id"]]: string } = {
  dense: "What does a move do to a dense net?",
  convolution: "Does convolution help?",
  moved: "Does it help to see moved digits?",
  global: "Does it help to forget where things are?",
  blur: "Does it help to blur before rows are left out?",
  order: "What makes a net robust, then?",
};

/** One HTML file that says what makes a net bear moves: text made of the measured figures, charts, maps, examples. */
export async function experimentReport(report: ExperimentReport): Promise<string> {
  const { nets, trainExamples, testExamples, seed, engine, seconds } = report;
  const { maxShift, examples } = nets[0].map;
  const findings = findingsOf(nets);
  return page({
    title: "What makes a net bear moves",
    styles: translationStyles,
    content: html`<header><h1>What makes a net bear moves</h1>
<p class="soft">${nets.length} nets, trained on ${grouped(trainExamples)} digits of MNIST, tested on digits that were moved by up to ${maxShift} px each way. Seed ${seed}; ${duration(1000 * seconds)} in all; ${engine}.</p></header>
<section><h2>The answers</h2><p>A move changes nothing of what a digit is. A net that has never been told so must find it out, or be built so that it cannot help it.</p><ol>${findings.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></section>
<section><h2>The nets</h2>${netTable(report)}<p class="soft">Unmoved: on ${grouped(testExamples)} test digits. All other figures are over the first ${grouped(examples)} of them. A difference counts where it is greater than the standard error of such a share.</p></section>
${findings.map((finding) => findingSection(finding, nets))}
<section><h2>All figures</h2>${summaryTable(nets)}</section>
${mapsOf(nets, "accuracy")}${mapsOf(nets, "consistency")}${mapsOf(nets, "loss")}
<section><h2>Digits that flip</h2><p>Digits that a net has right, with the smallest move that changes its mind: before, after, and what it said with which probability.</p>${await Promise.all(
      nets.map(async (net) => html`<h3>${net.name}</h3>${await flipCards(net)}`),
    )}</section>
<section><h2>How it was measured</h2><p>Every net is trained by Adam, at a rate that falls along a cosine, on batches of ${experimentBatchSize}; \u201cmoved digits\u201d are moved by up to ${trainingShift} px each way, anew in each epoch. Distance is the larger of the pixels across and down, and figures of a distance are means over all moves of it. Zeros come in at the edges; what goes out is lost. From 4 px on, strokes of some digits leave the image, so that not even a perfect net could have all of them right.</p><p>The nets are in the folders of their runs: ${nets.map(({ run }, index) => html`${index === 0 ? "" : ", "}<code>${run}</code>`)}. <code>fovea translation</code> maps them again, Studio shows them.</p></section>`,
    footer: "Made by fovea experiment translation.",
  });
}

function netTable({ nets }: ExperimentReport): Content {
  return html`<div class="wide nets"><table><thead><tr><th scope="col" class="name">net</th><th scope="col" class="name">what it is</th><th scope="col">parameters</th><th scope="col">epochs</th><th scope="col">training</th><th scope="col">unmoved</th><th scope="col">moved, mean</th><th scope="col">same answer, mean</th></tr></thead>
<tbody>${nets.map((net) => {
    const moved = net.map.moves.filter(({ dx, dy }) => dx !== 0 || dy !== 0);
    const mean = (name: "accuracy" | "consistency") =>
      moved.reduce((sum, move) => sum + move[name], 0) / moved.length;
    return html`<tr><th scope="row">${net.name}</th><td class="name">${net.variant.idea}</td><td>${grouped(net.parameters)}</td><td>${net.epochs}</td><td>${duration(1000 * net.seconds)}</td><td>${shareText(net.accuracy)}</td><td>${shareText(mean("accuracy"))}</td><td>${shareText(mean("consistency"))}</td></tr>`;
  })}</tbody></table></div>`;
}

function findingSection({ id, title, sentences }: Finding, nets: readonly TrainedVariant[]): Content {
  return html`<section id="${id}"><h2>${question[id]}</h2><p><b>${title}.</b></p>${sentences
    .filter((sentence) => sentence !== "")
    .map(
      (sentence) => html`<p>${sentence}</p>`,
    )}${chartsOf[id].map((ids) => curves(netsOf(nets, ids)))}</section>`;
}

function netsOf(nets: readonly TrainedVariant[], ids: readonly VariantId[]): TrainedVariant[] {
  return ids.flatMap((id) => nets.find(({ variant }) => variant.id === id) ?? []);
}
