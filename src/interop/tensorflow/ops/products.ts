import { clip } from "../../../formats/format-errors.ts";
import type { ActivationName, SymbolicTensor } from "../../../layers/index.ts";
import type { PaddingOption } from "../../../ops/index.ts";
import { Tensor } from "../../../tensor/index.ts";
import type { LayerWeights, OpContext } from "../builder.ts";
import { activationOf, constantOf, weightOf } from "../values.ts";
import type { OpImporter } from "./importer.ts";

/** How a window moves: strides and the like of images [N, H, W, C]. */
export function windowOf({ node }: OpContext) {
  node.requireChannelsLast();
  const [, high = 1, wide = 1] = node.integers("strides");
  const [, down = 1, across = 1] = node.integers("dilations", [1, 1, 1, 1]);
  return {
    strides: [high, wide],
    dilationRate: [down, across],
    padding: paddingOf(node),
  } as const;
}

/** TensorFlow's padding by name, or in numbers for the four axes. */
export function paddingOf(node: OpContext["node"]): PaddingOption {
  const padding = node.text("padding", "VALID");
  if (padding === "SAME") return "same";
  if (padding === "VALID") return "valid";
  const sides = node.integers("explicit_paddings", []);
  if (padding !== "EXPLICIT" || sides.length !== 8)
    throw node.error(`its padding "${clip(padding, 40)}" is not known`, "Convert the model again.");
  const [, , top = 0, bottom = 0, left = 0, right = 0] = sides;
  return { top, bottom, left, right };
}

/** What an op does beside its product: a bias, and an activation. */
interface Rest {
  readonly bias: Tensor<"float32"> | null;
  readonly finish: (x: SymbolicTensor) => SymbolicTensor;
}

const activations: { readonly [name: string]: ActivationName } = {
  Relu: "relu",
  Relu6: "relu6",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
};

/** Of plain ops, the bias that is added behind; of fused ones, what `fused_ops` lists. */
function restOf(context: OpContext, isFused: boolean, channels: number): Rest {
  if (!isFused) return { bias: context.takeBias(channels), finish: (x) => x };
  const { node, place } = context;
  const listed = node.texts("fused_ops");
  const [first] = listed;
  const bias = first === "BiasAdd" ? weightOf(context, 2, [channels], "bias") : null;
  const [behind, ...more] = bias === null ? listed : listed.slice(1);
  if (behind === undefined) return { bias, finish: (x) => x };
  if (more.length > 0)
    throw node.error(
      `it is fused with ${clip(listed.join(", "))}`,
      "Convert the model again without fusing.",
    );
  if (behind === "LeakyRelu") {
    return { bias, finish: (x) => place("leakyRelu", { slope: node.number("leakyrelu_alpha", 0.2) }, [x]) };
  }
  if (behind === "Prelu") return { bias, finish: (x) => preluOf(context, x, 3) };
  if (!Object.hasOwn(activations, behind)) {
    throw node.error(
      `it is fused with ${clip(behind, 40)}`,
      `Supported are BiasAdd, ${Object.keys(activations).join(", ")}, LeakyRelu and Prelu.`,
    );
  }
  return { bias, finish: (x) => place("activation", { activation: activations[behind] }, [x]) };
}

/** One slope a channel, or one for every value. */
export function preluOf(context: OpContext, x: SymbolicTensor, index: number): SymbolicTensor {
  const channels = x.shape[x.shape.length - 1] ?? 1;
  const alpha = constantOf(context, index, "slopes");
  const isShared = alpha.data.length === channels && x.shape.length > 1;
  const sharedAxes = isShared ? x.shape.slice(0, -1).map((_, axis) => axis + 1) : [];
  const shape = isShared ? x.shape.map((size, axis) => (axis === x.shape.length - 1 ? size : 1)) : x.shape;
  return context.place("prelu", { sharedAxes }, [x], { weight: weightOf(context, index, shape, "slopes") });
}

function withBias(weight: Tensor, bias: Tensor | null): LayerWeights {
  return bias === null ? { weight } : { weight, bias };
}

function conv2d(isFused: boolean): OpImporter {
  return (context) => {
    const x = activationOf(context, 0);
    const kernel = constantOf(context, 1, "filter");
    const [height, width, channels, filters] = kernel.shape;
    const inputs = x.shape[2] ?? 0;
    if (kernel.shape.length !== 4 || inputs % channels !== 0) {
      throw context.node.error(
        `its filter of ${kernel} does not suit ${inputs} channels`,
        "The file is damaged.",
      );
    }
    const { bias, finish } = restOf(context, isFused, filters);
    const options = {
      ...windowOf(context),
      ...{ filters, kernelSize: [height, width] as const, groups: inputs / channels, useBias: bias !== null },
    } as const;
    return finish(context.place("conv2d", options, [x], withBias(kernel.as("float32"), bias)));
  };
}

function depthwise(isFused: boolean): OpImporter {
  return (context) => {
    const x = activationOf(context, 0);
    const kernel = constantOf(context, 1, "filter");
    const [height, width, channels, depthMultiplier] = kernel.shape;
    if (kernel.shape.length !== 4 || channels !== x.shape[2]) {
      throw context.node.error(
        `its filter of ${kernel} does not suit ${x.shape[2]} channels`,
        "The file is damaged.",
      );
    }
    const { bias, finish } = restOf(context, isFused, channels * depthMultiplier);
    const options = {
      ...windowOf(context),
      ...{ kernelSize: [height, width] as const, depthMultiplier, useBias: bias !== null },
    } as const;
    const weight = kernel.as("float32").reshape([height, width, 1, channels * depthMultiplier]);
    return finish(context.place("depthwiseConv2d", options, [x], withBias(weight, bias)));
  };
}

function matmul(isFused: boolean): OpImporter {
  return (context) => {
    const { node } = context;
    const x = activationOf(context, 0);
    const matrix = constantOf(context, 1, "matrix");
    if (node.boolean("transpose_a") || matrix.shape.length !== 2 || x.shape.length !== 1) {
      throw node.error("it is no product of rows with a matrix", "Only dense layers are supported.");
    }
    const weight = node.boolean("transpose_b") ? transposed(matrix) : matrix.as("float32");
    const [inputs, units] = weight.shape;
    if (inputs !== x.shape[0])
      throw node.error(`its matrix of ${matrix} does not suit ${x.shape[0]} values`, "The file is damaged.");
    const { bias, finish } = restOf(context, isFused, units);
    return finish(context.place("dense", { units, useBias: bias !== null }, [x], withBias(weight, bias)));
  };
}

function transposed({ shape: [rows, columns], data }: Tensor): Tensor<"float32"> {
  const values = Float32Array.from(
    data,
    (_, index) => data[(index % rows) * columns + Math.floor(index / rows)],
  );
  return new Tensor("float32", [columns, rows], values);
}

/** Ops with filters and matrices. */
export const productOps = {
  Conv2D: conv2d(false),
  _FusedConv2D: conv2d(true),
  DepthwiseConv2dNative: depthwise(false),
  FusedDepthwiseConv2dNative: depthwise(true),
  _FusedDepthwiseConv2dNative: depthwise(true),
  MatMul: matmul(false),
  _FusedMatMul: matmul(true),
} satisfies { readonly [op: string]: OpImporter };
