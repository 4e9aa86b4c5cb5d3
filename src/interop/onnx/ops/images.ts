import { layers } from "../../../layers/index.ts";
import { axisOf } from "../axes.ts";
import type { NodeReader } from "../node.ts";
import { coordinates, roundings } from "../sampling.ts";
import { type Activation, imageOrder, range } from "../values.ts";
import { imageOf } from "./convolution.ts";
import type { RuleContext } from "./rule.ts";

type Mode = "constant" | "edge" | "reflect";

const modes: ReadonlySet<string> = new Set<Mode>(["constant", "edge", "reflect"]);

function isMode(text: string): text is Mode {
  return modes.has(text);
}

/** Pad: sizes as an attribute before operator set 11, an input since. Negative ones cut off. */
export function pad(node: NodeReader, context: RuleContext): Activation {
  const x = node.activation(0);
  const rank = x.shape.length + 1;
  const mode = node.text("mode", "constant");
  if (!isMode(mode)) throw node.error(`pads in mode "${mode}"`, "Known are constant, edge and reflect.");
  const value = node.opset < 11 ? node.float("value", 0) : (node.number(2, "value") ?? 0);
  const sizes = node.numbersOf("pads", 1, 11) ?? [];
  const named = node.opset >= 18 ? node.numbers(3, "axes") : undefined;
  const axes = (named ?? range(rank)).map((axis) => axisOf(node, axis, rank));
  if (sizes.length !== 2 * axes.length) {
    throw node.error(`has ${sizes.length} pads for ${axes.length} axes`, "There must be two for each axis.");
  }
  const sides = range(rank).map((axis): Side => {
    const index = axes.indexOf(axis);
    return index < 0 ? [0, 0] : [sizes[index], sizes[index + axes.length]];
  });
  const changed = sides.flatMap(([before, after], axis) => (before === 0 && after === 0 ? [] : [axis]));
  if (changed.includes(0)) throw node.error("pads the batch", "No layer changes the batch.");
  if (changed.length === 0) return x;
  if (x.shape.length !== 3) {
    throw node.error(
      `pads a value with ${rank} axes`,
      "Only images are padded: [batch, channels, height, width].",
    );
  }
  const [, channels, height, width] = sides;
  const padded = padPixels(node, context, x, imageOrder, [height, width], { mode, value });
  // Channels are padded as the height of images that lie on their side.
  return padPixels(node, context, padded, [0, 1, 2], [channels, [0, 0]], { mode, value });
}

type Side = readonly [before: number, after: number];

function padPixels(
  node: NodeReader,
  { builder }: RuleContext,
  value: Activation,
  order: readonly number[],
  [[top, bottom], [left, right]]: readonly [Side, Side],
  options: { readonly mode: Mode; readonly value: number },
): Activation {
  const sides = { top, bottom, left, right };
  const amounts = Object.values(sides);
  if (amounts.every((size) => size === 0)) return value;
  let { tensor } = builder.arrange(node, value, order);
  if (amounts.some((size) => size < 0)) {
    const cropping = mapSides(sides, (size) => Math.max(0, -size));
    tensor = builder.place(node, [tensor], (name) => layers.cropping2d({ name, cropping }));
  }
  if (amounts.some((size) => size > 0)) {
    const padding = mapSides(sides, (size) => Math.max(0, size));
    const isZero = options.mode === "constant" && options.value === 0;
    tensor = builder.place(node, [tensor], (name) =>
      isZero ? layers.zeroPadding2d({ name, padding }) : layers.padding2d({ name, padding, ...options }),
    );
  }
  return { ...value, tensor, order, shape: value.shape.map((_, axis) => tensor.shape[order.indexOf(axis)]) };
}

interface Sides {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

function mapSides({ top, bottom, left, right }: Sides, map: (size: number) => number): Sides {
  return { top: map(top), bottom: map(bottom), left: map(left), right: map(right) };
}

/** Resize, and Upsample as it was called before operator set 10. */
export function resize(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.image(node, node.activation(0));
  const { outputSize, scale } = sizesOf(node, x);
  const mode = node.text("mode", "nearest");
  if (mode !== "nearest" && mode !== "linear") {
    throw node.error(`resizes in mode "${mode}"`, 'Known are "nearest" and "linear".');
  }
  for (const [option, only] of [
    ["antialias", 0],
    ["exclude_outside", 0],
  ] as const) {
    if (node.int(option, only) !== only) throw node.error(`resizes with ${option}`, "That is not supported.");
  }
  if (node.text("keep_aspect_ratio_policy", "stretch") !== "stretch") {
    throw node.error(
      "resizes with a fixed aspect ratio",
      'Export it with keep_aspect_ratio_policy = "stretch".',
    );
  }
  const options = {
    outputSize,
    scale,
    interpolation: mode === "linear" ? ("bilinear" as const) : ("nearest" as const),
    ...samplingOf(node, scale),
  };
  return imageOf(builder.place(node, [x.tensor], (name) => layers.resize2d({ name, ...options })));
}

function samplingOf(node: NodeReader, scale: readonly number[]) {
  // Up to operator set 10 pixels were found by position / scale, rounded towards the first, and up when shrinking.
  if (node.opset < 11) {
    const shrinks = scale.some((factor) => factor < 1);
    return { coordinates: "asymmetric", rounding: shrinks ? "ceil" : "floor" } as const;
  }
  const transformation = node.text("coordinate_transformation_mode", "half_pixel");
  const rounding = node.text("nearest_mode", "round_prefer_floor");
  if (!Object.hasOwn(coordinates, transformation) || !Object.hasOwn(roundings, rounding)) {
    throw node.error(
      `finds pixels by "${transformation}" and "${rounding}"`,
      `Known are ${Object.keys(coordinates).join(", ")}, with ${Object.keys(roundings).join(", ")}.`,
    );
  }
  return { coordinates: coordinates[transformation], rounding: roundings[rounding] };
}

/** Output size and factors of height and width: by scales or sizes of all axes, or of those that are named. */
function sizesOf(node: NodeReader, { shape }: Activation) {
  const scalesAt = node.opset < 11 ? 1 : 2;
  const scales =
    node.op === "Upsample" && node.opset < 9
      ? node.floats("scales", undefined)
      : node.numbers(scalesAt, "scales");
  const sizes = node.opset < 11 ? undefined : sizesInput(node);
  const factors = scales !== undefined && scales.length > 0 ? scales : undefined;
  const list = factors ?? sizes;
  if (list === undefined)
    throw node.error("has neither scales nor sizes", "The file is damaged: export it again.");
  const axes = node.ints("axes", range(4)).map((axis) => axisOf(node, axis, 4));
  const [batch, channels, height, width] = range(4).map((axis) => list[axes.indexOf(axis)]);
  const input = [shape[1], shape[2]] as const;
  const unchanged = factors === undefined ? [batch, shape[0]] : [1, 1];
  if ((batch ?? unchanged[0]) !== unchanged[0] || (channels ?? unchanged[1]) !== unchanged[1]) {
    throw node.error("resizes the batch or the channels", "Only height and width of images are resized.");
  }
  const along = (axis: 0 | 1, given: number | undefined) => {
    if (factors !== undefined) return { factor: given ?? 1, output: Math.floor((given ?? 1) * input[axis]) };
    const output = given ?? input[axis];
    return { factor: output / input[axis], output };
  };
  const [rows, columns] = [along(0, height), along(1, width)];
  return {
    outputSize: [rows.output, columns.output] as const,
    scale: [rows.factor, columns.factor] as const,
  };
}

/** The input `sizes`; the batch may be among them, and is not looked at. */
function sizesInput(node: NodeReader): readonly number[] | undefined {
  const constant = node.optionalConstant(3, "sizes");
  if (constant === undefined || constant.data.length === 0) return undefined;
  return Array.from(constant.data, (size) => (typeof size === "number" ? size : 1));
}
