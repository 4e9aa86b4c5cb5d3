/**
 * Which pixels a classifier's answer rests on, by the methods that the field uses. All run the model's own graph in inference mode;
 * those that need gradients get them from `autodiff`, as training does.
 */
import { stretched } from "../drawing/index.ts";
import type { Model } from "../models/index.ts";
import { formatShape, ShapeError, Tensor } from "../tensor/index.ts";
import { type RowMethod, type RowMethodRule, rowMethods } from "./attribution-methods.ts";
import {
  type AttributeOptions,
  type AttributionMethod,
  readAttributeOptions,
  readMethod,
} from "./attribution-options.ts";
import { checkImages, classesOf } from "./choice.ts";
import type { Completeness, Explained } from "./explained.ts";
import { Explainer } from "./explainer.ts";
import { gradCam } from "./grad-cam.ts";

/** What the pixels of an image count for a class. */
export interface Attribution {
  readonly method: AttributionMethod;
  /**
   * Shapes: `[H, W]`. What each pixel counts, in the method's own unit:
   *
   * - grad-cam: the layer's map, brought to the image's size; 0 to 1
   * - occlusion: by how much the score falls when the pixel is covered; below 0 where it rises
   * - saliency, smooth-grad, deconvnet, guided-backprop: the greatest absolute value of `signed` over the channels
   * - integrated-gradients: the sum of `signed` over the channels
   */
  readonly values: Tensor<"float32">;
  /** Whether values below 0 speak against the class; where not, there are none. */
  readonly isSigned: boolean;
  /**
   * Shapes: `[H, W, C]`, as the first layer takes images. The signal at each number of the image, with its sign: the gradient, the
   * share of the score, or the projection. Null for Grad-CAM and occlusion, which know no channels.
   */
  readonly signed: Tensor<"float32"> | null;
  /** The class's index. */
  readonly class: number;
  /** What the model gives the class, before a softmax. */
  readonly score: number;
  /** Integrated gradients: whether the parts add up; null for the other methods. */
  readonly completeness: Completeness | null;
}

/** Whether values below 0 are to be expected of a method, and speak against the class. */
const hasSign: { readonly [M in AttributionMethod]: boolean } = {
  "grad-cam": false,
  occlusion: true,
  saliency: false,
  "smooth-grad": false,
  "integrated-gradients": true,
  deconvnet: false,
  "guided-backprop": false,
};

/**
 * Explains what a model says of images: what each pixel counts for a class.
 *
 * - `"grad-cam"` (Selvaraju et al. 2017): where the last layer with rows and columns speaks for the class; see {@link gradCam}
 * - `"occlusion"` (Zeiler and Fergus 2014): the score without each part of the image
 * - `"saliency"` (Simonyan, Vedaldi and Zisserman 2013): the score's gradient
 * - `"smooth-grad"` (Smilkov et al. 2017): the gradient's mean over noisy copies of the image
 * - `"integrated-gradients"` (Sundararajan, Taly and Yan 2017): shares of the difference to a baseline's score
 * - `"deconvnet"` (Zeiler and Fergus 2014): the score projected down through transposed filters and rectifiers
 * - `"guided-backprop"` (Springenberg et al. 2015): the gradient, rectified at each ReLU
 *
 * The model stays as it is. While it is being trained, its weights change between two batches.
 *
 * Shapes: uint8 (preprocessed here) or float32 (taken as it is) `[N, H, W, C]` -> N attributions.
 *
 * @throws ShapeError for images that do not suit the model, and a model that does not take images or has no layer that is asked for
 * @throws OptionError for a method, a class or a layer that there is not, and options that the method does not have
 * @throws MemoryError when memory does not hold one image's gradient, or the batch that was asked for
 */
export async function attribute(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  options: AttributeOptions,
): Promise<Attribution[]> {
  const method = readMethod(options);
  checkInput(model);
  checkImages(model, images, "attribute");
  const [, height, width, channels] = images.shape;
  const explained =
    method === "grad-cam"
      ? await explainByLayer(model, images, options)
      : await explainByRows(model, images, method, options);
  return explained.map(({ class: index, score, values, signed, completeness }) => ({
    method,
    values: new Tensor("float32", [height, width], values),
    isSigned: hasSign[method],
    signed: signed && new Tensor("float32", [height, width, channels], signed),
    class: index,
    score,
    completeness,
  }));
}

interface ClassExplained extends Explained {
  readonly class: number;
}

async function explainByRows<M extends RowMethod>(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  method: M,
  options: AttributeOptions,
): Promise<ClassExplained[]> {
  const { common, own } = readAttributeOptions(method, options);
  const classes = await classesOf(model, images, common.class, "attribute");
  return await Explainer.use(model, common.engine, async (explainer) => {
    const question = { images: await explainer.preprocess(images), classes, work: common };
    const explain: RowMethodRule<M> = rowMethods[method];
    const explained = await explain(explainer, question, own);
    return explained.map((one, image) => ({ ...one, class: classes[image] }));
  });
}

/** Grad-CAM: a layer's map, as large as the image. */
async function explainByLayer(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  options: AttributeOptions,
): Promise<ClassExplained[]> {
  const { common, own } = readAttributeOptions("grad-cam", options);
  const { batchSize, engine } = common;
  const [, height, width] = images.shape;
  const maps = await gradCam(model, images, { ...own, class: common.class, engine, batchSize });
  return maps.map(({ map, class: index, score }) => {
    return { class: index, score, values: stretched(map, height, width), signed: null, completeness: null };
  });
}

function checkInput({ name, inputShape }: Model): void {
  if (inputShape.length === 3) return;
  throw new ShapeError(`the model takes ${formatShape(inputShape)}, an image [H, W, C] was expected`, {
    where: `attribute, model "${name}"`,
    hint: "Explain the whole model, with the part that looks at the image.",
  });
}
