/** The last layer: trained on features, then folded so that it takes them as the backbone gives them. */
import { fromFeatures, type ImageDataset } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { callbacks, type EpochRecord, type TrainingEvent } from "../train/index.ts";
import type { HeadReport } from "./result.ts";

/** Rows of features by index, and the class of each. */
export interface LabelledFeatures {
  /** Shapes: `[N, D]`. */
  readonly features: Tensor<"float32">;
  /** Of each row. */
  readonly labels: ArrayLike<number>;
  readonly classNames: readonly string[];
}

/** How {@link trainHead} trains. */
export interface HeadOptions {
  /** Rows to train on. */
  readonly train: ArrayLike<number>;
  /** Rows to choose by; none leaves out all choices. */
  readonly validation: ArrayLike<number>;
  readonly epochs: number;
  readonly seed: number;
  readonly balanced: boolean;
  /** Weight decays to choose among; unless told, the usual ones. */
  readonly weightDecays?: readonly number[];
  readonly engine: Engine | null;
  readonly signal: AbortSignal | null;
  /** @param attempt - which weight decay is tried, from 1 */
  readonly onEvent: (event: TrainingEvent, attempt: number) => void;
}

/** logits = features weight + bias. */
export interface Head {
  /** Shapes: `[D, classes]`. */
  readonly weight: Tensor<"float32">;
  /** Shapes: `[classes]`. */
  readonly bias: Tensor<"float32">;
  readonly report: HeadReport;
  /** Which attempt it is of, from 1. */
  readonly attempt: number;
  /** Mean loss on the validation rows; of the last epoch's training without any. */
  readonly loss: number;
}

/**
 * Decoupled weight decay (times the learning rate it is taken off at each step). On small folders most of what a layer of a
 * thousand weights finds is chance, and a handful of validation photos could not tell: strong decays alone are tried. On large
 * ones the validation photos choose.
 */
const decaysFor = (examples: number): readonly number[] => (examples < 2000 ? [3, 10] : [0.1, 1, 5]);
const usualDecay = 6;
const learningRate = 3e-3;
/** Epochs without improvement after which training ends. */
const patience = 10;
/** Of how many epochs training consists where nothing can tell when it is enough; strong decay keeps it from learning by heart. */
const blindEpochs = 60;
/** The last layer's name in the model. */
export const headName = "head";

/**
 * Trains a dense layer on features: once for each weight decay, until the validation loss has stopped to fall, and keeps the
 * weights of the best epoch of all.
 */
export async function trainHead(data: LabelledFeatures, options: HeadOptions): Promise<Head> {
  const { train, validation, epochs, signal } = options;
  const scaling = scalingOf(data.features, train);
  const training = datasetOf(data, train, scaling, "photos to train on");
  const watching = validation.length === 0 ? null : datasetOf(data, validation, scaling, "validation photos");
  let best: Head | null = null;
  const { weightDecays = watching === null ? [usualDecay] : decaysFor(train.length) } = options;
  const most =
    watching === null && options.weightDecays === undefined ? Math.min(epochs, blindEpochs) : epochs;
  for (const [index, weightDecay] of weightDecays.entries()) {
    signal?.throwIfAborted();
    const once = { ...options, weightDecay, attempt: index + 1, epochs: most };
    const head = await trainOnce(training, watching, scaling, once);
    if (best === null || head.loss < best.loss) best = head;
  }
  signal?.throwIfAborted();
  if (best === null) throw new Error("no weight decay to train with");
  return best;
}

/** Trains anew, on the validation rows too, with what they have found to be good: more photos are better ones. */
export async function refitHead(data: LabelledFeatures, head: Head, options: HeadOptions): Promise<Head> {
  const { weight, bias } = await trainHead(data, {
    ...options,
    train: [...Array.from(options.train), ...Array.from(options.validation)],
    validation: [],
    // A best epoch that comes early is chance: with this decay more epochs than that do no harm.
    epochs: Math.max(head.report.bestEpoch + 1, Math.min(options.epochs, blindEpochs)),
    weightDecays: [head.report.weightDecay],
    onEvent: () => {},
  });
  const { loss, attempt } = head;
  return { weight, bias, loss, attempt, report: { ...head.report, refitted: true } };
}

/** One of the trainings among which is chosen. */
interface Attempt extends HeadOptions {
  readonly weightDecay: number;
  readonly attempt: number;
}

async function trainOnce(
  training: ImageDataset,
  watching: ImageDataset | null,
  scaling: Scaling,
  { epochs, seed, balanced, engine, signal, onEvent, weightDecay, attempt }: Attempt,
): Promise<Head> {
  const classes = training.classNames.length;
  const size = scaling.mean.length;
  const model = sequential([layers.dense({ name: headName, inputShape: [size], units: classes })], { seed });
  // From nothing, so that what training stops early at is simple; the problem is convex, so any beginning is good.
  await model.setWeights(
    new Map([
      [`${headName}.weight`, Tensor.zeros("float32", [size, classes])],
      [`${headName}.bias`, Tensor.zeros("float32", [classes])],
    ]),
  );
  model.compile({
    optimizer: optimizers.adam({ learningRate, weightDecay }),
    ...(engine === null ? {} : { engine }),
  });
  const stopping = callbacks.earlyStopping({ monitor: "valLoss", patience, restoreBestWeights: true });
  const history = await model.fit(training, {
    epochs,
    batchSize: batchSizeOf(training.labels.data.length),
    seed,
    signal,
    ...(balanced ? { classWeights: "balanced" as const } : {}),
    ...(watching === null ? {} : { validationData: watching }),
    callbacks: [...(watching === null ? [] : [stopping]), { onEvent: (event) => onEvent(event, attempt) }],
  });
  const weights = await model.getWeights();
  const bestEpoch = bestOf(history.epochs);
  const { validation, loss } = history.epochs[bestEpoch];
  return {
    ...folded(weights, scaling, classes),
    loss: validation?.loss ?? loss,
    attempt,
    report: { epochs: history.epochs, weightDecay, bestEpoch, refitted: false },
  };
}

/** The epoch of the least validation loss; the last one without any. */
export function bestOf(epochs: readonly EpochRecord[]): number {
  return epochs.reduce((best, { validation }, epoch) => {
    const least = epochs[best].validation;
    return validation === null || least === null || validation.loss < least.loss ? epoch : best;
  }, 0);
}

/** Enough steps an epoch for few photos, and not too many for a hundred thousand. */
function batchSizeOf(examples: number): number {
  return Math.min(256, Math.max(16, 2 ** Math.round(Math.log2(examples / 12))));
}

/** z = (x - mean) / scale. */
interface Scaling {
  readonly mean: Float64Array;
  readonly scale: number;
}

/**
 * Mean of each feature, and one deviation for all: features that hardly vary say little, and made as loud as the others they
 * would be noise.
 */
function scalingOf({ data, shape: [, size] }: Tensor<"float32">, rows: ArrayLike<number>): Scaling {
  const mean = new Float64Array(size);
  const { length: count } = rows;
  for (let place = 0; place < count; place++) {
    const at = rows[place] * size;
    for (let feature = 0; feature < size; feature++) mean[feature] += data[at + feature] / count;
  }
  let squares = 0;
  for (let place = 0; place < count; place++) {
    const at = rows[place] * size;
    for (let feature = 0; feature < size; feature++) squares += (data[at + feature] - mean[feature]) ** 2;
  }
  const scale = Math.sqrt(squares / (count * size));
  // Photos that are all the same have features that are all the same.
  return { mean, scale: scale > 0 ? scale : 1 };
}

function datasetOf(
  { features, labels, classNames }: LabelledFeatures,
  rows: ArrayLike<number>,
  { mean, scale }: Scaling,
  name: string,
): ImageDataset {
  const size = mean.length;
  const values = new Float32Array(rows.length * size);
  for (let place = 0; place < rows.length; place++) {
    const from = rows[place] * size;
    for (let feature = 0; feature < size; feature++)
      values[place * size + feature] = (features.data[from + feature] - mean[feature]) / scale;
  }
  return fromFeatures({
    features: new Tensor("float32", [rows.length, size], values),
    labels: Array.from(rows, (row) => labels[row]),
    classes: classNames,
    name,
  });
}

/** (x - mean) / scale W + b = x (W / scale) + (b - mean W / scale). */
function folded(
  weights: ReadonlyMap<string, Tensor>,
  { mean, scale }: Scaling,
  classes: number,
): Pick<Head, "weight" | "bias"> {
  const size = mean.length;
  const given = weights.get(`${headName}.weight`)?.data ?? [];
  const weight = Float32Array.from(given, (value) => value / scale);
  const bias = Float64Array.from(weights.get(`${headName}.bias`)?.data ?? []);
  for (let feature = 0; feature < size; feature++)
    for (let label = 0; label < classes; label++)
      bias[label] -= mean[feature] * weight[feature * classes + label];
  return {
    weight: new Tensor("float32", [size, classes], weight),
    bias: new Tensor("float32", [classes], Float32Array.from(bias)),
  };
}

/** The last layer alone: takes features as the backbone gives them. */
export async function headModel({ weight, bias }: Head, engine: Engine | null): Promise<Model> {
  const [size, units] = weight.shape;
  const model = sequential([layers.dense({ name: headName, inputShape: [size], units })]);
  if (engine !== null) model.compile({ engine });
  await model.setWeights(headWeights(weight, bias));
  return model;
}

/** Backbone and last layer in one, under the backbone's names for its layers; compiled, so that it can be evaluated. */
export async function joinHead(
  network: Model,
  { weight, bias }: Pick<Head, "weight" | "bias">,
  classNames: readonly string[],
  engine: Engine | null,
): Promise<Model> {
  const onGrid = network.outputShape.length === 3;
  const mean = onGrid ? [layers.globalAveragePool2d({ name: `${headName}_mean` })] : [];
  const dense = layers.dense({ name: headName, units: classNames.length });
  const model = sequential([network, ...mean, dense], { name: network.name, classNames });
  model.compile(engine === null ? {} : { engine });
  await model.setWeights(headWeights(weight, bias));
  return model;
}

function headWeights(weight: Tensor, bias: Tensor): Map<string, Tensor> {
  return new Map([
    [`${headName}.weight`, weight],
    [`${headName}.bias`, bias],
  ]);
}
