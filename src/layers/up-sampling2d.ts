import { nameField, type Size2dOption, size2dField } from "../options/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, size2d } from "./geometry.ts";
import { type Interpolation, interpolations, resizingTaps } from "./sampling.ts";

/** Options of `layers.upSampling2d`. */
export interface UpSampling2dOptions {
  /** How many output rows and columns there are for one of the input; default 2. */
  readonly size?: Size2dOption;
  /** Default `nearest`: each pixel is repeated. */
  readonly interpolation?: Interpolation;
}

/** Images a whole number of times as large, as in Keras. Shapes: [H, W, C] -> [size H, size W, C]. */
export const upSampling2dLayer: LayerDefinition<UpSampling2dOptions> = {
  fields: { size: size2dField(1, 2), interpolation: nameField(interpolations, "nearest") },
  arity: oneInput,
  outputShape: ({ size }, inputs, where) => {
    const [height, width, channels] = imageShape(inputs, where);
    const [vertical, horizontal] = size2d(size);
    return [vertical * height, horizontal * width, channels];
  },
  parameters: noParameters,
  call: ({ size, interpolation }, { build }, [x]) => {
    const scales = size2d(size);
    const taps = (axis: 0 | 1) => {
      const input = x.shape[axis + 1] ?? 1;
      const along = { input, output: scales[axis] * input, scale: scales[axis] };
      return resizingTaps(along, interpolation, "halfPixel", "roundPreferFloor");
    };
    return build("resample2d", [x], { rows: taps(0), columns: taps(1) });
  },
};
