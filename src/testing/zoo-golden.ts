import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { gradients } from "../autodiff/index.ts";
import type { Engine, Feeds, Fetches } from "../engine/engine.ts";
import type { Graph, Node } from "../graph/index.ts";
import { type Loss, losses, perExampleLoss } from "../losses/index.ts";
import { type Architecture, buildForward, inputShapeOf, modelParameters } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { type Shape, Tensor } from "../tensor/index.ts";
import { models } from "../zoo/index.ts";
import "./matchers.ts";
import { recordedImages, recordedWeights } from "./recorded-weights.ts";

// What torchvision's and Keras's nets compute, in float64, recorded by scripts/golden/zoo.py and zoo_keras.py (which also say
// how to record it again), and the same done with ours.

interface Case {
  /** torchvision's name, `vgg11_bn`, or ours. */
  readonly name: string;
  /** What kernels are scaled with. */
  readonly gain: number;
}

/** Logits of images in inference mode and, where batches are normalized, in training mode. */
interface Prediction extends Case {
  readonly logits: readonly number[];
  readonly trainingLogits?: readonly number[];
}

/** Euclidean norm, first and last element: the same in any layout. */
type Figures = readonly [norm: number, first: number, last: number];

/** One training step. */
interface Step extends Case {
  /** Key of the images: no value lies so near to a kink of ReLU or a tie of pooling that rounding decides about it. */
  readonly images: string;
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Figures>>;
  /** Running means and variances after the step. */
  readonly statistics: Readonly<Record<string, Figures>>;
}

interface Predictions {
  readonly imageShape: Shape;
  /** Number of images; 2 where nothing is said. */
  readonly images?: number;
  readonly classes: number;
  readonly predictions: readonly Prediction[];
}

interface Golden extends Predictions {
  readonly steps: readonly Step[];
}

function readGolden<G>(name: string): G {
  return JSON.parse(readFileSync(new URL(`../zoo/golden/${name}.json`, import.meta.url), "utf8"));
}

const golden = readGolden<Golden>("torchvision");
const kerasGolden = readGolden<Predictions>("keras");
const papersGolden = readGolden<Golden>("papers");

const ourName = (name: string) => name.replace("_", "-");

/** Our names of torchvision's nets whose logits were recorded. */
export const recordedNames = golden.predictions.map(({ name }) => ourName(name));
/** Our names of the papers' nets that were recorded. */
export const recordedPaperNames = papersGolden.predictions.map(({ name }) => name);
/** Our names of Keras's nets whose logits were recorded. */
export const recordedKerasNames = kerasGolden.predictions.map(({ name }) => name);

function find<C extends Case>(cases: readonly C[], name: string): C {
  const found = cases.find((candidate) => ourName(candidate.name) === name);
  if (found === undefined) throw new Error(`${name} was not recorded`);
  return found;
}

/** Where a net was recorded. */
function goldenOf(name: string): Predictions {
  if (recordedPaperNames.includes(name)) return papersGolden;
  return recordedKerasNames.includes(name) ? kerasGolden : golden;
}

/** What a net is given: LeNet's images are MNIST's. */
function imageShapeOf(name: string): Shape {
  return name === "lenet5:1998" ? [28, 28, 1] : goldenOf(name).imageShape;
}

function architectureOf(name: string): Architecture {
  const { classes } = goldenOf(name);
  const imageShape = imageShapeOf(name);
  const rates = /^(resnet|lenet)/.test(name) ? {} : { dropout: 0 };
  const options = name.startsWith("googlenet") ? { ...rates, auxiliaryDropout: 0 } : rates;
  return models.create(name, { classes, inputShape: imageShape, ...options }).architecture;
}

function imagesInput(architecture: Architecture, count: number) {
  const shape = [count, ...inputShapeOf(architecture)];
  return createBuild()("input", [], { name: "images", shape, dtype: "float32" });
}

/** Runs a graph of a net once, on the recorded weights and images. */
async function runOnce(
  engine: Engine,
  [architecture, gain]: readonly [Architecture, number],
  graph: Graph,
  feeds: Feeds,
  variables: readonly string[] = [],
): Promise<{ readonly fetches: Fetches; readonly state: ReadonlyMap<string, Tensor> }> {
  const session = await engine.openSession();
  try {
    for (const [name, value] of recordedWeights(architecture, gain)) {
      await session.allocate(name, value);
      await session.write(name, value);
    }
    const [fetches] = await (await session.compile(graph)).run([feeds]);
    return { fetches, state: await session.readAll(variables) };
  } finally {
    await session.close();
  }
}

/** Holds a net's logits against the recorded ones, in inference and in training: to 1e-4 of the greatest. */
export async function expectPrediction(engine: Engine, name: string): Promise<void> {
  const source = goldenOf(name);
  const { gain, logits, trainingLogits } = find(source.predictions, name);
  const count = source.images ?? 2;
  await expectLogits(engine, [name, gain], { count, training: false }, logits);
  if (trainingLogits !== undefined) {
    await expectLogits(engine, [name, gain], { count, training: true }, trainingLogits);
  }
}

async function expectLogits(
  engine: Engine,
  [name, gain]: readonly [name: string, gain: number],
  { count, training }: { readonly count: number; readonly training: boolean },
  expected: readonly number[],
): Promise<void> {
  const architecture = architectureOf(name);
  const images = imagesInput(architecture, count);
  const { output } = buildForward(architecture, images, { training, key: null });
  const graph = { outputs: { logits: output }, updates: [] };
  const feeds = { images: recordedImages(count, imageShapeOf(name)) };
  const { fetches } = await runOnce(engine, [architecture, gain], graph, feeds);
  expect(fetches["logits"].shape).toEqual([count, goldenOf(name).classes]);
  const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(fetches["logits"]).toBeCloseToTensor(expected, { absolute: 1e-4 * greatest });
}

/**
 * Holds loss, gradients and running statistics of one training step against the recorded ones: gradients to 1e-3 of their
 * norm. A bias before batch normalization has a gradient of zero, of which both sides have rounding errors.
 */
export async function expectStep(engine: Engine, name: string): Promise<void> {
  const step = find((recordedPaperNames.includes(name) ? papersGolden : golden).steps, name);
  const architecture = architectureOf(name);
  const count = step.labels.length;
  const feeds = {
    images: recordedImages(count, imageShapeOf(name), step.images),
    labels: new Tensor("int32", [count], Int32Array.from(step.labels)),
  };
  const graph = stepGraph(architecture, count);
  const variables = Object.keys(step.statistics);
  const { fetches, state } = await runOnce(engine, [architecture, step.gain], graph, feeds, variables);
  expect(fetches["loss"]).toBeCloseToTensor([step.loss], { relative: 1e-5 });
  const trained = modelParameters(architecture).filter(({ trainable }) => trainable);
  // Heads come behind the net here, before its last layer in torchvision.
  expect(trained.map((parameter) => parameter.name).sort()).toEqual(Object.keys(step.gradients).sort());
  for (const [key, expected] of Object.entries(step.gradients)) {
    const [squares, first, last] = partsOf(key).map((part) => fetches[part].data[0]);
    const closeness = { absolute: 1e-3 * expected[0] + 1e-5 };
    expect([Math.sqrt(squares), first, last], key).toBeCloseToTensor(expected, closeness);
  }
  for (const [key, { data }] of state) {
    const [, first, last] = step.statistics[key];
    expect([data[0], data[data.length - 1]], key).toBeCloseToTensor([first, last], { absolute: 1e-5 });
  }
}

/** Outputs of a gradient: the square of its norm, its first element and its last. */
const partsOf = (parameter: string) => ["squares", "first", "last"].map((part) => `${part}/${parameter}`);

/** The loss that a net was published with. */
function lossOf({ name }: Architecture): Loss {
  return name === "lenet5:1998" ? losses.maximumAPosteriori() : losses.sparseCategoricalCrossentropy();
}

/** A training step without an update of weights: those would hide small errors of gradients. */
function stepGraph(architecture: Architecture, count: number): Graph {
  const build = createBuild();
  const images = imagesInput(architecture, count);
  const labels = build("input", [], { name: "labels", shape: [count], dtype: "int32" });
  const { values, variables, updates } = buildForward(architecture, images, { training: true, key: null });
  const ends = [{ output: architecture.output, weight: 1 }, ...architecture.auxiliaries];
  const loss = ends
    .map(({ output, weight }): Node => {
      const perExample = perExampleLoss(lossOf(architecture), build, values[output], labels);
      const sum = build("reduceSum", [perExample], { axes: [0], keepDimensions: true });
      return build("affine", [sum], { factor: weight / count, offset: 0 });
    })
    .reduce((sum, next) => build("add", [sum, next], {}));
  const trained = modelParameters(architecture).filter(({ trainable }) => trainable);
  const wanted = trained.flatMap(({ name }) => variables.get(name) ?? []);
  const figures = gradients(loss, wanted).flatMap((gradient, index) => {
    const { shape } = gradient;
    const axes = shape.map((_, axis) => axis);
    const element = (begin: Shape) => build("slice", [gradient], { begin, size: shape.map(() => 1) });
    const squared = build("multiply", [gradient, gradient], {});
    const squares = build("reduceSum", [squared], { axes, keepDimensions: true });
    const [first, last] = [element(shape.map(() => 0)), element(shape.map((size) => size - 1))];
    const names = partsOf(trained[index].name);
    return [squares, first, last].map((node, part) => [names[part], node] as const);
  });
  return { outputs: { loss, ...Object.fromEntries(figures) }, updates };
}
