/** What is written in a box. */
import { textWidth } from "../../drawing/index.ts";
import type { ActivationName, Layer, LayerKind } from "../../layers/index.ts";
import type { Size2dOption } from "../../options/index.ts";
import type { Shape } from "../../tensor/index.ts";

/** Colours of boxes: what a layer is for. */
export type LayerFamily = "image" | "convolution" | "pooling" | "dense" | "joining" | "other";

const families: { readonly [K in LayerKind]: LayerFamily } = {
  input: "image",
  dense: "dense",
  conv2d: "convolution",
  conv2dTranspose: "convolution",
  depthwiseConv2d: "convolution",
  separableConv2d: "convolution",
  maxPool2d: "pooling",
  averagePool2d: "pooling",
  blurPool2d: "pooling",
  adaptiveAveragePool2d: "pooling",
  globalAveragePool2d: "pooling",
  globalMaxPool2d: "pooling",
  flatten: "other",
  reshape: "other",
  permute: "other",
  slice: "other",
  zeroPadding2d: "other",
  padding2d: "other",
  cropping2d: "other",
  upSampling2d: "pooling",
  resize2d: "pooling",
  add: "joining",
  subtract: "joining",
  multiply: "joining",
  divide: "joining",
  average: "joining",
  concatenate: "joining",
  reduceMean: "pooling",
  rescaling: "other",
  scale: "other",
  arithmetic: "other",
  activation: "other",
  clip: "other",
  leakyRelu: "other",
  prelu: "other",
  softmax: "other",
  logSoftmax: "other",
  dropout: "other",
  batchNormalization: "other",
  localResponseNormalization: "other",
};

/** What a kind of layer is for. */
export function familyOf(kind: LayerKind): LayerFamily {
  return families[kind];
}

/** Short names of kinds whose own name is not how people call them. */
const shortNames: { readonly [K in LayerKind]?: string } = {
  conv2d: "conv",
  conv2dTranspose: "transposed conv",
  depthwiseConv2d: "depthwise",
  separableConv2d: "separable",
  maxPool2d: "max pool",
  averagePool2d: "average pool",
  blurPool2d: "blur pool",
  adaptiveAveragePool2d: "average pool",
  globalAveragePool2d: "global average",
  globalMaxPool2d: "global max",
  zeroPadding2d: "pad",
  padding2d: "pad",
  cropping2d: "crop",
  upSampling2d: "upsample",
  resize2d: "resize",
  reduceMean: "mean",
  leakyRelu: "leaky ReLU",
  prelu: "PReLU",
  logSoftmax: "log softmax",
  batchNormalization: "batch norm",
  localResponseNormalization: "local norm",
};

const activationNames: { readonly [N in ActivationName]: string } = {
  linear: "linear",
  relu: "ReLU",
  relu6: "ReLU6",
  leakyRelu: "leaky ReLU",
  hardSigmoid: "hard sigmoid",
  hardSwish: "hard swish",
  sigmoid: "sigmoid",
  tanh: "tanh",
  softmax: "softmax",
  logSoftmax: "log softmax",
  gelu: "GELU",
};

/**
 * How people write a layer: `conv 3×3, 64, /2`.
 *
 * @param channels - of its input: a convolution in as many groups is a depthwise one
 */
export function titleOf({ kind, options }: Layer, channels: number): string {
  const given: Partial<Record<string, unknown>> = options;
  const isDepthwise =
    typeof given["groups"] === "number" && given["groups"] > 1 && given["groups"] === channels;
  const name =
    kind === "activation"
      ? activationNames[given["activation"] as ActivationName]
      : isDepthwise
        ? shortName("depthwiseConv2d")
        : shortName(kind);
  const window = given["kernelSize"] ?? given["poolSize"] ?? given["filterSize"];
  const parts = [
    isSize(window) ? `${name} ${timesOf(window)}` : name,
    given["filters"] ?? given["units"] ?? null,
    isSize(given["outputSize"]) ? `to ${timesOf(given["outputSize"])}` : null,
    strideOf(given["strides"], given["poolSize"]),
    isSize(given["dilationRate"]) && timesOf(given["dilationRate"]) !== "1\u00d71"
      ? `dilated ${timesOf(given["dilationRate"])}`
      : null,
    typeof given["groups"] === "number" && given["groups"] > 1 && !isDepthwise
      ? `${given["groups"]} groups`
      : null,
  ];
  // `dense 4096`, but `conv 3×3, 64`.
  const [first, count, ...rest] = parts;
  const beginning = count === null ? first : `${first}${isSize(window) ? "," : ""} ${String(count)}`;
  return [beginning, ...rest.filter((part) => part !== null)].join(", ");
}

function shortName(kind: LayerKind): string {
  return shortNames[kind] ?? kind;
}

/** What finishes a layer's work, in a few words: its own activation, and the layers behind it. */
export function finishOf(main: Layer, others: readonly Layer[]): string {
  const own: Partial<Record<string, unknown>> = main.options;
  const activation = main.kind === "activation" ? null : activationOf(own["activation"]);
  const words = others.map((layer) => titleOf(layer, 0));
  // Six slices are six slices.
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const listed = [...counts].map(([word, count]) => (count === 1 ? word : `${count} ${word}s`));
  return [...(activation === null ? [] : [activation]), ...listed].join(" \u00b7 ");
}

function activationOf(name: unknown): string | null {
  if (typeof name !== "string" || name === "linear") return null;
  return activationNames[name as ActivationName] ?? null;
}

/** Names of the layers of a box, what they have in common said once: `branch2.0.conv · bn · relu`. */
export function namesOf(names: readonly string[], prefix: string): string {
  const own = names.map((name) => (name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name));
  const [first = "", ...others] = own;
  const shared = first.slice(0, first.lastIndexOf(".") + 1);
  const shown = others.map((name) =>
    shared !== "" && name.startsWith(shared) ? name.slice(shared.length) : name,
  );
  return [first, ...shown].join(" \u00b7 ");
}

/** The dotted beginning that all names share; "" where they share none. */
export function commonPrefix(names: readonly string[]): string {
  const [first = "", ...others] = names.map((name) => name.split("."));
  let length = first.length - 1;
  for (const other of others) {
    let same = 0;
    while (same < Math.min(length, other.length - 1) && other[same] === first[same]) same++;
    length = same;
  }
  return length <= 0 ? "" : first.slice(0, length).toString().replaceAll(",", ".");
}

/** `28×28×6`. */
export function shapeText(shape: Shape): string {
  return shape.join("\u00d7");
}

/** `9.4 k`, `37.8 M`. */
export function countText(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1e3, "k"] : [count / 1e6, "M"];
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** Size of letters in a drawing. */
export const fontSize = 11;

/** Bold letters are so much wider. */
const bold = 1.13;

/** Pixels that a line of text takes in a drawing. Typefaces differ: this is a wide one. */
export function widthOf(text: string, size = fontSize, isBold = false): number {
  return Math.ceil(((textWidth(text) * size) / 15) * (isBold ? bold : 1));
}

function isSize(value: unknown): value is Size2dOption {
  return typeof value === "number" || (Array.isArray(value) && value.length === 2);
}

function timesOf(size: Size2dOption): string {
  return typeof size === "number" ? `${size}\u00d7${size}` : size.join("\u00d7");
}

/** A pool moves by its own size where nothing else is said. */
function strideOf(strides: unknown, pool: unknown): string | null {
  const given = strides ?? pool;
  if (!isSize(given)) return null;
  const [down, across] = typeof given === "number" ? [given, given] : given;
  if (down === 1 && across === 1) return null;
  return `/${down === across ? down : `${down}\u00d7${across}`}`;
}
