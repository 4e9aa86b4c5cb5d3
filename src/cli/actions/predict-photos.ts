import { folderExists, writeFileAtomic } from "#host";
import type { Engine } from "../../engine/engine.ts";
import { FormatError, type FoveaError, OptionError } from "../../tensor/errors.ts";
import { type ClassifiedPhoto, classifyPhotos } from "../classify-photos.ts";
import type { PredictFlags } from "../commands/predict.ts";
import { csvRow } from "../csv-row.ts";
import { openModel } from "../model-reference.ts";
import { listPhotoFiles } from "../photo-files.ts";
import { formatCount, formatPercent } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import type { PredictDocument, Prediction } from "./predict.ts";

const defaultTop = 3;
const defaultBatchSize = 64;
/** Problems that are told one by one; a table has them all. */
const mostProblems = 20;

/** Classifies all photos of folders, one by one as they are read. @param engine - awaited only when all else is at hand */
export async function predictPhotos(
  reference: string,
  names: readonly string[],
  flags: PredictFlags,
  engine: Promise<Engine>,
  terminal: Terminal,
): Promise<void> {
  checkFlags(names, flags);
  const { files, problems } = await gather(names);
  const { model } = await openModel(reference, { flags, engine, terminal });
  const { batchSize = defaultBatchSize, fit } = flags;
  const top = Math.min(flags.top ?? defaultTop, model.outputShape[0]);
  const photos = classifyPhotos(model, files, { top, batchSize, fit });
  const outcome = new Outcome(files.length, problems, terminal, flags);
  if (flags.csv !== undefined) await writeFileAtomic(flags.csv, table(outcome.watch(photos), top));
  else for await (const photo of outcome.watch(photos)) outcome.print(photo);
  outcome.finish(reference);
}

function checkFlags(names: readonly string[], { logits, csv, json }: PredictFlags): void {
  const refuse = (where: string, what: string, hint: string): FoveaError =>
    new OptionError(what, { where, hint });
  if (logits !== undefined)
    throw refuse("--logits", "goes with images and .npy files only", "Name the images in place of a folder.");
  if (csv !== undefined && json === true)
    throw refuse("--csv", "does not go with --json", "Give one of both.");
  const array = names.find((name) => /\.npy$/i.test(name));
  if (array !== undefined)
    throw refuse(array, "a .npy file does not go with folders and --csv", "Predict it by itself.");
}

async function gather(names: readonly string[]) {
  const files: string[] = [];
  const problems: { readonly path: string; readonly problem: string }[] = [];
  for (const name of names) {
    if (await folderExists(name)) {
      const found = await listPhotoFiles(name);
      files.push(...found.files);
      problems.push(...found.problems);
    } else files.push(name);
  }
  return { files, problems };
}

/** `path,class 1,probability 1,class 2,probability 2,...,problem`. */
async function* table(photos: AsyncIterable<ClassifiedPhoto>, top: number): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const ranks = Array.from({ length: top }, (_, rank) => rank);
  const heads = ranks.flatMap((rank) => [`class ${rank + 1}`, `probability ${rank + 1}`]);
  yield encoder.encode(csvRow(["path", ...heads, "problem"]));
  for await (const { path, top: guesses, problem } of photos) {
    const cells = ranks.flatMap((rank) => {
      const guess = guesses[rank];
      return guess === undefined ? ["", ""] : [guess.name, Number(guess.probability.toPrecision(6))];
    });
    yield encoder.encode(csvRow([path, ...cells, problem ?? ""]));
  }
}

/** The shortest time between two drawings of the line, in milliseconds. */
const drawingInterval = 100;

/** Counts, and tells how far it has come. */
class Outcome {
  readonly #all: number;
  readonly #terminal: Terminal;
  readonly #flags: PredictFlags;
  readonly #problems: { readonly path: string; readonly problem: string }[];
  readonly #predictions: Prediction[] = [];
  readonly #counts = new Map<string, number>();
  #done = 0;
  #read = 0;
  #lastDrawing = Number.NEGATIVE_INFINITY;

  constructor(
    all: number,
    problems: readonly { readonly path: string; readonly problem: string }[],
    terminal: Terminal,
    flags: PredictFlags,
  ) {
    this.#all = all;
    this.#problems = [...problems];
    this.#terminal = terminal;
    this.#flags = flags;
  }

  async *watch(photos: AsyncIterable<ClassifiedPhoto>): AsyncGenerator<ClassifiedPhoto> {
    for await (const photo of photos) {
      this.#done++;
      const { path, problem, top } = photo;
      const [best] = top;
      if (problem !== null) this.#problems.push({ path, problem });
      else if (best !== undefined) {
        this.#read++;
        this.#counts.set(best.name, (this.#counts.get(best.name) ?? 0) + 1);
      }
      yield photo;
      this.#draw();
    }
  }

  print({ path, top, problem }: ClassifiedPhoto): void {
    if (problem !== null) return;
    if (this.#flags.json === true) this.#predictions.push({ input: path, index: null, top });
    else
      this.#terminal.out(
        `${path}: ${top.map((guess) => `${guess.name} ${formatPercent(guess.probability)}`).join(", ")}\n`,
      );
  }

  /** A line that is drawn again and again; where results are printed, these show how far it has come. */
  #draw(): void {
    const { live, err } = this.#terminal;
    const { csv, json } = this.#flags;
    if (!live || (csv === undefined && json !== true)) return;
    const now = performance.now();
    if (this.#done < this.#all && now - this.#lastDrawing < drawingInterval) return;
    this.#lastDrawing = now;
    err(
      `\r${formatCount(this.#done)} of ${formatCount(this.#all)} photos\u001b[K${this.#done === this.#all ? "\n" : ""}`,
    );
  }

  /** @throws FormatError when not one photo could be read */
  finish(model: string): void {
    const { out, err } = this.#terminal;
    const problems = this.#problems.map(({ path, problem }) => ({ input: path, problem }));
    if (this.#flags.json === true) {
      const document: PredictDocument = { model, predictions: this.#predictions, problems };
      if (this.#read > 0) printJson(this.#terminal, document);
    }
    for (const { path, problem } of this.#problems.slice(0, mostProblems)) err(`${path}: ${problem}\n`);
    const more = this.#problems.length - mostProblems;
    if (more > 0) err(`... and ${formatCount(more)} more that could not be read\n`);
    if (this.#read === 0) {
      throw new FormatError(`not one of ${formatCount(this.#all)} photos can be read`, {
        hint: "Check that they open in an image viewer.",
      });
    }
    const counts = [...this.#counts].sort(([, a], [, b]) => b - a).slice(0, 10);
    const classes = counts.map(([name, count]) => `${formatCount(count)} ${name}`).join(", ");
    err(
      `${formatCount(this.#read)} of ${formatCount(this.#all)} photos: ${classes}${this.#counts.size > 10 ? ", ..." : ""}\n`,
    );
    if (this.#flags.csv !== undefined) out(`Written to ${this.#flags.csv}\n`);
  }
}
