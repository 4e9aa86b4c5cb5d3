import type { Convolution2dAttributes, Node } from "../graph/index.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/index.ts";
import { check, checkCount, checkOperand, checkOperands, checkWholeNumbers } from "./checks.ts";
import { costOf } from "./cost.ts";
import { convolutionOutputSize, dilatedSize } from "./geometry.ts";
import type { Cost, OpRule } from "./rule.ts";

/** The attributes that the three kinds share, without the shapes that only the gradients carry. */
function walkOf({ strides, padding, dilations, groups }: Convolution2dAttributes): Convolution2dAttributes {
  return { strides, padding, dilations, groups };
}

/** Output shape [N, OH, OW, O] for input [N, H, W, C] and filter [KH, KW, C / groups, O], everything checked. */
function outputShape(where: string, attributes: Convolution2dAttributes, x: Shape, filter: Shape): Shape {
  const { strides, padding, dilations, groups } = attributes;
  const sides = [padding.top, padding.bottom, padding.left, padding.right];
  checkWholeNumbers(where, "strides", strides, 1);
  checkWholeNumbers(where, "dilations", dilations, 1);
  checkWholeNumbers(where, "padding", sides, 0);
  checkWholeNumbers(where, "groups", [groups], 1);
  const [batch, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  check(
    channels === groupChannels * groups && filters % groups === 0,
    where,
    () =>
      `filter ${formatShape(filter)} in ${groups} groups takes ${groupChannels * groups} channels and makes ${filters}; the input ${formatShape(x)} has ${channels}`,
    "A filter is [height, width, input channels / groups, output channels], and groups must divide both channel counts.",
  );
  const extent = [dilatedSize(kernelHeight, dilations[0]), dilatedSize(kernelWidth, dilations[1])];
  const size = [
    convolutionOutputSize(height, kernelHeight, strides[0], dilations[0], padding.top, padding.bottom),
    convolutionOutputSize(width, kernelWidth, strides[1], dilations[1], padding.left, padding.right),
  ];
  check(
    size[0] >= 1 && size[1] >= 1,
    where,
    () =>
      `a window of ${extent.join("x")} does not fit the input ${formatShape(x)} with padding ${formatShape(sides)}`,
    'Use padding "same", a smaller kernel or dilation, or a larger input.',
  );
  return [batch, ...size, filters];
}

/** Calls `visit` with the positions of x, filter and y in every product x * filter that adds to a y. */
function forEachProduct(
  { strides, padding, dilations, groups }: Convolution2dAttributes,
  [x, filter, y]: readonly [Shape, Shape, Shape],
  visit: (x: number, filter: number, y: number) => void,
): void {
  const [, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const [batch, outputHeight, outputWidth] = y;
  const groupFilters = filters / groups;
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < outputHeight; row++)
      for (let column = 0; column < outputWidth; column++)
        for (let kernelRow = 0; kernelRow < kernelHeight; kernelRow++) {
          const fromRow = row * strides[0] - padding.top + kernelRow * dilations[0];
          if (fromRow < 0 || fromRow >= height) continue;
          for (let kernelColumn = 0; kernelColumn < kernelWidth; kernelColumn++) {
            const fromColumn = column * strides[1] - padding.left + kernelColumn * dilations[1];
            if (fromColumn < 0 || fromColumn >= width) continue;
            const pixel = ((n * height + fromRow) * width + fromColumn) * channels;
            const tap = (kernelRow * kernelWidth + kernelColumn) * groupChannels;
            const result = ((n * outputHeight + row) * outputWidth + column) * filters;
            for (let o = 0; o < filters; o++) {
              const group = Math.floor(o / groupFilters) * groupChannels;
              for (let c = 0; c < groupChannels; c++) {
                visit(pixel + group + c, (tap + c) * filters + o, result + o);
              }
            }
          }
        }
}

/** Two operations for each product, the ones with padding counted: what every published FLOP count does. */
function convolutionCost(node: Node, y: Shape, filter: Shape): Cost {
  return costOf(node, 2 * sizeOf(y) * filter[0] * filter[1] * filter[2]);
}

/**
 * y[n, i, j, o] = sum over u, v, c of x[n, i s - p + u d, j s - p + v d, c] filter[u, v, c, o], with stride s, padding p
 * and dilation d of each axis, zeros outside, and c within the group of o.
 *
 * Shapes: x [N, H, W, C], filter [KH, KW, C / groups, O] -> [N, OH, OW, O].
 */
export const conv2d: OpRule<"conv2d"> = {
  shape: (context) => {
    checkOperands(context, [
      { name: "x", axes: ["N", "H", "W", "C"], hint: "Images are [batch, height, width, channels]." },
      { name: "filter", axes: ["KH", "KW", "C / groups", "O"] },
    ]);
    const [x, filter] = context.inputs;
    return { shape: outputShape(context.where, context.attributes, x.shape, filter.shape), dtype: "float32" };
  },
  gradient: ({ inputs: [x, filter], attributes }, dy, build, wanted) => [
    wanted[0]
      ? build("conv2dInputGradient", [dy, filter], { ...walkOf(attributes), inputShape: x.shape })
      : null,
    wanted[1]
      ? build("conv2dFilterGradient", [x, dy], { ...walkOf(attributes), filterShape: filter.shape })
      : null,
  ],
  reference: ({ node, inputs: [x, filter], output }) => {
    const shapes = [node.inputs[0].shape, node.inputs[1].shape, node.shape] as const;
    forEachProduct(node.attributes, shapes, (at, tap, result) => {
      output[result] += x[at] * filter[tap];
    });
  },
  cost: (node) => convolutionCost(node, node.shape, node.inputs[1].shape),
};

/** dx of {@link conv2d}, linear in dy and in filter. Shapes: dy [N, OH, OW, O], filter -> attributes.inputShape. */
export const conv2dInputGradient: OpRule<"conv2dInputGradient"> = {
  shape: (context) => {
    const { attributes, inputs, where } = context;
    const { inputShape } = attributes;
    checkCount(context, ["dy", "filter"]);
    checkOperand(context, 1, { name: "filter", axes: ["KH", "KW", "C / groups", "O"] });
    check(
      inputShape.length === 4,
      where,
      () => `inputShape must be [N, H, W, C], got ${formatShape(inputShape)}`,
    );
    const axes = outputShape(where, attributes, inputShape, inputs[1].shape);
    checkOperand(context, 0, {
      name: "dy",
      axes,
      hint: "It must have the shape of the convolution's output.",
    });
    return { shape: inputShape, dtype: "float32" };
  },
  gradient: ({ inputs: [dy, filter], attributes }, gradient, build, wanted) => [
    wanted[0] ? build("conv2d", [gradient, filter], walkOf(attributes)) : null,
    wanted[1]
      ? build("conv2dFilterGradient", [gradient, dy], { ...walkOf(attributes), filterShape: filter.shape })
      : null,
  ],
  reference: ({ node, inputs: [dy, filter], output }) => {
    const shapes = [node.shape, node.inputs[1].shape, node.inputs[0].shape] as const;
    forEachProduct(node.attributes, shapes, (at, tap, result) => {
      output[at] += dy[result] * filter[tap];
    });
  },
  cost: (node) => convolutionCost(node, node.inputs[0].shape, node.inputs[1].shape),
};

/** dFilter of {@link conv2d}, linear in x and in dy. Shapes: x, dy [N, OH, OW, O] -> attributes.filterShape. */
export const conv2dFilterGradient: OpRule<"conv2dFilterGradient"> = {
  shape: (context) => {
    const { attributes, inputs, where } = context;
    const { filterShape } = attributes;
    checkCount(context, ["x", "dy"]);
    checkOperand(context, 0, { name: "x", axes: ["N", "H", "W", "C"] });
    check(
      filterShape.length === 4,
      where,
      () => `filterShape must be [KH, KW, C / groups, O], got ${formatShape(filterShape)}`,
    );
    const axes = outputShape(where, attributes, inputs[0].shape, filterShape);
    checkOperand(context, 1, {
      name: "dy",
      axes,
      hint: "It must have the shape of the convolution's output.",
    });
    return { shape: filterShape, dtype: "float32" };
  },
  gradient: ({ inputs: [x, dy], attributes }, gradient, build, wanted) => [
    wanted[0]
      ? build("conv2dInputGradient", [dy, gradient], { ...walkOf(attributes), inputShape: x.shape })
      : null,
    wanted[1] ? build("conv2d", [x, gradient], walkOf(attributes)) : null,
  ],
  reference: ({ node, inputs: [x, dy], output }) => {
    const shapes = [node.inputs[0].shape, node.shape, node.inputs[1].shape] as const;
    forEachProduct(node.attributes, shapes, (at, tap, result) => {
      output[tap] += x[at] * dy[result];
    });
  },
  cost: (node) => convolutionCost(node, node.inputs[1].shape, node.shape),
};
