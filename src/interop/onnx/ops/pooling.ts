import { layers } from "../../../layers/index.ts";
import { exampleAxis } from "../axes.ts";
import type { NodeReader } from "../node.ts";
import { reshapeValue } from "../reshape.ts";
import type { Activation } from "../values.ts";
import { range } from "../values.ts";
import { imageOf } from "./convolution.ts";
import type { RuleContext } from "./rule.ts";
import { paddingOf, pairOf } from "./windows.ts";

/** MaxPool without the indices of the maxima. */
export function maxPool(node: NodeReader, { builder }: RuleContext): Activation {
  if ((node.proto.output[1] ?? "") !== "") {
    throw node.error(
      "gives the indices of the maxima as well",
      "Only the maxima are supported: drop that output.",
    );
  }
  const x = builder.image(node, node.activation(0));
  const options = poolOptions(node, x);
  return imageOf(builder.place(node, [x.tensor], (name) => layers.maxPool2d({ name, ...options })));
}

/** AveragePool; `count_include_pad` counts the zeros of the padding. */
export function averagePool(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.image(node, node.activation(0));
  const options = { ...poolOptions(node, x), countPadding: node.flag("count_include_pad", false) };
  return imageOf(builder.place(node, [x.tensor], (name) => layers.averagePool2d({ name, ...options })));
}

function poolOptions(node: NodeReader, x: Activation) {
  const [, height, width] = x.shape;
  if (!node.has("kernel_shape"))
    throw node.error("has no kernel_shape", "The file is damaged: export it again.");
  const poolSize = pairOf(node, "kernel_shape", [1, 1]);
  const strides = pairOf(node, "strides", [1, 1]);
  const dilations = pairOf(node, "dilations", [1, 1]);
  if (dilations.some((dilation) => dilation !== 1)) {
    throw node.error(`has dilations [${dilations.join(", ")}]`, "Dilated poolings are not supported.");
  }
  const padding = paddingOf(node, { image: [height, width], kernel: poolSize, strides, dilations });
  return { poolSize, strides, padding, ceilMode: node.flag("ceil_mode", false) };
}

/** GlobalAveragePool: [C, H, W] -> [C, 1, 1]. */
export function globalAveragePool(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.image(node, node.activation(0));
  return imageOf(
    builder.place(node, [x.tensor], (name) => layers.globalAveragePool2d({ name, keepDimensions: true })),
  );
}

/** GlobalMaxPool: [C, H, W] -> [C, 1, 1]. */
export function globalMaxPool(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.image(node, node.activation(0));
  return imageOf(
    builder.place(node, [x.tensor], (name) => layers.globalMaxPool2d({ name, keepDimensions: true })),
  );
}

/** ReduceMean: axes as an attribute before operator set 18, an input since. */
export function reduceMean(node: NodeReader, context: RuleContext): Activation {
  const { builder } = context;
  const x = builder.unmix(node, node.activation(0));
  const named = node.numbersOf("axes", 1, 18) ?? [];
  if (named.length === 0 && node.flag("noop_with_empty_axes", false)) return x;
  const all = named.length === 0 ? range(x.shape.length + 1) : named;
  const reduced = new Set(all.map((axis) => exampleAxis(node, axis, x.shape)));
  const keptShape = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const isImage = x.shape.length === 3 && reduced.size === 2 && !reduced.has(0);
  const kept = isImage ? wholeImage(node, context, x) : alongAxes(node, context, x, reduced, keptShape);
  if (node.flag("keepdims", true)) return kept;
  return reshapeValue(
    node,
    builder,
    kept,
    x.shape.filter((_, axis) => !reduced.has(axis)),
  );
}

/** The mean over height and width has a layer of its own. */
function wholeImage(node: NodeReader, { builder }: RuleContext, x: Activation): Activation {
  const image = builder.image(node, x);
  return imageOf(
    builder.place(node, [image.tensor], (name) => layers.globalAveragePool2d({ name, keepDimensions: true })),
  );
}

function alongAxes(
  node: NodeReader,
  { builder }: RuleContext,
  x: Activation,
  reduced: ReadonlySet<number>,
  shape: readonly number[],
): Activation {
  const axes = [...reduced].map((axis) => x.order.indexOf(axis) + 1);
  const tensor = builder.place(node, [x.tensor], (name) =>
    layers.reduceMean({ name, axes, keepDimensions: true }),
  );
  return { ...x, tensor, shape };
}
