import type { JsonValue } from "../options/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type {
  CheckpointEvent,
  EpochBeginEvent,
  EpochEndEvent,
  ProgressEvent,
  TrainBeginEvent,
  TrainEndEvent,
  TrainingEvent,
} from "./events.ts";

/** What a callback may do. */
export interface TrainingControl {
  /** Ends training after the steps that are running; its reason is then `stoppedEarly`. */
  stop(): void;
  /**
   * Learning rate of the next step. Setting it replaces the optimizer's schedule from the next step that is given to
   * the engine on. Set it when an epoch begins or ends: in between it depends on timing which step is the next.
   */
  learningRate: number;
  /**
   * Takes a checkpoint of this very moment, as bytes of a safetensors file.
   *
   * @param reason - for the event that tells of it
   */
  saveCheckpoint(reason?: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Copies of parameters and statistics. */
  readWeights(): Promise<Map<string, Tensor>>;
  /** Replaces parameters and statistics. */
  writeWeights(weights: ReadonlyMap<string, Tensor>): Promise<void>;
}

/** What a callback remembers, for checkpoints. */
export interface CallbackState {
  readonly values: JsonValue;
  readonly tensors?: ReadonlyMap<string, Tensor>;
}

type Handler<E> = (event: E, control: TrainingControl) => void | Promise<void>;

/** Takes part in training. All methods are optional and may be asynchronous: training waits for them. */
export interface Callback {
  /** Under which its state is kept in checkpoints; needed only with `state`. */
  readonly name?: string;
  /** Whether it comes after all callbacks that do not say so: a checkpoint must see what the others have done. */
  readonly runsLast?: boolean;
  /** Gets every event, before the method for its type. */
  readonly onEvent?: Handler<TrainingEvent>;
  readonly onTrainBegin?: Handler<TrainBeginEvent>;
  readonly onEpochBegin?: Handler<EpochBeginEvent>;
  readonly onProgress?: Handler<ProgressEvent>;
  readonly onEpochEnd?: Handler<EpochEndEvent>;
  readonly onCheckpoint?: Handler<CheckpointEvent>;
  readonly onTrainEnd?: Handler<TrainEndEvent>;
  /** What it must remember to go on exactly after a resume. */
  readonly state?: () => CallbackState;
  /** Takes up what `state` gave in the run that is resumed. Called before `onTrainBegin`. */
  readonly restore?: (state: CallbackState) => void;
}

/** Callbacks in the order in which they are called: those that run last at the end. */
export function callbackOrder(callbacks: readonly Callback[]): readonly Callback[] {
  const isLast = (callback: Callback) => callback.runsLast === true;
  return [...callbacks.filter((callback) => !isLast(callback)), ...callbacks.filter(isLast)];
}

/** Hands an event to a callback. */
export async function handEvent(
  callback: Callback,
  event: TrainingEvent,
  control: TrainingControl,
): Promise<void> {
  await callback.onEvent?.(event, control);
  switch (event.type) {
    case "trainBegin":
      return await callback.onTrainBegin?.(event, control);
    case "epochBegin":
      return await callback.onEpochBegin?.(event, control);
    case "progress":
      return await callback.onProgress?.(event, control);
    case "epochEnd":
      return await callback.onEpochEnd?.(event, control);
    case "checkpoint":
      return await callback.onCheckpoint?.(event, control);
    case "trainEnd":
      return await callback.onTrainEnd?.(event, control);
  }
}

/** Keys for the states of callbacks: their names, numbered where one occurs again. */
export function stateKeys(callbacks: readonly Callback[]): readonly (string | null)[] {
  const seen = new Map<string, number>();
  return callbacks.map(({ name, state }) => {
    if (state === undefined) return null;
    const base = name ?? "callback";
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  });
}

/** Whether a value can serve as a callback: an object all of whose methods are functions. */
export function isCallback(value: unknown): value is Callback {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).every(
    ([key, member]) => !key.startsWith("on") || typeof member === "function",
  );
}
