import type { Padding2d } from "../graph/index.ts";
import { formatShape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, type Sides2dOption, sides2dField, sidesOf } from "./geometry.ts";

/** Options of `layers.cropping2d`. */
export interface Cropping2dOptions {
  /** Pixels cut off: of all four sides, a pair for height and width, or of each side by name; default 1. */
  readonly cropping?: Sides2dOption;
}

/** Cuts rows and columns off images. Shapes: [H, W, C] -> [H - top - bottom, W - left - right, C]. */
export const cropping2dLayer: LayerDefinition<Cropping2dOptions> = {
  fields: { cropping: sides2dField(1) },
  arity: oneInput,
  outputShape: ({ cropping }, inputs, where) => {
    const [height, width, channels] = imageShape(inputs, where);
    const cut = sidesOf(cropping);
    const left = [height - cut.top - cut.bottom, width - cut.left - cut.right];
    if (left.every((size) => size >= 1)) return [...left, channels];
    throw new ShapeError(`nothing is left of ${formatShape([height, width, channels])}`, {
      where,
      hint: "Cut fewer rows and columns off.",
    });
  },
  parameters: noParameters,
  call: ({ cropping }, { build }, [x]) => {
    const cut: Padding2d = sidesOf(cropping);
    const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
    const size = [batch, height - cut.top - cut.bottom, width - cut.left - cut.right, channels];
    return build("slice", [x], { begin: [0, cut.top, cut.left, 0], size });
  },
};
