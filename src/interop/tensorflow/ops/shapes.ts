import { clip } from "../../../formats/format-errors.ts";
import type { SymbolicTensor } from "../../../layers/index.ts";
import { formatShape, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import type { OpContext } from "../builder.ts";
import { activationOf, constantOf, integersOf, type Value } from "../values.ts";
import type { OpImporter } from "./importer.ts";
import { paddingOf } from "./products.ts";

/** Stands for the batch among sizes, of which a model has any number. */
const batch = -1;

function sizes(values: readonly number[]): Value {
  return { kind: "constant", tensor: new Tensor("int32", [values.length], Int32Array.from(values)) };
}

/** The value itself, known or not. */
const identity: OpImporter = ({ node, inputs: [value] }) => {
  if (value !== undefined) return value;
  throw node.error("it has no input", "The file is damaged.");
};

/** The shape of an activation, the batch as -1. */
const shape: OpImporter = (context) => {
  const [value] = context.inputs;
  return value?.kind === "constant"
    ? sizes(value.tensor.shape)
    : sizes([batch, ...activationOf(context, 0).shape]);
};

/** A stretch of a list of sizes, or one of them. */
const stridedSlice: OpImporter = (context) => {
  const { node } = context;
  const list = integersOf(context, 0, "list of sizes");
  const [begin, end, step] = [1, 2, 3].map((index) => integersOf(context, index, "range")[0] ?? 0);
  const shrinks = node.integer("shrink_axis_mask", 0) === 1;
  const start = node.integer("begin_mask", 0) === 1 ? 0 : begin;
  const stop = node.integer("end_mask", 0) === 1 ? list.length : end;
  if (step !== 1) throw node.error(`it takes every ${step}th size`, "Only steps of 1 are supported.");
  if (!shrinks) return sizes(list.slice(start, stop));
  const size = list.at(start) ?? batch;
  return { kind: "constant", tensor: new Tensor("int32", [], Int32Array.of(size)) };
};

/** A list of sizes from single ones. */
const pack: OpImporter = (context) =>
  sizes(context.inputs.map((_, index) => integersOf(context, index, "size")[0] ?? batch));

function reshaped(context: OpContext, x: SymbolicTensor, target: Shape): SymbolicTensor {
  if (formatShape(target) === formatShape(x.shape)) return x;
  if (target.length === 1 && (target[0] === -1 || target[0] === sizeOf(x.shape)))
    return context.place("flatten", {}, [x]);
  return context.place("reshape", { targetShape: target }, [x]);
}

/** The first size is the batch's: -1, or 1 where the graph is of one image. */
const reshape: OpImporter = (context) => {
  const [value] = context.inputs;
  if (value?.kind === "constant") return reshapedConstant(context, value.tensor);
  const x = activationOf(context, 0);
  const [first, ...rest] = integersOf(context, 1, "shape");
  if (rest.length === 0 || (first !== batch && first !== 1 && rest.includes(-1))) {
    throw context.node.error(
      `it puts the batch among other sizes: [${[first, ...rest].join(", ")}]`,
      "Keep the batch as the first axis.",
    );
  }
  // Worked out from what is known of the image, where both the batch and a size are open.
  const known = rest.reduce((product, size) => (size === -1 ? product : product * size), 1);
  return reshaped(
    context,
    x,
    rest.map((size) => (size === -1 ? sizeOf(x.shape) / known : size)),
  );
};

function reshapedConstant(context: OpContext, tensor: Tensor): Value {
  const target = integersOf(context, 1, "shape");
  const known = target.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const shape = target.map((size) => (size === -1 ? tensor.data.length / known : size));
  if (sizeOf(shape) !== tensor.data.length || shape.some((size) => !Number.isInteger(size) || size < 0)) {
    throw context.node.error(
      `${tensor} cannot have the shape ${formatShape(target)}`,
      "The file is damaged: convert the model again.",
    );
  }
  return { kind: "constant", tensor: tensor.reshape(shape) };
}

const squeeze: OpImporter = (context) => {
  const listed = context.node.integers("squeeze_dims", context.node.integers("axis", []));
  const [value] = context.inputs;
  if (value?.kind === "constant") {
    const { shape: own } = value.tensor;
    const gone = listed.map((axis) => (axis < 0 ? axis + own.length : axis));
    const kept = own.filter((size, axis) => size !== 1 || (gone.length > 0 && !gone.includes(axis)));
    return { kind: "constant", tensor: value.tensor.reshape(kept) };
  }
  const x = activationOf(context, 0);
  const axes = listed.map((axis) => (axis < 0 ? axis + x.shape.length + 1 : axis));
  const isGone = (size: number, axis: number) => (axes.length === 0 ? size === 1 : axes.includes(axis + 1));
  const target = x.shape.filter((size, axis) => !isGone(size, axis));
  return reshaped(context, x, target.length === 0 ? [1] : target);
};

const expandDimensions: OpImporter = (context) => {
  const x = activationOf(context, 0);
  const [axis = -1] = integersOf(context, 1, "axis");
  const position = axis < 0 ? x.shape.length + 1 + axis : axis - 1;
  if (position < 0)
    throw context.node.error("it adds an axis before the batch", "Keep the batch as the first axis.");
  return reshaped(context, x, [...x.shape.slice(0, position), 1, ...x.shape.slice(position)]);
};

const transpose: OpImporter = (context) => {
  const [first, ...dims] = integersOf(context, 1, "permutation");
  if (first !== 0) throw context.node.error("it moves the batch", "Keep the batch as the first axis.");
  return context.place("permute", { dims }, [activationOf(context, 0)]);
};

/** Rows of axes: pixels before and behind; batch and channels must have none. */
const pad: OpImporter = (context) => {
  const { node, place, inputs } = context;
  const x = activationOf(context, 0);
  const sides = integersOf(context, 1, "padding");
  const [, , top = 0, bottom = 0, left = 0, right = 0] = sides;
  if (x.shape.length !== 3 || sides.length !== 8 || [0, 1, 6, 7].some((index) => sides[index] !== 0)) {
    throw node.error("it pads other axes than height and width", "Only images are padded.");
  }
  const padding = { top, bottom, left, right };
  const mode = node.op === "MirrorPad" ? node.text("mode", "REFLECT") : null;
  if (mode === "REFLECT") return place("padding2d", { padding, mode: "reflect" }, [x]);
  if (mode !== null) throw node.error(`its mode is "${clip(mode, 40)}"`, "Only REFLECT is supported.");
  const value = inputs.length > 2 ? (constantOf(context, 2, "value").data[0] ?? 0) : 0;
  return value === 0 ? place("zeroPadding2d", { padding }, [x]) : place("padding2d", { padding, value }, [x]);
};

const concatenate: OpImporter = (context) => {
  const last = context.inputs.length - 1;
  const [axis = -1] = integersOf(context, last, "axis");
  if (context.inputs.slice(0, last).every(({ kind }) => kind === "constant")) {
    return sizes(
      context.inputs.slice(0, last).flatMap((_, index) => integersOf(context, index, "list of sizes")),
    );
  }
  const parts = context.inputs.slice(0, last).map((_, index) => activationOf(context, index));
  return parts.length === 1 ? parts[0] : context.place("concatenate", { axis }, parts);
};

function pool(kind: "maxPool2d" | "averagePool2d"): OpImporter {
  return (context) => {
    const { node, place } = context;
    node.requireChannelsLast();
    const [, poolHeight = 1, poolWidth = 1] = node.integers("ksize");
    const [, high = 1, wide = 1] = node.integers("strides");
    const options = {
      poolSize: [poolHeight, poolWidth],
      strides: [high, wide],
      padding: paddingOf(node),
    } as const;
    return place(kind, options, [activationOf(context, 0)]);
  };
}

/** The mean or the maximum over height and width, or the mean over any axes. */
function reduce(which: "mean" | "maximum"): OpImporter {
  return (context) => {
    const { node, place } = context;
    const x = activationOf(context, 0);
    const rank = x.shape.length + 1;
    const axes = integersOf(context, 1, "axes").map((axis) => (axis < 0 ? axis + rank : axis));
    const keepDimensions = node.boolean("keep_dims");
    const isGlobal = rank === 4 && axes.length === 2 && axes.includes(1) && axes.includes(2);
    if (isGlobal && which === "maximum") return place("globalMaxPool2d", { keepDimensions }, [x]);
    if (isGlobal) return place("globalAveragePool2d", { keepDimensions }, [x]);
    if (which === "maximum")
      throw node.error("it is no maximum over height and width", "Only that is supported.");
    return place("reduceMean", { axes, keepDimensions }, [x]);
  };
}

function resize(interpolation: "nearest" | "bilinear"): OpImporter {
  return (context) => {
    const { node, place } = context;
    const [height, width] = integersOf(context, 1, "size");
    const isHalf = node.boolean("half_pixel_centers");
    const coordinates = node.boolean("align_corners") ? "alignCorners" : isHalf ? "halfPixel" : "asymmetric";
    const rounding = isHalf
      ? "roundPreferCeil"
      : coordinates === "alignCorners"
        ? "roundPreferCeil"
        : "floor";
    return place("resize2d", { outputSize: [height, width], interpolation, coordinates, rounding }, [
      activationOf(context, 0),
    ]);
  };
}

/** Ops that put values into other shapes, pool, pad and resize. */
export const shapeOps = {
  Identity: identity,
  StopGradient: identity,
  CheckNumerics: identity,
  Snapshot: identity,
  Cast: identity,
  Shape: shape,
  StridedSlice: stridedSlice,
  Pack: pack,
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDimensions,
  Transpose: transpose,
  Pad: pad,
  PadV2: pad,
  MirrorPad: pad,
  ConcatV2: concatenate,
  MaxPool: pool("maxPool2d"),
  AvgPool: pool("averagePool2d"),
  Mean: reduce("mean"),
  Max: reduce("maximum"),
  ResizeBilinear: resize("bilinear"),
  ResizeNearestNeighbor: resize("nearest"),
} satisfies { readonly [op: string]: OpImporter };
