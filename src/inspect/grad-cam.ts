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
import type { Engine } from "../engine/engine.ts";
import type { Graph } from "../graph/index.ts";
import { type Model, modelOutput, predictionGraph, tapOutput } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { checkOptions, nullable, wholeNumberField } from "../options/index.ts";
import { type Shape, Tensor } from "../tensor/index.ts";

import { type AskedClass, checkImages, chooseTap, classesOf, classField } from "./choice.ts";
import { classScore } from "./class-score.ts";
import { engineField } from "./engine-field.ts";
import { Explainer } from "./explainer.ts";
import { layerField } from "./layer-field.ts";
import { imageRows, resultOutput, scoreOutput } from "./rows.ts";

/** What to look at, and for which class. */
export interface GradCamOptions {
  /** A tap's or a layer's name; default the last layer whose output has rows and columns, `[H, W, C]` with H W > 1. */
  readonly tap?: string | null;
  /** A class by index or name, for all images, or one for each; default the likeliest class of each image. */
  readonly class?: AskedClass | null;
  /** Images at a time; default 16, halved as often as memory asks for. */
  readonly batchSize?: number | null;
  /** What computes; default the model's engine, on its own weights. Another one gets a copy of them. */
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
  tap: nullable(layerField),
  class: nullable(classField),
  batchSize: nullable(wholeNumberField(1)),
  engine: nullable(engineField),
};

/**
 * Explains what a model says of images: which parts of each speak for a class. The model stays as it is.
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
  return await Explainer.use(model, chosen.engine, async (explainer) => {
    const question = { images: await explainer.preprocess(images), classes };
    const found: GradCam[] = [];
    await explainer.run(
      { key: "gradCam", graph: (count) => gradCamGraph(model, count, tap.call) },
      {
        ...imageRows(model, question),
        take: (image, score, map) => {
          const { shape } = model.architecture.calls[tap.call];
          found.push({ map: normalized(map, shape), class: classes[image], score, tap: tap.name });
        },
      },
      { batchSize, signal: null, onProgress: null },
    );
    return found;
  });
}

/** Inputs: `images`, and `classes` as {@link classScore} wants them. Outputs: the score `[N]`, and as result the map `[N, h, w]`. */
function gradCamGraph(model: Model, count: number, call: number): Graph {
  const { outputs } = predictionGraph(model, "input", count, [call]);
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
  return { outputs: { [scoreOutput]: score, [resultOutput]: build("relu", [map], {}) }, updates: [] };
}

/** The map of one image, 1 at its greatest. */
function normalized(values: Float32Array, [height, width]: Shape): Tensor<"float32"> {
  const greatest = values.reduce((most, value) => Math.max(most, value), 0);
  const map = values.map((value) => (greatest > 0 ? value / greatest : value));
  return new Tensor("float32", [height, width], map);
}
