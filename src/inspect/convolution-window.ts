import { evaluate } from "../engine/reference/index.ts";
import { isKind, type Node, topologicalOrder } from "../graph/index.ts";
import { type ActivationName, applyActivation, type LayerKind } from "../layers/index.ts";
import type { Model } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { checkOptions, wholeNumberField } from "../options/index.ts";
import { OptionError, type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import { planWindows, type WindowOperation, type WindowPlan } from "./window-places.ts";

/** Which window: that of one unit of a layer, over one image. */
export interface WindowPlace {
  /** Index of the image; default 0. */
  readonly image?: number;
  /** Row of the layer's output; default 0. */
  readonly y?: number;
  /** Column of the layer's output; default 0. */
  readonly x?: number;
  /** Channel of the layer's output; default 0. */
  readonly filter?: number;
}

/** One window of a layer, with all that a person needs to check its result by hand. Sums are made in float64. */
export interface ConvolutionWindow {
  /** As it was named. */
  readonly layer: string | number;
  readonly kind: LayerKind;
  /** What is done with the window: its inputs times the kernel are added up (over a whole row of numbers, in a dense layer), or pooled. */
  readonly operation: WindowOperation;
  readonly place: Required<WindowPlace>;
  /** Rows of the layer's input that the window's rows lie on; those that are negative or too great lie in the padding. */
  readonly rows: readonly number[];
  /** Columns of the layer's input, as the rows. */
  readonly columns: readonly number[];
  /** Channels of the layer's input that the window sees: those of its group, or the one that is pooled. */
  readonly channels: readonly number[];
  /** By row and column of the window, whether it lies in the padding there. */
  readonly padded: readonly (readonly boolean[])[];
  /** Shapes: `[rows, columns, channels]`; 0 in the padding. */
  readonly inputs: Tensor<"float32">;
  /** Shapes: as `inputs`; `null` of poolings. */
  readonly kernel: Tensor<"float32"> | null;
  /** Inputs times kernel. Shapes: as `inputs`; `null` of poolings. */
  readonly products: Tensor<"float64"> | null;
  /** The sum of the products, the maximum, or the mean. */
  readonly sum: number;
  /** By what the sum of a mean is divided: the positions that count. `null` of other operations. */
  readonly divisor: number | null;
  /** Where in the window the maximum stands, the first of equal ones; `null` of other operations. */
  readonly greatest: { readonly row: number; readonly column: number } | null;
  /** `null` of layers without. */
  readonly bias: number | null;
  readonly activation: ActivationName;
  /** The activation of the sum and the bias. */
  readonly output: number;
  /** What the engine gave in its place: the same but for rounding. */
  readonly computed: number;
}

/** The windows of a layer over some images. Nothing is computed by the engine any more: `at` may follow a mouse. */
export interface LayerWindows {
  /** As it was named. */
  readonly layer: string | number;
  readonly kind: LayerKind;
  readonly operation: WindowOperation;
  /** Number of images. */
  readonly images: number;
  /** Shape of the layer's input, a row of numbers as an image of one pixel. */
  readonly inputShape: Shape;
  /** Shape of the layer's output, a row of numbers as an image of one pixel. */
  readonly outputShape: Shape;
  /** Height and width of a window, in positions of the kernel. */
  readonly size: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly dilations: readonly [height: number, width: number];
  /** Rows and columns around the layer's input. */
  readonly padding: {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly right: number;
  };
  readonly groups: number;
  /** @throws OptionError for a place that there is not */
  at(place?: WindowPlace): ConvolutionWindow;
}

const fields = {
  image: wholeNumberField(0, 0),
  y: wholeNumberField(0, 0),
  x: wholeNumberField(0, 0),
  filter: wholeNumberField(0, 0),
};

/**
 * Spells out one window of a layer: convolutions of all kinds (strides, padding, dilation, groups, depthwise), poolings, and units of
 * dense layers. For many windows of the same layer and images, {@link layerWindows} asks the engine but once.
 *
 * @param layer - a tap's or a layer's name, or the index of a call of the architecture
 * @throws OptionError for a layer that has no windows, and a place that it does not have
 * @throws ShapeError for images that do not suit the model
 */
export async function convolutionWindow(
  model: Model,
  layer: string | number,
  images: Tensor<"uint8" | "float32">,
  place: WindowPlace = {},
): Promise<ConvolutionWindow> {
  return (await layerWindows(model, layer, images)).at(place);
}

/**
 * Computes what goes into a layer and what comes out of it, for images, so that any of its windows can be spelled out at once.
 *
 * Shapes: uint8 (preprocessed here) or float32 (taken as it is) `[N, ...input shape]`.
 *
 * @param layer - a tap's or a layer's name, or the index of a call of the architecture
 * @throws OptionError for a layer that has no windows
 * @throws ShapeError for images that do not suit the model
 */
export async function layerWindows(
  model: Model,
  layer: string | number,
  images: Tensor<"uint8" | "float32">,
): Promise<LayerWindows> {
  const plan = planWindows(model, layer);
  const values = await model.activations(images, { layers: plan.calls });
  const [inputs, outputs] = plan.calls.map((call) => values.get(call));
  if (inputs === undefined || outputs === undefined) throw new Error(`no values of ${layer}`);
  const { kind, operation, inputShape, outputShape, size, strides, dilations, padding, groups } = plan;
  const filled: FilledPlan = { ...plan, inputs, outputs, ...(await weightsOf(model, plan)) };
  return {
    ...{ layer, kind, operation, inputShape, outputShape, size, strides, dilations, padding, groups },
    images: images.shape[0],
    at: (place = {}) => windowAt(filled, checkOptions<Required<WindowPlace>>("window", place, fields)),
  };
}

interface FilledPlan extends Omit<WindowPlan, "kernel" | "bias" | "calls"> {
  readonly inputs: Tensor<"float32">;
  readonly outputs: Tensor<"float32">;
  /** `[height, width, channels of a group, filters]`. */
  readonly kernel: ArrayLike<number> | null;
  readonly bias: ArrayLike<number> | null;
}

/** A kernel that is worked out from weights is worked out in float64. */
async function weightsOf(model: Model, { kernel, bias }: WindowPlan) {
  const leaves = kernel === null ? [] : topologicalOrder([kernel]);
  const names = leaves.flatMap((node) => (isKind(node, "variable") ? [node.attributes.name] : []));
  const weights = await model.getWeights(bias === null ? names : [...names, bias]);
  const dataOf = (name: string) => weights.get(name)?.data ?? null;
  return { kernel: kernel && kernelOf(kernel, dataOf), bias: bias === null ? null : dataOf(bias) };
}

function kernelOf(
  kernel: Node,
  dataOf: (name: string) => ArrayLike<number> | null,
): ArrayLike<number> | null {
  if (isKind(kernel, "variable")) return dataOf(kernel.attributes.name);
  const feeds = topologicalOrder([kernel]).flatMap((node) => {
    const data = isKind(node, "variable") ? dataOf(node.attributes.name) : null;
    return data === null ? [] : [[node, data] as const];
  });
  return evaluate([kernel], new Map<Node, ArrayLike<number>>(feeds))[0];
}

function windowAt(plan: FilledPlan, place: Required<WindowPlace>): ConvolutionWindow {
  checkPlace(plan, place);
  const { size, strides, dilations, padding, inputShape } = plan;
  const along = (axis: 0 | 1, at: number, before: number) =>
    Array.from({ length: size[axis] }, (_, step) => at * strides[axis] - before + step * dilations[axis]);
  // A dense layer has no padding and windows of one pixel: its rows and columns come out as they are.
  const rows = along(0, place.y, padding.top);
  const columns = along(1, place.x, padding.left);
  const channels = channelsOf(plan, place.filter);
  const [height, width] = inputShape;
  const padded = rows.map((row) =>
    columns.map((column) => row < 0 || row >= height || column < 0 || column >= width),
  );
  const inputs = gathered(plan, place.image, { rows, columns, padded }, channels);
  const seen = { plan, place, rows, columns, channels, padded, inputs };
  const { layer, kind, operation, activation, outputs, outputShape } = plan;
  const [, outputWidth, filters] = outputShape;
  const index = (place.y * outputWidth + place.x) * filters + place.filter;
  return {
    ...{ layer, kind, operation, activation, place, rows, columns, channels, padded, inputs },
    ...(plan.kernel === null ? pooled(seen) : summed(seen, plan.kernel)),
    computed: outputs.data[place.image * sizeOf(outputShape) + index],
  };
}

/** Where a window lies. */
type Covered = Pick<ConvolutionWindow, "rows" | "columns" | "padded">;

/** A window with its inputs. */
interface Seen extends Covered {
  readonly plan: FilledPlan;
  readonly place: Required<WindowPlace>;
  readonly inputs: Tensor<"float32">;
}

/** The numbers that a window covers; 0 in the padding. */
function gathered(
  { inputs, inputShape: [height, width, depth] }: FilledPlan,
  image: number,
  { rows, columns, padded }: Covered,
  channels: readonly number[],
): Tensor<"float32"> {
  const result = Tensor.zeros("float32", [rows.length, columns.length, channels.length]);
  let at = 0;
  for (const [row, y] of rows.entries()) {
    for (const [column, x] of columns.entries()) {
      const pixel = ((image * height + y) * width + x) * depth;
      for (const channel of channels)
        result.data[at++] = padded[row][column] ? 0 : inputs.data[pixel + channel];
    }
  }
  return result;
}

/** Those of the filter's group; of a pooling the one that is pooled. */
function channelsOf({ operation, inputShape, outputShape, groups }: FilledPlan, filter: number): number[] {
  if (operation === "maximum" || operation === "average") return [filter];
  const inGroup = inputShape[2] / groups;
  const first = Math.floor(filter / (outputShape[2] / groups)) * inGroup;
  return Array.from({ length: inGroup }, (_, index) => first + index);
}

function summed(seen: Seen, kernel: ArrayLike<number>) {
  const { plan, place, inputs } = seen;
  const own = Float32Array.from(inputs.data, (_, index) => weightAt(plan, kernel, index, place.filter));
  const products = Float64Array.from(inputs.data, (value, index) => value * own[index]);
  const sum = products.reduce((total, product) => total + product, 0);
  const bias = plan.bias?.[place.filter] ?? null;
  return {
    kernel: new Tensor("float32", inputs.shape, own),
    products: new Tensor("float64", inputs.shape, products),
    ...{ sum, bias, output: activated(seen, kernel, sum + (bias ?? 0)), divisor: null, greatest: null },
  };
}

function weightAt({ outputShape }: FilledPlan, kernel: ArrayLike<number>, index: number, filter: number) {
  return kernel[index * outputShape[2] + filter] ?? 0;
}

/** An activation over all filters at a place, as softmax is, needs the sums of all, each over the channels of its group. */
function activated(seen: Seen, kernel: ArrayLike<number>, own: number): number {
  const { plan, place } = seen;
  const { activation, bias } = plan;
  if (activation !== "softmax" && activation !== "logSoftmax") return applied(activation, [own], 0);
  const inputsOf = (filter: number) => gathered(plan, place.image, seen, channelsOf(plan, filter));
  const sums = Array.from({ length: plan.outputShape[2] }, (_, filter) => {
    const { data } = plan.groups === 1 ? seen.inputs : inputsOf(filter);
    return data.reduce(
      (total, value, index) => total + value * weightAt(plan, kernel, index, filter),
      bias?.[filter] ?? 0,
    );
  });
  return applied(activation, sums, place.filter);
}

function applied(activation: ActivationName, sums: readonly number[], index: number): number {
  const build = createBuild();
  const x = build("input", [], { name: "x", shape: [1, sums.length], dtype: "float32" });
  return evaluate([applyActivation(build, activation, x)], { x: sums })[0][index];
}

function pooled({ plan, rows, columns, padded, inputs }: Seen) {
  const isInside = (index: number) => !padded[Math.floor(index / columns.length)][index % columns.length];
  const inside = [...inputs.data.keys()].filter(isInside);
  const none = { kernel: null, products: null, bias: null };
  if (plan.operation === "maximum") {
    const best = inside.reduce((a, b) => (inputs.data[b] > inputs.data[a] ? b : a), inside[0] ?? 0);
    const sum = inputs.data[best];
    const greatest = { row: Math.floor(best / columns.length), column: best % columns.length };
    return { ...none, sum, greatest, divisor: null, output: sum };
  }
  const divisor = plan.countPadding ? countedPositions(plan, rows, columns) : inside.length;
  const sum = inside.reduce((total, index) => total + inputs.data[index], 0) / divisor;
  return { ...none, sum, divisor, greatest: null, output: sum };
}

/** Positions in the input or its padding; what ceil mode reaches beyond that never counts. */
function countedPositions(
  { inputShape: [height, width], padding }: FilledPlan,
  rows: readonly number[],
  columns: readonly number[],
): number {
  const down = rows.filter((row) => row < height + padding.bottom).length;
  return down * columns.filter((column) => column < width + padding.right).length;
}

function checkPlace({ layer, inputs, outputShape }: FilledPlan, place: Required<WindowPlace>): void {
  const [y, x, filter] = outputShape;
  const limits = { image: inputs.shape[0] ?? 0, y, x, filter };
  for (const name of ["image", "y", "x", "filter"] as const) {
    if (place[name] < limits[name]) continue;
    throw new OptionError(`${name} must be less than ${limits[name]}, got ${place[name]}`, {
      where: `window, layer "${layer}"`,
      hint: "Images, rows, columns and filters are counted from 0.",
    });
  }
}
