import {
  checkOptions,
  type Field,
  type Fields,
  numberField,
  type Resolved,
  readChoice,
  wholeNumberField,
} from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";

/** Options of `schedules.constant`. */
export interface ConstantScheduleOptions {
  readonly learningRate: number;
}

/** Options of `schedules.step`. */
export interface StepScheduleOptions {
  readonly initialLearningRate: number;
  /** Steps (batches, not epochs) from one fall to the next. */
  readonly decaySteps: number;
  /** What the rate is multiplied with at each fall; default 0.1. */
  readonly decayRate?: number;
}

/** Options of `schedules.exponential`. */
export interface ExponentialScheduleOptions {
  readonly initialLearningRate: number;
  /** Steps (batches, not epochs) in which the rate is multiplied by `decayRate` once. */
  readonly decaySteps: number;
  /** Below 1 the rate falls, above it rises. */
  readonly decayRate: number;
}

/** Options of `schedules.cosine`. */
export interface CosineScheduleOptions {
  readonly initialLearningRate: number;
  /** Steps (batches, not epochs) until the rate has fallen to its end. */
  readonly decaySteps: number;
  /** The rate at the end as a share of the initial one; default 0. */
  readonly alpha?: number;
}

/** Options of `schedules.oneCycle`. */
export interface OneCycleScheduleOptions {
  readonly maximumLearningRate: number;
  /** Steps (batches, not epochs) of the whole cycle. */
  readonly totalSteps: number;
  /** Share of the steps in which the rate rises; default 0.3. */
  readonly warmUpFraction?: number;
  /** The first rate is the maximum divided by this; default 25. */
  readonly initialDivisor?: number;
  /** The last rate is the first one divided by this; default 10,000. */
  readonly finalDivisor?: number;
}

/** Options of `schedules.warmUp`. */
export interface WarmUpScheduleOptions {
  /** Steps (batches, not epochs) of the rise. */
  readonly steps: number;
  /** What follows, counted from its own step 0; a number for a constant rate. */
  readonly schedule: LearningRate;
}

/** All kinds of schedules and the type of their options: a closed union. */
export interface ScheduleOptions {
  constant: ConstantScheduleOptions;
  step: StepScheduleOptions;
  exponential: ExponentialScheduleOptions;
  cosine: CosineScheduleOptions;
  oneCycle: OneCycleScheduleOptions;
  warmUp: WarmUpScheduleOptions;
}

/** The name of a schedule. */
export type ScheduleKind = keyof ScheduleOptions;

/** How the learning rate changes from step to step: a plain description that JSON keeps. */
export interface Schedule<K extends ScheduleKind = ScheduleKind> {
  readonly kind: K;
  readonly options: Resolved<ScheduleOptions[K]>;
}

/** A learning rate as an option: a number, or a schedule. */
export type LearningRate = number | Schedule;

interface ScheduleDefinition<O extends object> {
  readonly fields: Fields<O>;
  /** The rate of a step, 0-based: a pure function, in float64. */
  readonly rate: (options: Resolved<O>, step: number) => number;
}

const rateField = numberField({ minimum: 0 });
const stepsField = wholeNumberField(1);

/** A learning rate: at least 0, or a schedule. */
export const learningRateField: Field<LearningRate> = {
  parse: (value, where, name) =>
    typeof value === "object" && value !== null ? readSchedule(value) : rateField.parse(value, where, name),
};

const scheduleTable: { readonly [K in ScheduleKind]: ScheduleDefinition<ScheduleOptions[K]> } = {
  constant: { fields: { learningRate: rateField }, rate: ({ learningRate }) => learningRate },
  step: {
    fields: {
      initialLearningRate: rateField,
      decaySteps: stepsField,
      decayRate: numberField({ above: 0 }, 0.1),
    },
    rate: ({ initialLearningRate, decaySteps, decayRate }, step) =>
      initialLearningRate * decayRate ** Math.floor(step / decaySteps),
  },
  exponential: {
    fields: {
      initialLearningRate: rateField,
      decaySteps: stepsField,
      decayRate: numberField({ above: 0 }),
    },
    rate: ({ initialLearningRate, decaySteps, decayRate }, step) =>
      initialLearningRate * decayRate ** (step / decaySteps),
  },
  cosine: {
    fields: {
      initialLearningRate: rateField,
      decaySteps: stepsField,
      alpha: numberField({ minimum: 0, maximum: 1 }, 0),
    },
    rate: ({ initialLearningRate, decaySteps, alpha }, step) =>
      cosineBetween(initialLearningRate, initialLearningRate * alpha, step / decaySteps),
  },
  oneCycle: {
    fields: {
      maximumLearningRate: rateField,
      totalSteps: stepsField,
      warmUpFraction: numberField({ minimum: 0, maximum: 1 }, 0.3),
      initialDivisor: numberField({ minimum: 1 }, 25),
      finalDivisor: numberField({ minimum: 1 }, 1e4),
    },
    rate: oneCycleRate,
  },
  warmUp: {
    fields: { steps: stepsField, schedule: learningRateField },
    rate: ({ steps, schedule }, step) =>
      step < steps
        ? (learningRateAt(schedule, 0) * (step + 1)) / steps
        : learningRateAt(schedule, step - steps),
  },
};

/** Half a cosine wave from `from` at 0 to `to` at 1, and `to` beyond: to + (from - to) (1 + cos(pi p)) / 2. */
function cosineBetween(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, progress))))) / 2;
}

/** Up to the maximum, then down to next to nothing, both along a cosine; the last step has the final rate. */
function oneCycleRate(options: Resolved<OneCycleScheduleOptions>, step: number): number {
  const { maximumLearningRate, totalSteps, warmUpFraction, initialDivisor, finalDivisor } = options;
  const initial = maximumLearningRate / initialDivisor;
  const peak = warmUpFraction * totalSteps - 1;
  if (step <= peak) return cosineBetween(initial, maximumLearningRate, step / Math.max(1, peak));
  const progress = (step - peak) / Math.max(1, totalSteps - 1 - peak);
  return cosineBetween(maximumLearningRate, initial / finalDivisor, progress);
}

function definitionOf<K extends ScheduleKind>(kind: K): ScheduleDefinition<ScheduleOptions[K]> {
  return scheduleTable[kind];
}

/** @throws OptionError for an unknown, missing or wrong option */
export function createSchedule<K extends ScheduleKind>(kind: K, options: unknown): Schedule<K> {
  const { fields } = definitionOf(kind);
  return Object.freeze({ kind, options: checkOptions(`schedules.${kind}`, options, fields) });
}

/**
 * A schedule from a description that JSON kept.
 *
 * @throws OptionError for an unknown name, or a wrong option
 */
export function readSchedule(value: unknown): Schedule {
  checkNesting(value);
  const { kind, options } = readChoice("schedule", value, scheduleTable);
  return createSchedule(kind, options);
}

/** A file could nest schedules until the call stack is exhausted; nobody needs more than a few. */
function checkNesting(value: unknown): void {
  let inner = value;
  for (let depth = 0; typeof inner === "object" && inner !== null; depth++) {
    if (depth > 16) throw new OptionError("schedules are nested more than 8 deep", { where: "schedules" });
    inner = "schedule" in inner ? inner.schedule : "options" in inner ? inner.options : undefined;
  }
}

/** The learning rate of a step, counted from 0: a pure function, in float64. */
export function learningRateAt(learningRate: LearningRate, step: number): number {
  return typeof learningRate === "number" ? learningRate : rateOf(learningRate, step);
}

function rateOf<K extends ScheduleKind>(schedule: Schedule<K>, step: number): number {
  return definitionOf(schedule.kind).rate(schedule.options, step);
}
