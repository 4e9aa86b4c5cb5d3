/** Values of a model's metrics by name: `{ accuracy: 0.98 }`. */
export type MetricValues = Readonly<Record<string, number>>;

/** Loss and metrics over a whole dataset. */
export interface Scores {
  /** Mean loss of an example. */
  readonly loss: number;
  readonly metrics: MetricValues;
}

/** Loss and metrics over the validation data, side by side: `{ loss: 0.06, accuracy: 0.98 }`. */
export interface ValidationScores {
  readonly loss: number;
  readonly [metric: string]: number;
}

/** What one epoch came to. */
export interface EpochRecord extends Scores {
  /** Counted from 0. */
  readonly epoch: number;
  /** Scores on the validation data, `null` without any. */
  readonly validation: ValidationScores | null;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  /** Of the whole epoch, validation included; in a resumed epoch also the part before the stop. */
  readonly milliseconds: number;
}

/** Why training ended. */
export type EndReason = "completed" | "interrupted" | "stoppedEarly";

/** Training starts or goes on. */
export interface TrainBeginEvent {
  readonly type: "trainBegin";
  readonly model: string;
  /** Training examples. */
  readonly examples: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** Where it starts, counted from 0; not 0 after a resume. */
  readonly epoch: number;
  readonly step: number;
}

/** An epoch's first step is about to run. Not sent when a resumed run goes on within an epoch. */
export interface EpochBeginEvent {
  readonly type: "epochBegin";
  readonly epoch: number;
}

/** Some steps have run: sent after each chunk of about 25 ms. */
export interface ProgressEvent extends Scores {
  readonly type: "progress";
  readonly epoch: number;
  /** Steps of the epoch that are done. Loss and metrics are their means. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** The loss of each step since the last such event, in order. */
  readonly losses: readonly number[];
  /** Of the last step that is done. */
  readonly learningRate: number;
  /** Since the epoch began, the part before a resume included. */
  readonly elapsedMilliseconds: number;
  /**
   * Share of the time since the epoch began, or went on after a resume, in which steps were computed: the rest went by
   * waiting for images that were being read, or for callbacks.
   */
  readonly engineBusy: number;
}

/** An epoch and its validation are done. */
export interface EpochEndEvent extends EpochRecord {
  readonly type: "epochEnd";
  /** Steps of the epoch. */
  readonly step: number;
}

/** A checkpoint was taken (where to it is written is the affair of who asked for it). */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  /** Why: `epoch`, `time`, `end`, or as whoever asked for it says. */
  readonly reason: string;
  /** Where training goes on from it. */
  readonly epoch: number;
  readonly step: number;
}

/** Training is over. */
export interface TrainEndEvent {
  readonly type: "trainEnd";
  readonly reason: EndReason;
  /** Where it stands: epoch and step that would come next. */
  readonly epoch: number;
  readonly step: number;
  readonly history: readonly EpochRecord[];
}

/** All that training tells, told apart by `type`: terminal, JSON lines and Studio are subscribers. */
export type TrainingEvent =
  | TrainBeginEvent
  | EpochBeginEvent
  | ProgressEvent
  | EpochEndEvent
  | CheckpointEvent
  | TrainEndEvent;

/** From a step on another learning rate held than before. */
export interface RateChange {
  readonly epoch: number;
  /** The epoch's first step with it, counted from 0. */
  readonly step: number;
  /** The same step, counted over all training of the model. */
  readonly globalStep: number;
  /** What was set in place of the schedule; `null`, the schedule again. */
  readonly learningRate: number | null;
}

/** What `fit` resolves to. */
export interface History {
  readonly reason: EndReason;
  /** Where it stands: epoch and step that would come next. */
  readonly epoch: number;
  readonly step: number;
  /** One record an epoch, those before a resume included. */
  readonly epochs: readonly EpochRecord[];
  /** Learning rates that callbacks or a run's control have set, those before a resume included. */
  readonly rateChanges: readonly RateChange[];
}
