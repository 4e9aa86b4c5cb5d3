import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, padPixels, type Sides2dOption, sides2dField, sidesOf } from "./geometry.ts";

/** Options of `layers.zeroPadding2d`. */
export interface ZeroPadding2dOptions {
  /** All four sides, a pair for height and width, or each side by name; default 1. */
  readonly padding?: Sides2dOption;
}

/** Surrounds images with zeros. Shapes: [H, W, C] -> [H + top + bottom, W + left + right, C]. */
export const zeroPadding2dLayer: LayerDefinition<ZeroPadding2dOptions> = {
  fields: { padding: sides2dField(1) },
  arity: oneInput,
  outputShape: ({ padding }, inputs, where) => {
    const [height, width, channels] = imageShape(inputs, where);
    const { top, bottom, left, right } = sidesOf(padding);
    return [height + top + bottom, width + left + right, channels];
  },
  parameters: noParameters,
  call: ({ padding }, { build }, [x]) => padPixels(build, x, sidesOf(padding), 0),
};
