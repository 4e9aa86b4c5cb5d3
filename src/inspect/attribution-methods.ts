import type { AttributionMethod, MethodOptions } from "./attribution-options.ts";
import type { Explained, MethodQuestion } from "./explained.ts";
import type { Explainer } from "./explainer.ts";
import { integratedGradients, projected, smoothGrad } from "./gradient-methods.ts";
import { occlusion } from "./occlusion.ts";

/** A method that asks the model for scores and gradients of rows of pixels. */
export type RowMethod = Exclude<AttributionMethod, "grad-cam">;

/** How a method explains images. */
export type RowMethodRule<M extends RowMethod> = (
  explainer: Explainer,
  question: MethodQuestion,
  options: MethodOptions<M>,
) => Promise<Explained[]>;

/** All methods but Grad-CAM, which looks at a layer's activations in place of pixels. */
export const rowMethods: { readonly [M in RowMethod]: RowMethodRule<M> } = {
  saliency: (explainer, question) => projected(explainer, question, "gradient"),
  deconvnet: (explainer, question) => projected(explainer, question, "deconvnet"),
  "guided-backprop": (explainer, question) => projected(explainer, question, "guided"),
  "smooth-grad": smoothGrad,
  "integrated-gradients": integratedGradients,
  occlusion,
};
