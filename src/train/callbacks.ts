import { writeFileAtomic } from "#host";
import { checkOptions, field } from "../options/index.ts";
import type { Callback } from "./callback.ts";

export { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";

/** Where and when checkpoints are written. */
export interface CheckpointOptions {
  /** The file that is written, and replaced each time; never half written. */
  readonly path: string;
  /** When: after each epoch, or whenever so many seconds have passed; default `"epoch"`. Always at the end too. */
  readonly every?: "epoch" | number;
}

/** Writes a checkpoint file from which `fit({ resumeFrom })` goes on exactly. */
export function checkpoint(options: CheckpointOptions): Callback {
  const { path, every } = checkOptions<CheckpointOptions>("callbacks.checkpoint", options, {
    path: field("a path", (value): value is string => typeof value === "string" && value !== ""),
    every: field<"epoch" | number>(
      '"epoch" or a number of seconds above 0',
      (value): value is "epoch" | number =>
        value === "epoch" || (typeof value === "number" && Number.isFinite(value) && value > 0),
      "epoch",
    ),
  });
  let lastSave = performance.now();
  const save = async (reason: string, take: (reason: string) => Promise<Uint8Array>) => {
    await writeFileAtomic(path, await take(reason));
    lastSave = performance.now();
  };
  return {
    runsLast: true,
    onTrainBegin: () => {
      lastSave = performance.now();
    },
    onProgress: async (_event, control) => {
      const due = every !== "epoch" && performance.now() - lastSave >= every * 1000;
      if (due) await save("time", control.saveCheckpoint);
    },
    onEpochEnd: async (_event, control) => {
      if (every === "epoch") await save("epoch", control.saveCheckpoint);
    },
    onTrainEnd: async (_event, control) => {
      await save("end", control.saveCheckpoint);
    },
  };
}

/**
 * Sets the learning rate at the beginning of each epoch.
 *
 * @param rateOf - gets the epoch, counted from 0, and the rate so far
 */
export function learningRateSchedule(rateOf: (epoch: number, learningRate: number) => number): Callback {
  return {
    onEpochBegin: ({ epoch }, control) => {
      control.learningRate = rateOf(epoch, control.learningRate);
    },
  };
}

/** Your own callback from some of its methods. */
export function lambda(methods: Callback): Callback {
  return methods;
}
