import type {
  Callback,
  EpochEndEvent,
  TrainBeginEvent,
  TrainEndEvent,
  TrainingControl,
} from "../train/index.ts";
import type { RunFolder } from "../train/run-folder.ts";

/** Milliseconds from one checkpoint to the next within an epoch. */
const checkpointInterval = 10_000;
/** The interval is at least so many times what the last one took: that of a VGG with Adam has 1.7 GB. */
const leastIntervals = 20;

/**
 * Keeps a run's folder up to date: a checkpoint after each epoch, every ten seconds (less often where it takes long to
 * write) and at the end; a line an epoch.
 */
export class RunRecorder implements Callback {
  // After all callbacks that change what a checkpoint holds.
  readonly runsLast = true;
  readonly #folder: RunFolder;
  #lastCheckpoint = performance.now();
  #interval = checkpointInterval;

  constructor(folder: RunFolder) {
    this.#folder = folder;
  }

  readonly onTrainBegin = async ({ epoch, step, epochs, examples }: TrainBeginEvent): Promise<void> => {
    this.#lastCheckpoint = performance.now();
    await this.#folder.keepRecordsBefore(epoch);
    if (epoch > 0 || step > 0) return;
    await this.#folder.record({
      type: "trainBegin",
      epoch: -1,
      epochs,
      examples,
      time: new Date().toISOString(),
    });
  };

  readonly onProgress = async (_event: unknown, control: TrainingControl): Promise<void> => {
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
    await this.#save("epoch", control);
  };

  readonly onTrainEnd = async (event: TrainEndEvent, control: TrainingControl): Promise<void> => {
    await this.#save("end", control);
    const { reason, epoch, step } = event;
    await this.#folder.record({ type: "trainEnd", reason, epoch, step, time: new Date().toISOString() });
  };

  async #save(reason: string, control: TrainingControl): Promise<void> {
    const begin = performance.now();
    await this.#folder.writeCheckpoint(await control.saveCheckpoint(reason));
    this.#lastCheckpoint = performance.now();
    this.#interval = Math.max(checkpointInterval, leastIntervals * (this.#lastCheckpoint - begin));
  }
}
