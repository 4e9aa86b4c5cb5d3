import { gradients } from "../autodiff/index.ts";
import type { Graph, Node, Update } from "../graph/index.ts";
import { type Loss, perExampleLoss } from "../losses/index.ts";
import { metricName, perExampleMetric } from "../metrics/index.ts";
import { type Build, createBuild } from "../ops/index.ts";
import { buildUpdates, hyperLengthOf, type Trained } from "../optimizers/index.ts";
import { OptionError } from "../tensor/index.ts";
import type { RunConfiguration } from "../train/index.ts";
import type { Architecture } from "./architecture.ts";
import { averageUpdates } from "./averages.ts";
import {
  type Batch,
  type BatchChanges,
  type BatchSource,
  type GraphContext,
  imagesInput,
  loadBatch,
  unchanged,
} from "./batch-source.ts";
import { weighLosses } from "./class-weights.ts";
import type { CompileConfiguration } from "./compile.ts";
import { buildForward, type Forward } from "./forward.ts";
import { movedParameters } from "./learning-rates.ts";

/** Output with the loss: a mean in training, a sum in evaluation. */
export const lossOutput = "loss";
/** Output of a metric: a sum over the batch. */
export const metricOutput = (name: string) => `metric/${name}`;

/** Output with the model's own output, in prediction. */
export const modelOutput = "output";
/** Output with the value of a call of the architecture. */
export const tapOutput = (call: number) => `tap/${call}`;

/** What a training step has beside what the model was compiled with. */
export interface StepOptions extends Pick<RunConfiguration, "classWeights" | "emaMomentum"> {
  /** How images are changed. */
  readonly changes: BatchChanges;
}

const plainStep: StepOptions = { changes: unchanged, classWeights: null, emaMomentum: null };

/**
 * One training step: forward, loss, backward, updates. Inputs `indices` int32 [N], `key` uint32 [2] and
 * `hyper` float32 [k], and those of images that are fed or changed; outputs the mean loss [1], auxiliary heads included,
 * and the sum of each metric [1].
 */
export function trainingGraph(
  context: GraphContext,
  compiled: CompileConfiguration,
  source: BatchSource,
  batchSize: number,
  options: StepOptions = plainStep,
): Graph {
  const { outputs, trained, statistics } = differentiate(
    context,
    compiled,
    source,
    batchSize,
    batchSize,
    options,
  );
  const averaged = [
    ...trained.map(({ variable }) => variable),
    ...statistics.map(({ variable }) => variable),
  ];
  const { emaMomentum } = options;
  return {
    outputs,
    updates: [
      ...optimizerUpdates(compiled, trained),
      ...statistics,
      ...(emaMomentum === null ? [] : averageUpdates(averaged, emaMomentum)),
    ],
  };
}

/** A batch, or a piece of one, forwards and backwards. */
export interface Differentiated {
  /** The loss, a share of the batch's mean, and metrics. */
  readonly outputs: Graph["outputs"];
  /** Parameters with their gradients. */
  readonly trained: readonly Trained[];
  /** Updates of the statistics of batch normalization. */
  readonly statistics: readonly Update[];
}

/**
 * Builds forward pass, loss and backward pass over some examples.
 *
 * @param size - how many there are
 * @param batchSize - of the batch that they are of: what the sum of their losses is divided by
 */
export function differentiate(
  context: GraphContext,
  compiled: CompileConfiguration,
  source: BatchSource,
  size: number,
  batchSize: number,
  { changes, classWeights }: StepOptions,
): Differentiated {
  const build = createBuild();
  const batch = loadBatch(context, source, size, changes);
  const { images, labels, key } = batch;
  const forward = buildForward(context.architecture, images, { training: true, key });
  const losses = trainingLosses(context.architecture, compiled, forward, batch, classWeights);
  const loss = build("affine", [sumOf(build, losses)], { factor: 1 / batchSize, offset: 0 });
  const moved = movedParameters(context.architecture, compiled.learningRates);
  const wanted = moved.map(({ name }) => variableNamed(forward.variables, name));
  const found = gradients(loss, wanted);
  return {
    outputs: { [lossOutput]: loss, ...metricOutputs(compiled, forward.output, labels) },
    trained: moved.map(({ decays, rateFactor }, index) => {
      return { variable: wanted[index], gradient: found[index], decays, rateFactor };
    }),
    statistics: forward.updates,
  };
}

/** The optimizer's updates, with the input `hyper` float32 [k]. */
export function optimizerUpdates({ optimizer }: CompileConfiguration, trained: readonly Trained[]): Update[] {
  const shape = [hyperLengthOf(optimizer)];
  const hyper = createBuild()("input", [], { name: "hyper", shape, dtype: "float32" });
  return buildUpdates(optimizer, createBuild("optimizer"), trained, hyper);
}

/** The loss of each example: the model's, and that of each auxiliary head times its weight. Shapes: [N]. */
function trainingLosses(
  { auxiliaries }: Architecture,
  { loss }: CompileConfiguration,
  { output, values }: Forward,
  batch: Batch,
  classWeights: readonly number[] | null,
): Node {
  let sum = batchLoss(loss, createBuild("loss"), output, batch, classWeights);
  for (const { name, output: end, weight } of auxiliaries) {
    const build = createBuild(`loss/${name}`);
    const own = ofHead(name, () => batchLoss(loss, build, values[end], batch, classWeights));
    sum = build("add", [sum, build("affine", [own], { factor: weight, offset: 0 })], {});
  }
  return sum;
}

/** Of blended examples: that of each label times its share. Shapes: [N]. */
function batchLoss(
  loss: Loss,
  build: Build,
  output: Node,
  { labels, mix }: Batch,
  classWeights: readonly number[] | null,
): Node {
  const lossOf = (classes: Node) => {
    const each = perExampleLoss(loss, build, output, classes);
    return classWeights === null ? each : weighLosses(each, classes, classWeights);
  };
  const own = lossOf(labels);
  if (mix === null) return own;
  const other = lossOf(mix.labels);
  const rest = build("affine", [mix.shares], { factor: -1, offset: 1 });
  return build("add", [build("multiply", [own, mix.shares], {}), build("multiply", [other, rest], {})], {});
}

/** A loss that does not suit a head says which one. */
function ofHead<Result>(name: string, build: () => Result): Result {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof OptionError)) throw cause;
    const { what, hint = "", where = "compile" } = cause;
    throw new OptionError(`auxiliary head "${name}": ${what}`, { where, hint, cause });
  }
}

/**
 * One batch of evaluation: inputs `indices` and `key`; outputs the sum of the losses [1] and of each metric [1].
 *
 * @param withOutput - whether the model's output is wanted too
 */
export function evaluationGraph(
  context: GraphContext,
  compiled: CompileConfiguration,
  source: BatchSource,
  batchSize: number,
  withOutput: boolean,
): Graph {
  const { images, labels } = loadBatch(context, source, batchSize);
  const { output } = buildForward(context.architecture, images, { training: false, key: null });
  const losses = perExampleLoss(compiled.loss, createBuild("loss"), output, labels);
  const figures = { [lossOutput]: sumOf(createBuild(), losses), ...metricOutputs(compiled, output, labels) };
  return { outputs: withOutput ? { ...figures, [modelOutput]: output } : figures, updates: [] };
}

/** Where a prediction's images come from: as in training, or an input of preprocessed values. */
export type PredictionSource = BatchSource | "input";

/**
 * One batch of prediction.
 *
 * @param taps - indices of calls whose values are wanted too, as outputs `tap/<index>`
 */
export function predictionGraph(
  context: GraphContext,
  source: PredictionSource,
  batchSize: number,
  taps: readonly number[] = [],
): Graph {
  const images =
    source === "input" ? imagesInput(context, batchSize) : loadBatch(context, source, batchSize).images;
  const { output, values } = buildForward(context.architecture, images, { training: false, key: null });
  const tapped = taps.map((index) => [tapOutput(index), values[index]] as const);
  return { outputs: { [modelOutput]: output, ...Object.fromEntries(tapped) }, updates: [] };
}

function metricOutputs({ metrics }: CompileConfiguration, output: Node, labels: Node): Record<string, Node> {
  const build = createBuild("metrics");
  return Object.fromEntries(
    metrics.map((metric) => [
      metricOutput(metricName(metric)),
      sumOf(build, perExampleMetric(metric, build, output, labels)),
    ]),
  );
}

/** Shapes: [N] -> [1]. */
function sumOf(build: Build, values: Node): Node {
  return build("reduceSum", [values], { axes: [0], keepDimensions: true });
}

function variableNamed(variables: ReadonlyMap<string, Node<"variable">>, name: string): Node<"variable"> {
  const variable = variables.get(name);
  if (variable === undefined) throw new Error(`no variable for the parameter ${name}`);
  return variable;
}
