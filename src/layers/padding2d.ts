import { nameField, numberField } from "../options/index.ts";
import { formatShape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, padPixels, type Sides2dOption, sides2dField, sidesOf } from "./geometry.ts";
import { paddingTaps } from "./sampling.ts";

/**
 * What stands around the image: one value, its border repeated, or the image mirrored at its outermost pixels, which do
 * not count twice (PyTorch's `ReplicationPad2d` and `ReflectionPad2d`; ONNX's modes of the same names).
 */
export type PaddingMode = "constant" | "edge" | "reflect";

const modes: readonly PaddingMode[] = ["constant", "edge", "reflect"];

/** Options of `layers.padding2d`. */
export interface Padding2dOptions {
  /** All four sides, a pair for height and width, or each side by name; default 1. */
  readonly padding?: Sides2dOption;
  /** Default `constant`. */
  readonly mode?: PaddingMode;
  /** The value around the image in mode `constant`; default 0. */
  readonly value?: number;
}

/** Surrounds images. Shapes: [H, W, C] -> [H + top + bottom, W + left + right, C]. */
export const padding2dLayer: LayerDefinition<Padding2dOptions> = {
  fields: { padding: sides2dField(1), mode: nameField(modes, "constant"), value: numberField({}, 0) },
  arity: oneInput,
  outputShape: ({ padding, mode }, inputs, where) => {
    const [height, width, channels] = imageShape(inputs, where);
    const { top, bottom, left, right } = sidesOf(padding);
    if (mode === "reflect" && (Math.max(top, bottom) >= height || Math.max(left, right) >= width)) {
      throw new ShapeError(
        `an image of ${formatShape([height, width, channels])} has no ${formatShape([top, bottom, left, right])} rows and columns to mirror`,
        { where, hint: 'Mirrored padding must be smaller than the image; use mode "edge" beyond that.' },
      );
    }
    return [height + top + bottom, width + left + right, channels];
  },
  parameters: noParameters,
  call: ({ padding, mode, value }, { build }, [x]) => {
    const sides = sidesOf(padding);
    if (mode === "constant") return padPixels(build, x, sides, value);
    const [, height = 1, width = 1] = x.shape;
    return build("resample2d", [x], {
      rows: paddingTaps(mode, height, sides.top, sides.bottom),
      columns: paddingTaps(mode, width, sides.left, sides.right),
    });
  },
};
