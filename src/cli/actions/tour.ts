import { ensureFolder, writeFileAtomic } from "#host";
import { countOf, type DatasetPair, loadDataset, take } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { optimizers, schedules } from "../../optimizers/index.ts";
import { models } from "../../zoo/index.ts";
import type { TourFlags } from "../commands/tour.ts";
import { withEngine } from "../session.ts";
import { EpochProgress } from "../terminal/epoch-progress.ts";
import { formatCount, formatMetric, formatPercent } from "../terminal/numbers.ts";
import { type Column, renderMarkdownTable, renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { type TourStop, tourBatchSize, tourLearningRate, tourMoves, tourStops } from "../tour-plan.ts";
import { evaluateMoved } from "./evaluate.ts";

/** Figures over the test digits moved `pixels` up and left. */
export interface MovedFigures {
  readonly pixels: number;
  readonly accuracy: number;
  readonly loss: number;
  /** Share of predictions that the move leaves as they were. */
  readonly consistency: number;
}

/** One line of the tour's table. */
export interface TourRow {
  readonly model: string;
  readonly idea: string;
  readonly parameters: number;
  readonly epochs: number;
  /** Of training alone. */
  readonly seconds: number;
  readonly accuracy: number;
  readonly loss: number;
  readonly moved: readonly MovedFigures[];
}

/** What `fovea tour --json` prints, and `tour.json` holds. */
export interface TourDocument {
  readonly data: string;
  readonly examples: number;
  readonly testExamples: number;
  readonly engine: string;
  readonly seed: number;
  readonly seconds: number;
  readonly rows: readonly TourRow[];
}

const defaultFolder = "runs";

/** Trains the tour's models one after the other, and shows them side by side. */
export async function tour(flags: TourFlags, terminal: Terminal): Promise<void> {
  const { out = defaultFolder, seed = 1, quiet = false } = flags;
  const begin = performance.now();
  const document = await withEngine(flags, async (starting): Promise<TourDocument> => {
    const all = await loadDataset("mnist");
    const data = flags.limit === undefined ? all : { ...all, train: take(all.train, flags.limit) };
    await ensureFolder(out);
    const engine = await starting;
    if (!quiet) terminal.err(`${opening(data)}; ${engine.name}\n`);
    const rows: TourRow[] = [];
    for (const stop of tourStops) rows.push(await visit(stop, { data, engine, seed, quiet, terminal }));
    return {
      data: "mnist",
      examples: countOf(data.train),
      testExamples: countOf(data.test),
      engine: engine.name,
      seed,
      seconds: secondsSince(begin),
      rows,
    };
  });
  await writeTour(out, document);
  if (flags.json === true) printJson(terminal, document);
  else
    terminal.out(
      `\n${tableOf(document, renderTable)}\n${closing(document)}\nWritten to ${out}/tour.md and ${out}/tour.json.\n`,
    );
}

interface Journey {
  readonly data: DatasetPair;
  readonly engine: Engine;
  readonly seed: number;
  readonly quiet: boolean;
  readonly terminal: Terminal;
}

async function visit(stop: TourStop, { data, engine, seed, quiet, terminal }: Journey): Promise<TourRow> {
  const model = models.create(stop.model);
  const { parameters } = model.summary();
  const decaySteps = stop.epochs * Math.ceil(countOf(data.train) / tourBatchSize);
  const learningRate = schedules.cosine({ initialLearningRate: tourLearningRate, decaySteps });
  model.compile({ optimizer: optimizers.adam({ learningRate }), engine });
  if (!quiet) terminal.err(`\n${stop.model}: ${stop.idea} (${formatCount(parameters)} parameters)\n`);
  const begin = performance.now();
  await model.fit(data.train, {
    epochs: stop.epochs,
    batchSize: tourBatchSize,
    seed,
    validationData: data.test,
    callbacks: quiet ? [] : [new EpochProgress(terminal)],
  });
  const seconds = secondsSince(begin);
  const { result, classes: before } = await model.evaluateClasses(data.test);
  const moved: MovedFigures[] = [];
  for (const pixels of tourMoves) {
    moved.push({ pixels, ...(await evaluateMoved(model, data.test, { up: pixels, left: pixels }, before)) });
  }
  const { accuracy, loss } = result;
  return { ...stop, parameters, seconds, accuracy, loss, moved };
}

function opening({ train, test }: DatasetPair): string {
  return `Training on ${formatCount(countOf(train))} digits, testing on ${formatCount(countOf(test))}`;
}

function tableOf(
  { rows }: TourDocument,
  render: (columns: readonly Column[], rows: readonly (readonly string[])[]) => string,
): string {
  const figures = (title: string): Column[] =>
    ["loss", "accuracy"].map((name) => ({ heading: `${name}${title}`, align: "right" }));
  const columns: Column[] = [
    { heading: "model" },
    { heading: "parameters", align: "right" },
    ...figures(""),
    ...tourMoves.flatMap((pixels): Column[] => [
      ...figures(`, ${pixels} px`),
      { heading: "consistency", align: "right" },
    ]),
  ];
  const cells = rows.map(({ model, parameters, loss, accuracy, moved }) => [
    model,
    formatCount(parameters),
    formatMetric(loss),
    formatPercent(accuracy),
    ...moved.flatMap((figure) => [
      formatMetric(figure.loss),
      formatPercent(figure.accuracy),
      formatPercent(figure.consistency),
    ]),
  ]);
  return render(columns, cells);
}

const explanation =
  "Test digits as they are, moved 2 px up and 2 px left, and moved 4 px; zeros come in at the edges.\n" +
  "Consistency: the share of predictions that the move leaves as they were.";

function closing({ seconds, engine }: TourDocument): string {
  return `${explanation}\n${seconds.toFixed(1)} s in all; ${engine}.`;
}

async function writeTour(folder: string, document: TourDocument): Promise<void> {
  const encoder = new TextEncoder();
  const { examples, testExamples } = document;
  const title = `# Fovea's tour: MNIST, ${formatCount(examples)} digits to train, ${formatCount(testExamples)} to test`;
  const text = `${title}\n\n${tableOf(document, renderMarkdownTable)}\n\n${closing(document)}\n`;
  await writeFileAtomic(`${folder}/tour.md`, encoder.encode(text));
  await writeFileAtomic(`${folder}/tour.json`, encoder.encode(`${JSON.stringify(document, null, 2)}\n`));
}

function secondsSince(begin: number): number {
  return (performance.now() - begin) / 1000;
}
