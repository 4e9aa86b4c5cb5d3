/**
 * Where a classifier looks (Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra: "Grad-CAM: visual explanations from deep networks
 * via gradient-based localization", 2017):
 *
 *   weight_k = the mean over h, w of d score / d A[h, w, k],   map[h, w] = max(0, sum over k of weight_k A[h, w, k])
 *
 * with the activations A of a layer that still has an image's rows and columns. The program is the model's own graph in inference
 * mode, with its gradient from the score to A, and runs as one program of the engine.
 */
import { backpropagate } from "../autodiff/index.ts";
import type { Engine, Program, Session } from "../engine/engine.ts";
import { defaultEngine } from "../engine/index.ts";
import { type Graph, variablesOf } from "../graph/index.ts";
import {
  imagesName,
  type Model,
  modelOutput,
  predictionGraph,
  type ResidentData,
  tapOutput,
} from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { checkOptions, field, nullable, wholeNumberField } from "../options/index.ts";
import { sizeOf, Tensor } from "../tensor/index.ts";
import { type AskedClass, type ChosenTap, checkImages, chooseTap, classesOf, classField } from "./choice.ts";
import { classesInput, classScore, oneHot } from "./class-score.ts";
import { engineField } from "./engine-field.ts";

/** What to look at, and for which class. */
export interface GradCamOptions {
  /** A tap's or a layer's name; default the last layer whose output has rows and columns, `[H, W, C]` with H W > 1. */
  readonly tap?: string | null;
  /** A class by index or name, for all images, or one for each; default the likeliest class of each image. */
  readonly class?: AskedClass | null;
  /** Images at a time; default 16. */
  readonly batchSize?: number;
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine | null;
}

/** Which parts of an image speak for a class. */
export interface GradCam {
  /** Shapes: `[h, w]` of the tap. From 0 to 1, 1 at the strongest; all 0 where nothing speaks for the class. */
  readonly map: Tensor<"float32">;
  /** The class's index. */
  readonly class: number;
  /** What the model gives the class, before a softmax. */
  readonly score: number;
  /** The tap or layer whose activations were looked at. */
  readonly tap: string;
}

const fields = {
  tap: nullable(field("a tap's or a layer's name", (value): value is string => typeof value === "string")),
  class: nullable(classField),
  batchSize: wholeNumberField(1, 16),
  engine: nullable(engineField),
};

/** Names in the program. */
const mapOutput = "map";
const scoreOutput = "score";

/**
 * Explains what a model says of images: which parts of each speak for a class. Weights are the model's at the call; it stays as it
 * is.
 *
 * Shapes: uint8 (preprocessed here) or float32 (taken as it is) `[N, ...input shape]` -> N maps.
 *
 * @throws ShapeError for images that do not suit the model, for a model that has no layer with rows and columns, and for a tap
 *   without
 * @throws OptionError for a tap or a class that the model does not have
 */
export async function gradCam(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  options: GradCamOptions = {},
): Promise<GradCam[]> {
  const { batchSize, ...chosen } = checkOptions<Required<GradCamOptions>>("gradCam", options, fields);
  checkImages(model, images, "gradCam");
  const tap = chooseTap(model, chosen.tap);
  const classes = await classesOf(model, images, chosen.class, "gradCam");
  const engine = chosen.engine ?? (await defaultEngine());
  const session = await engine.openSession();
  try {
    const explainer = new Explainer(session, model, tap, await model.getWeights());
    const results: GradCam[] = [];
    for (let begin = 0; begin < classes.length; begin += batchSize) {
      const end = Math.min(classes.length, begin + batchSize);
      results.push(...(await explainer.explain(rowsOf(images, begin, end), classes.slice(begin, end))));
    }
    return results;
  } finally {
    await session.close();
  }
}

function rowsOf({ shape, data }: Tensor<"uint8" | "float32">, begin: number, end: number) {
  const rowSize = sizeOf(shape.slice(1));
  const rowShape = [end - begin, ...shape.slice(1)];
  return data instanceof Uint8Array
    ? new Tensor("uint8", rowShape, data.subarray(begin * rowSize, end * rowSize))
    : new Tensor("float32", rowShape, data.subarray(begin * rowSize, end * rowSize));
}

/** A program for each size of batch; the last batch may be smaller. */
class Explainer {
  readonly #session: Session;
  readonly #model: Model;
  readonly #tap: ChosenTap;
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #programs = new Map<number, Program>();

  constructor(session: Session, model: Model, tap: ChosenTap, weights: ReadonlyMap<string, Tensor>) {
    this.#session = session;
    this.#model = model;
    this.#tap = tap;
    this.#weights = weights;
  }

  async explain(
    images: Tensor<"uint8"> | Tensor<"float32">,
    classes: readonly number[],
  ): Promise<readonly GradCam[]> {
    const [count] = images.shape;
    const bytes: ResidentData | null =
      images.dtype === "uint8" ? { name: `data/images${count}`, capacity: count, dtype: "uint8" } : null;
    const program = this.#programs.get(count) ?? (await this.#compile(bytes ?? "input", count));
    this.#programs.set(count, program);
    if (bytes !== null) await this.#session.write(imagesName(bytes), images);
    const [fetches] = await program.run([
      { ...feedsOf(images), [classesInput]: oneHot(classes, this.#model.outputShape[0]) },
    ]);
    const { [mapOutput]: maps, [scoreOutput]: scores } = fetches;
    return classes.map((index, image) => ({
      map: normalized(maps, image),
      class: index,
      score: scores.data[image],
      tap: this.#tap.name,
    }));
  }

  async #compile(source: ResidentData | "input", count: number): Promise<Program> {
    const graph = gradCamGraph(this.#model, source, count, this.#tap.call);
    const known = new Set(this.#session.variables().keys());
    const program = await this.#session.compile(graph);
    for (const name of variablesOf(graph).keys()) {
      const value = this.#weights.get(name);
      if (value !== undefined && !known.has(name)) await this.#session.write(name, value);
    }
    return program;
  }
}

/** Inputs: the images, and `classes` float32 `[N, classes]`, 1 at the class of each. Outputs `map` `[N, h, w]` and `score` `[N]`. */
function gradCamGraph(model: Model, source: ResidentData | "input", count: number, call: number): Graph {
  const { outputs } = predictionGraph(model, source, count, [call]);
  const { [modelOutput]: output, [tapOutput(call)]: activations } = outputs;
  const build = createBuild("gradCam");
  const score = classScore(build, output);
  // Images know nothing of each other in inference: the gradient of the sum is that of each.
  const sum = build("reduceSum", [score], { axes: [0], keepDimensions: true });
  const gradient = backpropagate(sum, [activations]).gradients.get(activations);
  if (gradient === undefined) throw new Error("the score does not depend on the tap");
  const [, height, width] = activations.shape;
  const pooled = build("reduceSum", [gradient], { axes: [1, 2], keepDimensions: true });
  const channelWeights = build("affine", [pooled], { factor: 1 / (height * width), offset: 0 });
  const weighed = build("multiply", [activations, channelWeights], {});
  const map = build("reduceSum", [weighed], { axes: [3], keepDimensions: false });
  return { outputs: { [mapOutput]: build("relu", [map], {}), [scoreOutput]: score }, updates: [] };
}

/** Preprocessed images are fed; bytes are a variable, and are loaded by index as in training. */
function feedsOf(images: Tensor<"uint8"> | Tensor<"float32">): Record<string, Tensor> {
  if (images.dtype === "float32") return { images };
  const [count] = images.shape;
  const indices = Int32Array.from({ length: count }, (_, index) => index);
  return { indices: new Tensor("int32", [count], indices), key: Tensor.zeros("uint32", [2]) };
}

/** The map of one image, 1 at its greatest. */
function normalized({ shape: [, height, width], data }: Tensor, image: number): Tensor<"float32"> {
  const size = height * width;
  const values = Float32Array.from(data.subarray(image * size, (image + 1) * size));
  const greatest = values.reduce((most, value) => Math.max(most, value), 0);
  const map = greatest > 0 ? values.map((value) => value / greatest) : values;
  return new Tensor("float32", [height, width], map);
}
