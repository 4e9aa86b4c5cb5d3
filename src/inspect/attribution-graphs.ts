/**
 * One graph for each way back from a score to the pixels: the model's own graph in inference mode, the score of each row, and what
 * the reverse walk of `autodiff` brings down to the images. Deconvolution and guided backpropagation are the same walk with another
 * rule for the ReLU.
 */
import { backpropagate, type OtherRules } from "../autodiff/index.ts";
import type { Graph, Node } from "../graph/index.ts";
import { buildForward, imagesInput, loadBatch, type Model } from "../models/index.ts";
import { type Build, createBuild } from "../ops/index.ts";
import { classScore } from "./class-score.ts";
import { type RowGraph, resultOutput, scoreOutput } from "./rows.ts";

/** Output of {@link preprocessingGraph}. */
export const preprocessedOutput = "images";

/** How the way back goes through a ReLU. */
export type BackwardWay = "gradient" | "deconvnet" | "guided";

/** The signal's own ReLU: only what speaks for the score goes on. */
const positive = (build: Build, signal: Node) => build("relu", [signal], {});

/**
 * The ReLU's rule on the way back. ReLU6 is a `clip`, and has the same: its upper bound cuts a gradient, but stops no projection.
 *
 * - deconvnet (Zeiler and Fergus 2014): the signal is rectified, wherever the ReLU was open or not. What max pooling has taken goes
 *   back to where it came from, and filters are transposed, as in the gradient.
 * - guided (Springenberg, Dosovitskiy, Brox and Riedmiller 2015): the signal is rectified, and passes where the ReLU was open.
 */
const rulesOf: { readonly [W in BackwardWay]: OtherRules } = {
  gradient: {},
  deconvnet: {
    relu: (_, signal, build) => [positive(build, signal)],
    clip: (_, signal, build) => [positive(build, signal)],
  },
  guided: {
    relu: (node, signal, build) => [build("reluGradient", [node, positive(build, signal)], {})],
    clip: (node, signal, build) => [build("clipGradient", [node, positive(build, signal)], node.attributes)],
  },
};

/** What a score is of: each row's class, or a unit of a call's output. */
export type Objective = "class" | { readonly call: number };

/** Inputs that say of each row which unit it is about: float32 `[N, size]` for each axis, 1 at the unit. */
export const unitInput = (axis: number) => `unit${axis}`;

/**
 * A graph with the inputs `images` and those that select, and the outputs `score` `[N]` and, unless `way` is null, `result` of the
 * images' shape: what reaches each image from its own score. In inference images know nothing of each other, so that the sum of the
 * scores does for all.
 */
export function attributionGraph(model: Model, objective: Objective, way: BackwardWay | null): RowGraph {
  return {
    key: `${objective === "class" ? objective : objective.call}/${way}`,
    graph: (count) => graphOf(model, count, objective, way),
  };
}

function graphOf(model: Model, count: number, objective: Objective, way: BackwardWay | null): Graph {
  const images = imagesInput(model, count);
  const { output, values } = buildForward(model.architecture, images, { training: false, key: null });
  const build = createBuild("attribute");
  const score = objective === "class" ? classScore(build, output) : unitScore(build, values[objective.call]);
  if (way === null) return { outputs: { [scoreOutput]: score }, updates: [] };
  const sum = build("reduceSum", [score], { axes: [0], keepDimensions: true });
  const gradient = backpropagate(sum, [images], createBuild, rulesOf[way]).gradients.get(images);
  if (gradient === undefined) throw new Error("the score does not depend on the images");
  return { outputs: { [scoreOutput]: score, [resultOutput]: gradient }, updates: [] };
}

/** One unit of each row, times what its selection says. Shapes: `[N, H, W, C]` or `[N, C]` -> `[N]`. */
function unitScore(build: Build, values: Node): Node {
  const [count, ...shape] = values.shape;
  let selected = values;
  for (const [axis, size] of shape.entries()) {
    const input = build("input", [], { name: unitInput(axis), shape: [count, size], dtype: "float32" });
    const placed = shape.map((_, other) => (other === axis ? size : 1));
    selected = build("multiply", [selected, build("reshape", [input], { shape: [count, ...placed] })], {});
  }
  const axes = shape.map((_, axis) => axis + 1);
  return build("reduceSum", [selected], { axes, keepDimensions: false });
}

/** Inputs `pixels`, `places` and `key` as for training; output: the images as the first layer takes them. */
export function preprocessingGraph(model: Model, count: number): Graph {
  const { images } = loadBatch(model, "fed", count);
  return { outputs: { [preprocessedOutput]: images }, updates: [] };
}
