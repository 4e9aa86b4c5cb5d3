import {
  field,
  nameField,
  nullable,
  type Resolved,
  type Size2dOption,
  size2dField,
} from "../options/index.ts";
import { type Shape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, size2d } from "./geometry.ts";
import {
  type Coordinates,
  coordinateNames,
  type Interpolation,
  interpolations,
  type ResizedAxis,
  type Rounding,
  resizingTaps,
  roundingNames,
} from "./sampling.ts";

/** Options of `layers.resize2d`. */
export interface Resize2dOptions {
  /** Height and width of the output, in pixels. Default `null`: floor(scale * input). */
  readonly outputSize?: Size2dOption | null;
  /** Output pixels to one of the input, for both axes or each. Default `null`: output / input. */
  readonly scale?: number | readonly [height: number, width: number] | null;
  /** Default `bilinear`. */
  readonly interpolation?: Interpolation;
  /** Where output pixels lie in the input; default `halfPixel`. */
  readonly coordinates?: Coordinates;
  /** Which pixel is the nearest; default `roundPreferFloor`, ONNX's (PyTorch's `nearest` is `asymmetric` and `floor`). */
  readonly rounding?: Rounding;
}

const scaleField = nullable(
  field(
    "a number above 0, or a pair of them for height and width",
    (value): value is number | readonly [number, number] =>
      isScale(value) || (Array.isArray(value) && value.length === 2 && value.every(isScale)),
  ),
);

function isScale(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/**
 * Images of another size. A smaller one is sampled, not averaged (no antialiasing), as in ONNX's `Resize` and PyTorch's
 * `interpolate`. Shapes: [H, W, C] -> [outputSize, C].
 */
export const resize2dLayer: LayerDefinition<Resize2dOptions> = {
  fields: {
    outputSize: nullable(size2dField(1)),
    scale: scaleField,
    interpolation: nameField(interpolations, "bilinear"),
    coordinates: nameField(coordinateNames, "halfPixel"),
    rounding: nameField(roundingNames, "roundPreferFloor"),
  },
  arity: oneInput,
  outputShape: (options, inputs, where) => {
    const image = imageShape(inputs, where);
    return [...resizeAxes(options, image, where).map(({ output }) => output), image[2]];
  },
  parameters: noParameters,
  call: (options, { build }, [x]) => {
    const [rows, columns] = resizeAxes(options, x.shape.slice(1), "resize2d").map((axis) =>
      resizingTaps(axis, options.interpolation, options.coordinates, options.rounding),
    );
    return build("resample2d", [x], { rows, columns });
  },
};

/** Input and output size and scale, of the height and of the width. */
export function resizeAxes(
  { outputSize, scale }: Resolved<Resize2dOptions>,
  image: Shape,
  where: string,
): readonly ResizedAxis[] {
  const sizes = outputSize === null ? null : size2d(outputSize);
  const scales = typeof scale === "number" ? [scale, scale] : scale;
  return [0, 1].map((axis) => {
    const input = image[axis] ?? 1;
    const given = scales?.[axis];
    const output = sizes?.[axis] ?? (given === undefined ? undefined : Math.floor(given * input));
    if (output === undefined) {
      throw new ShapeError("needs an outputSize or a scale", {
        where,
        hint: "Give the size of the output in pixels, or how many times as large as the input it is.",
      });
    }
    return { input, output, scale: given ?? output / input };
  });
}
