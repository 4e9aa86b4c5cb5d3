import type {
  Callback,
  EpochEndEvent,
  EventFile,
  ProgressEvent,
  TrainBeginEvent,
  TrainEndEvent,
  TrainingControl,
} from "../train/index.ts";
import type { RunFolder } from "../train/run-folder.ts";
import type { Versions } from "./versions.ts";

/** Milliseconds from one checkpoint to the next within an epoch. */
const checkpointInterval = 10_000;
/** The interval is at least so many times what the last one took: that of a VGG with Adam has 1.7 GB. */
const leastIntervals = 20;
/** Losses of single steps go to TensorBoard so many times an epoch at most: more is more than a curve shows. */
const stepsShown = 100;
/** They are written together every so many milliseconds. */
const flushInterval = 2000;

/**
 * Keeps a run's folder up to date: a checkpoint after each epoch, every ten seconds (less often where it takes long to
 * write) and at the end; a line an epoch in `metrics.jsonl`, and the same figures for TensorBoard over the steps of the run.
 */
export class RunRecorder implements Callback {
  // After all callbacks that change what a checkpoint holds.
  readonly runsLast = true;
  readonly #folder: RunFolder;
  readonly #versions: Versions;
  #events: EventFile | null = null;
  #stepsPerEpoch = 0;
  #lastCheckpoint = performance.now();
  #interval = checkpointInterval;
  #lastFlush = performance.now();

  constructor(folder: RunFolder, versions: Versions) {
    this.#folder = folder;
    this.#versions = versions;
  }

  readonly onTrainBegin = async (event: TrainBeginEvent): Promise<void> => {
    const { epoch, step, epochs, examples, stepsPerEpoch } = event;
    this.#lastCheckpoint = performance.now();
    await this.#folder.keepRecordsBefore(epoch);
    const isNew = epoch === 0 && step === 0;
    await this.#folder.record({
      type: isNew ? "trainBegin" : "trainResume",
      // Lines of no epoch: they stay whatever is trained again.
      epoch: -1,
      ...(isNew ? {} : { from: { epoch, step } }),
      epochs,
      examples,
      time: new Date().toISOString(),
      versions: this.#versions,
    });
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#events = await this.#folder.beginEvents(epoch * stepsPerEpoch + step);
  };

  readonly onProgress = async (event: ProgressEvent, control: TrainingControl): Promise<void> => {
    this.#showSteps(event);
    if (performance.now() - this.#lastFlush >= flushInterval) await this.#flush();
    if (performance.now() - this.#lastCheckpoint >= this.#interval) await this.#save("time", control);
  };

  readonly onEpochEnd = async (event: EpochEndEvent, control: TrainingControl): Promise<void> => {
    const { loss, metrics, validation, learningRate, milliseconds } = event;
    // The line first: a run that is killed in between writes it again, and drops this one.
    await this.#folder.record({
      type: "epochEnd",
      epoch: event.epoch,
      loss,
      ...metrics,
      validation,
      learningRate,
      milliseconds: Math.round(milliseconds),
    });
    const names = Object.keys(metrics);
    this.#events?.scalars((event.epoch + 1) * this.#stepsPerEpoch, {
      "loss/train": loss,
      "loss/validation": validation?.loss,
      ...Object.fromEntries(names.map((name) => [`${name}/train`, metrics[name]])),
      ...Object.fromEntries(names.map((name) => [`${name}/validation`, validation?.[name]])),
      learning_rate: learningRate,
    });
    await this.#flush();
    await this.#save("epoch", control);
  };

  readonly onTrainEnd = async (event: TrainEndEvent, control: TrainingControl): Promise<void> => {
    await this.#flush();
    await this.#save("end", control);
    const { reason, epoch, step } = event;
    await this.#folder.record({ type: "trainEnd", reason, epoch, step, time: new Date().toISOString() });
  };

  /** Some of the steps' losses, chosen by the steps' numbers: the same ones in every run. */
  #showSteps({ epoch, step, losses }: ProgressEvent): void {
    const every = Math.max(1, Math.ceil(this.#stepsPerEpoch / stepsShown));
    for (const [index, loss] of losses.entries()) {
      const number = epoch * this.#stepsPerEpoch + step - losses.length + 1 + index;
      if (number % every === 0) this.#events?.scalars(number, { "loss/step": loss });
    }
  }

  async #flush(): Promise<void> {
    this.#lastFlush = performance.now();
    await this.#events?.flush();
  }

  async #save(reason: string, control: TrainingControl): Promise<void> {
    const begin = performance.now();
    await this.#folder.writeCheckpoint(await control.saveCheckpoint(reason));
    this.#lastCheckpoint = performance.now();
    this.#interval = Math.max(checkpointInterval, leastIntervals * (this.#lastCheckpoint - begin));
  }
}
