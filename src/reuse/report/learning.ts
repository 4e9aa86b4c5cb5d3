import {
  counted,
  grouped,
  type Html,
  html,
  lineChart,
  lineKey,
  percent,
  short,
} from "../../drawing/index.ts";
import type { EpochRecord } from "../../train/index.ts";
import type { FinetuneResult } from "../result.ts";

/** Loss and accuracy by epoch, of the last layer and of what was unfrozen. */
export function learningSection({ head, unfrozen }: FinetuneResult): Html {
  return html`<section id="learning"><h2>Learning</h2>
<h3>The last layer, on the features of the frozen backbone</h3>
${curves(head.epochs, head.bestEpoch)}
${
  head.refitted
    ? html`<p>With what that found out, the last layer was trained anew on training and validation photos together: more photos are better ones. That one is kept, and judged by the held-out photos.</p>`
    : null
}
${
  unfrozen === null
    ? null
    : html`<h3>Then unfrozen: <bdi>${unfrozen.stages.join(", ")}</bdi></h3>
<p>${counted(unfrozen.parameters, "parameter")} trained${unfrozen.augmented ? ", photos changed at random on the way" : ""}.${
        unfrozen.bestEpoch === null
          ? " No epoch did better than the frozen backbone, whose classifier was kept."
          : null
      }</p>
${curves(unfrozen.epochs, unfrozen.bestEpoch)}`
}</section>`;
}

/** What an epoch's scores are of one measure; not a number where there is none. */
function scoreOf(epoch: EpochRecord, measure: string, ofValidation: boolean): number {
  if (ofValidation) return epoch.validation?.[measure] ?? Number.NaN;
  return measure === "loss" ? epoch.loss : (epoch.metrics[measure] ?? Number.NaN);
}

function curves(epochs: readonly EpochRecord[], bestEpoch: number | null): Html {
  if (epochs.length === 0) return html`<p>It was not trained.</p>`;
  const chart = (measure: string, format: (value: number) => string, most: number | null) => {
    const lines = [
      { name: "training", ofValidation: false },
      { name: "validation", ofValidation: true },
    ]
      .map(({ name, ofValidation }) => ({
        name,
        values: epochs.map((epoch) => scoreOf(epoch, measure, ofValidation)),
      }))
      .filter(({ values }) => values.some(Number.isFinite));
    if (lines.length === 0) return null;
    return html`<figure class="card"><figcaption><strong>${measure}</strong></figcaption>${lineChart({
      title: measure,
      lines,
      across: { title: "epoch", numbers: epochs.map(({ epoch }) => epoch + 1) },
      format,
      most,
      marked: bestEpoch,
    })}<ul class="legend">${lines.map(
      ({ name }, index) => html`<li>${lineKey(index)}${name}</li>`,
    )}</ul></figure>`;
  };
  return html`<div class="charts">${chart("loss", short, null)}${chart("accuracy", percent, 1)}</div>
${bestEpoch === null ? null : html`<p class="soft">Epoch ${bestEpoch + 1}, the dotted line, was the best.</p>`}
<details><summary>${counted(epochs.length, "epoch")} in numbers</summary><div class="wide"><table>
<thead><tr><th scope="col">epoch</th><th scope="col">loss</th><th scope="col">accuracy</th><th scope="col">validation loss</th><th scope="col">validation accuracy</th><th scope="col">learning rate</th></tr></thead>
<tbody>${epochs.map(
    (epoch) =>
      html`<tr><th scope="row">${grouped(epoch.epoch + 1)}</th>${[
        numberOrDash(scoreOf(epoch, "loss", false), short),
        numberOrDash(scoreOf(epoch, "accuracy", false), percent),
        numberOrDash(scoreOf(epoch, "loss", true), short),
        numberOrDash(scoreOf(epoch, "accuracy", true), percent),
        short(epoch.learningRate),
      ].map((text) => html`<td>${text}</td>`)}</tr>`,
  )}</tbody></table></div></details>`;
}

function numberOrDash(value: number, format: (value: number) => string): string {
  return Number.isFinite(value) ? format(value) : "–";
}
