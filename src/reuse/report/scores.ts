import { counted, grouped, type Html, html, percent, short, wilsonInterval } from "../../drawing/index.ts";
import type { ClassCounts, FinetuneResult, PartScores } from "../result.ts";

/** What a part is called. */
export const partTitles = { train: "training", validation: "validation", test: "held-out" } as const;

/** A matrix of more classes is no picture any more: what is confused most is listed then. */
const mostMatrixClasses = 25;
const mostConfusions = 25;

/** How many photos there are of each class in each part. */
export function countsSection({ counts }: FinetuneResult): Html {
  const sum = (of: (one: ClassCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
  const cells = ({ train, validation, test, all }: Omit<ClassCounts, "name">) =>
    [train, validation, test, all].map((count) => html`<td>${grouped(count)}</td>`);
  return html`<section id="photos-counted"><h2>Photos</h2>
<p>The last layer learns from the training photos; validation photos say when to stop; the held-out photos are looked at in the end only.</p>
<div class="wide"><table><caption>Photos of each class by part</caption>
<thead><tr><th scope="col" class="name">class</th><th scope="col">training</th><th scope="col">validation</th><th scope="col">held out</th><th scope="col">all</th></tr></thead>
<tbody>${counts.map((one) => html`<tr><th scope="row"><bdi>${one.name}</bdi></th>${cells(one)}</tr>`)}</tbody>
<tfoot><tr><th scope="row">all</th>${cells({
    train: sum((one) => one.train),
    validation: sum((one) => one.validation),
    test: sum((one) => one.test),
    all: sum((one) => one.all),
  })}</tr></tfoot></table></div></section>`;
}

/** How sure the accuracy of so few photos is: `52 of 55, 85.1 % to 98.1 % (95 % confidence)`. */
export function accuracyNote({ accuracy, examples }: PartScores): string {
  const right = Math.round(accuracy * examples);
  const [low, high] = wilsonInterval(right, examples);
  return `${grouped(right)} of ${grouped(examples)}; with 95 % confidence ${percent(low)} to ${percent(high)}`;
}

/** Confusion matrix, and the scores of each class. */
export function scoresSection(scores: PartScores): Html {
  const { classes, confusion, part } = scores;
  const names = classes.map(({ name }) => name);
  return html`<section id="scores"><h2>What is taken for what</h2>
<p>Judged on ${counted(scores.examples, `${partTitles[part]} photo`)}: ${percent(scores.accuracy)} right, mean loss ${short(scores.loss)}.</p>
<div class="beside"><div><h3>Mixed up</h3>
${names.length <= mostMatrixClasses ? matrix(names, confusion.counts) : confusions(names, confusion.counts)}</div>
<div><h3>Class by class</h3>
<p class="soft">Precision: of what was taken for the class, how much is. Recall: of the class's photos, how many were found.</p>
<div class="wide"><table>
<thead><tr><th scope="col" class="name">class</th><th scope="col">photos</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th></tr></thead>
<tbody>${classes.map(
    ({ name, examples, precision, recall, f1 }) =>
      html`<tr><th scope="row"><bdi>${name}</bdi></th><td>${grouped(examples)}</td>${[
        precision,
        recall,
        f1,
      ].map((share) => html`<td>${meter(share)}</td>`)}</tr>`,
  )}</tbody></table></div></div></div></section>`;
}

function meter(share: number | null): Html {
  if (share === null) return html`<span class="soft">–</span>`;
  return html`<div class="meter"><i aria-hidden="true"><b style="width:${short(share * 100)}%"></b></i><span>${percent(share)}</span></div>`;
}

/** Rows are what photos are, columns what they were taken for; colours are shares of the row. */
function matrix(names: readonly string[], counts: readonly (readonly number[])[]): Html {
  const row = (label: number) => {
    const all = counts[label].reduce((sum, count) => sum + count, 0);
    return counts[label].map((count, prediction) => {
      if (count === 0) return html`<td class="soft">0</td>`;
      const kind = label === prediction ? "hit" : "miss";
      return html`<td class="${kind}" style="--share:${short(count / all)}">${grouped(count)}</td>`;
    });
  };
  return html`<p class="soft">Rows: what the photos are. Columns: what they were taken for.</p>
<div class="wide"><table class="matrix" aria-label="Confusion matrix: rows are what photos are, columns what they were taken for">
<thead><tr><td></td>${names.map((name) => html`<th scope="col"><bdi>${name}</bdi></th>`)}</tr></thead>
<tbody>${names.map((name, label) => html`<tr><th scope="row"><bdi>${name}</bdi></th>${row(label)}</tr>`)}</tbody></table></div>`;
}

/** The pairs of classes that were confused most often. */
function confusions(names: readonly string[], counts: readonly (readonly number[])[]): Html {
  const pairs = counts
    .flatMap((row, label) => row.map((count, prediction) => ({ count, label, prediction })))
    .filter(({ count, label, prediction }) => count > 0 && label !== prediction)
    .sort((a, b) => b.count - a.count);
  if (pairs.length === 0) return html`<p>Nothing was taken for anything else.</p>`;
  return html`<div class="wide"><table><caption>What was confused most often, of ${names.length} classes</caption>
<thead><tr><th scope="col" class="name">class</th><th scope="col" class="name">taken for</th><th scope="col">photos</th></tr></thead>
<tbody>${pairs
    .slice(0, mostConfusions)
    .map(
      ({ count, label, prediction }) =>
        html`<tr><th scope="row"><bdi>${names[label]}</bdi></th><td class="name"><bdi>${names[prediction]}</bdi></td><td>${grouped(count)}</td></tr>`,
    )}</tbody></table></div>`;
}
