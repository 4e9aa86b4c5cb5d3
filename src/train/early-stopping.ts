import {
  booleanField,
  checkOptions,
  field,
  isObject,
  isWholeNumber,
  nameField,
  numberField,
  wholeNumberField,
} from "../options/index.ts";
import { FormatError, type Tensor } from "../tensor/index.ts";
import type { Callback } from "./callback.ts";
import { figureOf, type MonitorName, risesByName } from "./monitor.ts";

/** When training stops by itself. */
export interface EarlyStoppingOptions {
  /** Default `valLoss`. */
  readonly monitor?: MonitorName;
  /** Epochs without improvement after which training stops; default 0: at the first. */
  readonly patience?: number;
  /** Improvements must be greater than this; default 0. */
  readonly minDelta?: number;
  /** Whether less or more is better; default `"auto"`: less for losses, more for all else. */
  readonly mode?: "auto" | "min" | "max";
  /** Whether the model gets the weights of its best epoch at the end (not when interrupted); default false. */
  readonly restoreBestWeights?: boolean;
}

const name = "earlyStopping";
const where = "callbacks.earlyStopping";

/** Stops training when a figure has stopped to improve. Its state is kept in checkpoints. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const { monitor, patience, minDelta, mode, restoreBestWeights } = checkOptions<EarlyStoppingOptions>(
    where,
    options,
    {
      monitor: field("a name as valLoss", (value): value is string => typeof value === "string", "valLoss"),
      patience: wholeNumberField(0, 0),
      minDelta: numberField({ minimum: 0 }, 0),
      mode: nameField(["auto", "min", "max"], "auto"),
      restoreBestWeights: booleanField(false),
    },
  );
  const rises = mode === "auto" ? risesByName(monitor) : mode === "max";
  const improves = (value: number, best: number) =>
    rises ? value > best + minDelta : value < best - minDelta;
  let best: number | null = null;
  let epochsWithout = 0;
  let bestWeights: ReadonlyMap<string, Tensor> | null = null;
  let resumed = false;
  return {
    name,
    onTrainBegin: () => {
      // The same callback may serve several fits; only a resumed one goes on from what it remembers.
      if (!resumed) [best, epochsWithout, bestWeights] = [null, 0, null];
      resumed = false;
    },
    onEpochEnd: async (event, control) => {
      const value = figureOf(event, monitor, where);
      if (Number.isFinite(value) && (best === null || improves(value, best))) {
        best = value;
        epochsWithout = 0;
        if (restoreBestWeights) bestWeights = await control.readWeights();
        return;
      }
      epochsWithout++;
      if (epochsWithout >= Math.max(1, patience)) control.stop();
    },
    onTrainEnd: async ({ reason }, control) => {
      if (bestWeights !== null && reason !== "interrupted") await control.writeWeights(bestWeights);
    },
    state: () => ({ values: { best, epochsWithout }, tensors: bestWeights ?? new Map() }),
    restore: ({ values, tensors = new Map() }) => {
      const { best: lastBest, epochsWithout: lastEpochs } = isObject(values) ? values : {};
      const isFigure = lastBest === null || typeof lastBest === "number";
      if (!isFigure || !isWholeNumber(lastEpochs, 0)) {
        throw new FormatError("the checkpoint's state of early stopping is damaged", { where });
      }
      best = lastBest;
      epochsWithout = lastEpochs;
      bestWeights = restoreBestWeights && tensors.size > 0 ? tensors : null;
      resumed = true;
    },
  };
}
