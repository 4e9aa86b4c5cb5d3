import { countOf, type DatasetPair } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Model } from "../../models/index.ts";
import { RunFolder } from "../../train/run-folder.ts";
import { models } from "../../zoo/index.ts";
import { compileChoice } from "../compile.ts";
import { configFromFlags } from "../config.ts";
import { RunRecorder } from "../recorder.ts";
import { EpochProgress } from "../terminal/epoch-progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { versionsOf } from "../versions.ts";
import { experimentBatchSize, experimentLearningRate, trainingShift, type Variant } from "./variants.ts";

/** What all nets of an experiment have in common. */
export interface Training {
  readonly data: DatasetPair;
  readonly engine: Engine;
  /** The folder of all runs. */
  readonly folder: string;
  readonly overwrite: boolean;
  /** `null`: each net's own. */
  readonly epochs: number | null;
  /** The first training images only; `null`: all. */
  readonly limit: number | null;
  readonly seed: number;
  readonly quiet: boolean;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** A net that has been trained. */
export interface Trained {
  readonly model: Model;
  readonly epochs: number;
  readonly seconds: number;
  readonly run: string;
  /** On all test images. */
  readonly accuracy: number;
}

/**
 * Trains a net as `fovea train` would, into a run's folder of its own, which `fovea runs`, `fovea translation` and Studio open.
 *
 * @throws the signal's reason when it is aborted; the run then can be gone on with
 */
export async function trainVariant(variant: Variant, training: Training): Promise<Trained> {
  const { data, engine, seed, quiet, signal, terminal } = training;
  const epochs = training.epochs ?? variant.epochs;
  const run = `${training.folder}/${variant.id}`;
  const config = configFromFlags({
    ...{ data: "mnist", model: variant.model, epochs, seed, batchSize: experimentBatchSize },
    ...{ learningRate: experimentLearningRate, schedule: "cosine", limit: training.limit },
    augment: variant.moved ? { shift: trainingShift } : null,
  });
  const model = models.create<string>(variant.model);
  const stepsPerEpoch = Math.ceil(countOf(data.train) / experimentBatchSize);
  model.compile({ ...compileChoice(config, stepsPerEpoch), metrics: ["accuracy"], engine });
  const folder = await RunFolder.create(run, config, { overwrite: training.overwrite });
  const progress = new EpochProgress(terminal);
  try {
    const begin = performance.now();
    const history = await model.fit(data.train, {
      ...{ epochs, seed, signal, batchSize: experimentBatchSize },
      ...(config.augment === null ? {} : { augment: config.augment }),
      callbacks: [...(quiet ? [] : [progress]), new RunRecorder(folder, versionsOf(engine))],
    });
    const seconds = (performance.now() - begin) / 1000;
    signal.throwIfAborted();
    await model.save(folder.file("model"));
    const { accuracy, loss, examples } = await model.evaluate(data.test);
    await folder.record({ type: "test", epoch: history.epoch, accuracy, loss, examples });
    return { model, epochs, seconds, run, accuracy };
  } finally {
    progress.closeLine();
    await folder.release();
  }
}
