import { writeFileAtomic } from "#host";
import { countOf } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { Model } from "../../models/index.ts";
import { OptionError } from "../../tensor/errors.ts";
import { decodeCheckpoint, type EpochRecord, type History } from "../../train/index.ts";
import { readRunCheckpoint } from "../../train/run-folder.ts";
import { models } from "../../zoo/index.ts";
import type { TrainFlags } from "../commands/train.ts";
import { compileChoice } from "../compile.ts";
import type { TrainConfig } from "../config.ts";
import { listenForInterruption } from "../interruption.ts";
import { runPhotosFile } from "../names.ts";
import { RunRecorder } from "../recorder.ts";
import { type OpenRun, type PlannedRun, planRun } from "../run.ts";
import type { LeftOut, RunData, RunParts } from "../run-data.ts";
import { withEngine } from "../session.ts";
import { EpochProgress } from "../terminal/epoch-progress.ts";
import { problemsText } from "../terminal/finetune-report.ts";
import { formatCount, formatMetric } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { openTrainingData } from "../train-data.ts";
import { versionsOf } from "../versions.ts";
import { weightsModel } from "../weights-model.ts";
import { findRate } from "./find-rate.ts";

/** Figures over the test part. */
interface TestFigures {
  readonly accuracy: number;
  readonly loss: number;
  readonly examples: number;
}

/** What `fovea train --json` prints. `accuracy` and `loss` are those of the test part; null for an interrupted run. */
export interface TrainDocument {
  readonly model: string;
  readonly data: string;
  readonly run: string;
  readonly parameters: number;
  readonly examples: number;
  readonly interrupted: boolean;
  /** Epochs that are done. */
  readonly epochs: number;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly testExamples: number | null;
  /** Photos that were left out, and why. */
  readonly problems: readonly LeftOut[];
  readonly history: readonly EpochRecord[];
  readonly engine: string;
  readonly config: TrainConfig;
}

/** Trains a new run, or goes on with one, then evaluates it on the test part. */
export async function train(flags: TrainFlags, terminal: Terminal): Promise<void> {
  if (flags.findRate === true && flags.resume !== undefined) {
    throw new OptionError("cannot be used together with --resume", {
      where: "--find-rate",
      hint: "The rate of a run that goes on is its own.",
    });
  }
  const planned = await planRun(flags);
  const { precision } = planned.config;
  await withEngine({ threads: flags.threads, precision }, async (starting) => {
    const data = await openTrainingData(planned.config, flags, terminal);
    const plan = { ...planned, config: { ...planned.config, photos: data.photos } };
    const engine = await starting;
    const model = await createModel(plan, { data, engine, flags, terminal });
    const parts = data.partsFor(model);
    if (flags.findRate === true) return await findRate(model, parts, plan.config, flags, terminal);
    const run = await plan.open(plan.config);
    try {
      await trainInto(run, { plan, data, parts, model, engine, flags, terminal });
    } finally {
      await run.folder.release();
    }
  });
}

interface Work {
  readonly plan: PlannedRun;
  readonly data: RunData;
  readonly parts: RunParts;
  readonly model: Model;
  readonly engine: Engine;
  readonly flags: TrainFlags;
  readonly terminal: Terminal;
}

async function trainInto(run: OpenRun, work: Work): Promise<void> {
  const { plan, data, parts, model, engine, flags, terminal } = work;
  const { config, path } = plan;
  const parameters = model.summary().parameters;
  const quiet = flags.quiet ?? false;
  const report = (text: string) => (quiet ? undefined : terminal.err(`${text}\n`));
  report(
    `${config.model}, ${formatCount(parameters)} parameters, on ${parts.train.name}; ${engine.name}; into ${path}`,
  );
  if (data.table !== null) await writeTable(run, data.table);
  if (isFinished(run, config))
    report(`This run has trained its ${config.epochs} epochs; --epochs adds more.`);
  const known = data.problems().length;
  const history = await fitModel(run, work);
  const interrupted = history.reason === "interrupted";
  if (!interrupted) await model.save(run.folder.file("model"));
  const test = interrupted ? null : await testFigures(model, parts, config, history);
  for (const line of problemsText(data.problems().slice(known))) report(line);
  if (test !== null) await run.folder.record({ type: "test", epoch: history.epoch, ...test });
  if (test === null) terminal.err(interruptionText(path, config, history));
  else if (flags.json !== true) terminal.out(testText(path, test));
  if (flags.json === true) printJson(terminal, documentOf(work, parameters, history, test));
}

async function fitModel(
  { folder, resumeFrom }: OpenRun,
  { plan, parts, model, engine, flags, terminal }: Work,
): Promise<History> {
  const { config, path } = plan;
  const progress = new EpochProgress(terminal);
  using interruption = listenForInterruption(() => {
    progress.closeLine();
    terminal.err("Stopping after the running step; once more ends at once, without saving.\n");
  });
  try {
    return await model.fit(parts.train, {
      epochs: config.epochs,
      batchSize: config.batchSize,
      seed: config.seed,
      ...{ classWeights: config.classWeights, emaMomentum: config.ema },
      gradientAccumulation: config.gradientAccumulation,
      callbacks: [...(flags.quiet === true ? [] : [progress]), new RunRecorder(folder, versionsOf(engine))],
      signal: interruption.signal,
      ...(config.validationSplit > 0 && parts.validation === null
        ? { validationSplit: config.validationSplit }
        : { validationData: parts.validation ?? parts.test }),
      ...(config.augment === null ? {} : { augment: config.augment }),
      ...(resumeFrom === null ? {} : { resumeFrom }),
    });
  } catch (error) {
    progress.closeLine();
    if ((await readRunCheckpoint(path)) !== null) terminal.err(`The last checkpoint is kept in ${path}.\n`);
    throw error;
  }
}

/** Which photo is in which part, once and for all. */
async function writeTable({ folder, resumeFrom }: OpenRun, table: string): Promise<void> {
  if (resumeFrom !== null) return;
  await writeFileAtomic(`${folder.path}/${runPhotosFile}`, new TextEncoder().encode(table));
}

async function createModel(
  { config, path }: PlannedRun,
  { data, engine, flags, terminal }: Omit<Work, "plan" | "parts" | "model">,
): Promise<Model> {
  const { classNames, inputShape, trained } = data;
  const options = { classes: classNames.length, inputShape };
  const stepsPerEpoch = Math.max(1, Math.ceil(trained / config.batchSize));
  const compile = { ...compileChoice(config, stepsPerEpoch), metrics: ["accuracy"], engine } as const;
  const { weights, strict } = config;
  if (weights === null) {
    const model = models.create<string>(config.model, options);
    model.compile(compile);
    return model;
  }
  // A run that goes on has its preprocessing, and soon its weights, from its checkpoint.
  const stored = flags.resume === undefined ? null : await readRunCheckpoint(path);
  const quiet = flags.quiet ?? false;
  const model =
    stored === null
      ? (await weightsModel(config.model, { ...options, weights, strict, quiet }, engine, terminal)).model
      : Model.fromCheckpoint(decodeCheckpoint(stored, { name: path }), { engine });
  model.compile(compile);
  return model;
}

function isFinished({ resumeFrom }: OpenRun, { epochs }: TrainConfig): boolean {
  return resumeFrom !== null && resumeFrom.training.epoch >= epochs;
}

/** Figures over the test part: those after the last epoch, where that is what was watched. */
async function testFigures(
  model: Model,
  { validation, test }: RunParts,
  { validationSplit }: TrainConfig,
  { epochs }: History,
): Promise<TestFigures> {
  const watchesTest = validationSplit === 0 && validation === null;
  const watched = watchesTest ? (epochs.at(-1)?.validation ?? null) : null;
  const { accuracy, loss } = watched ?? (await model.evaluate(test));
  return { accuracy, loss, examples: countOf(test) };
}

function documentOf(
  { plan: { config, path }, data, parts, engine }: Work,
  parameters: number,
  history: History,
  test: TestFigures | null,
): TrainDocument {
  return {
    model: config.model,
    data: config.data,
    run: path,
    parameters,
    examples: countOf(parts.train),
    interrupted: history.reason === "interrupted",
    epochs: history.epoch,
    accuracy: test?.accuracy ?? null,
    loss: test?.loss ?? null,
    testExamples: test?.examples ?? null,
    problems: data.problems(),
    history: history.epochs,
    engine: engine.name,
    config,
  };
}

function interruptionText(path: string, { epochs }: TrainConfig, { epoch, step }: History): string {
  const where = step === 0 ? "" : `, step ${step}`;
  return `Stopped in epoch ${epoch + 1} of ${epochs}${where}. Saved in ${path}.\nGo on with: fovea train --resume ${path}\n`;
}

function testText(path: string, { accuracy, loss, examples }: TestFigures): string {
  const figures = `accuracy ${formatMetric(accuracy)}, loss ${formatMetric(loss)}`;
  return `Test: ${figures} on ${formatCount(examples)} examples. Saved in ${path}.\n`;
}
