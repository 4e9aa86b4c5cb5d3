import { layers } from "../../../layers/index.ts";
import { formatShape, Tensor } from "../../../tensor/index.ts";
import { kernelOf, parameterOf, rowOf } from "../builder.ts";
import type { NodeReader } from "../node.ts";
import { type Activation, type Constant, type Mixed, permute, range } from "../values.ts";
import { followingBias } from "./bias.ts";
import type { RuleContext } from "./rule.ts";

/** Gemm: alpha x B + beta C, with B [in, out], or [out, in] with transB. */
export function gemm(node: NodeReader, context: RuleContext): Activation {
  const x = node.activation(0);
  if (x.shape.length !== 1 || node.flag("transA", false)) {
    throw node.error(
      "does not take rows [batch, features] as they are",
      "Gemm must stand behind a Flatten, without transA.",
    );
  }
  const matrix = matrixOf(node, node.constant(1, "weights"));
  const transposed = node.flag("transB", false);
  const [inputs, units] = transposed ? [matrix.shape[1], matrix.shape[0]] : matrix.shape;
  checkFeatures(node, x.shape[0], inputs, matrix);
  const given = node.optionalConstant(2, "bias");
  const bias = given ?? followingBias(node, context, units, 0);
  const weight = denseWeight(matrix, x, transposed, node.float("alpha", 1));
  const beta = given === undefined ? 1 : node.float("beta", 1);
  return place(node, context, x, {
    matrix,
    weight,
    bias,
    row: bias && biasRow(node, bias, units, beta),
    units,
  });
}

/** MatMul with a matrix [in, out] of weights. */
export function matmul(node: NodeReader, context: RuleContext): Activation {
  const matrix = node.inputs[0]?.kind === "constant" ? undefined : node.inputs[1];
  if (matrix?.kind !== "constant") {
    throw node.error(
      "multiplies something else than a value with weights",
      "Products of two values (attention) are not supported: the second factor must be an initializer.",
    );
  }
  const [inputs, units] = matrixOf(node, matrix).shape;
  const { builder } = context;
  const last = node.activation(0).shape.length - 1;
  const x = last === 0 ? node.activation(0) : builder.withLast(node, node.activation(0), last);
  checkFeatures(node, x.shape[last], inputs, matrix);
  const bias = followingBias(node, context, units, 0);
  const weight = denseWeight(matrix, x, false, 1);
  return place(node, context, x, { matrix, weight, bias, row: bias && rowOf(bias), units });
}

interface DenseParts {
  readonly matrix: Constant;
  readonly weight: Tensor;
  readonly bias: Constant | undefined;
  readonly row: Tensor | undefined;
  readonly units: number;
}

function place(
  node: NodeReader,
  { builder }: RuleContext,
  x: Activation,
  { matrix, weight, bias, row, units }: DenseParts,
): Activation {
  const tensor = builder.place(
    node,
    [x.tensor],
    (name) => layers.dense({ name, units, useBias: row !== undefined }),
    {
      weights: row === undefined ? { weight } : { weight, bias: row },
      named: matrix,
      // Rows in another order are other weights.
      ...(x.mixed === null && { shared: bias === undefined ? [matrix] : [matrix, bias] }),
    },
  );
  return { ...x, tensor, shape: [...x.shape.slice(0, -1), units], mixed: null };
}

/** Weights as [in, out]; the rows of a flattened image in the order in which it lies. */
function denseWeight(matrix: Constant, { mixed }: Activation, transposed: boolean, alpha: number): Tensor {
  const weight = transposed ? outputsLast(matrix, mixed) : rowsInOrder(matrix, mixed);
  if (alpha === 1) return weight;
  return new Tensor(
    "float32",
    weight.shape,
    Float32Array.from(weight.data, (value) => alpha * value),
  );
}

function outputsLast(matrix: Constant, mixed: Mixed | null): Tensor {
  const [units, inputs] = matrix.shape;
  if (mixed === null) return kernelOf(matrix, [inputs, units], null);
  const order = new Int32Array(inputs);
  permute(range(inputs), mixed.factors, mixed.order, order);
  return kernelOf(matrix, [inputs, units], order);
}

function rowsInOrder(matrix: Constant, mixed: Mixed | null): Tensor {
  const [inputs, units] = matrix.shape;
  if (mixed === null) return parameterOf(matrix, [0, 1], [inputs, units]);
  const { factors, order } = mixed;
  return parameterOf({ ...matrix, shape: [...factors, units] }, [...order, factors.length], [inputs, units]);
}

/** The bias of Gemm: [out], [1, out] or one number for all. */
function biasRow(node: NodeReader, bias: Constant, units: number, beta: number): Tensor {
  const isRow = bias.data.length === 1 || (bias.data.length === units && bias.shape.at(-1) === units);
  if (!isRow) {
    throw node.error(
      `has a bias ${formatShape(bias.shape)} for ${units} outputs`,
      "Give it one number an output.",
    );
  }
  const row = rowOf(bias).data;
  const data = Float32Array.from({ length: units }, (_, index) => beta * row[row.length === 1 ? 0 : index]);
  return new Tensor("float32", [units], data);
}

function matrixOf(node: NodeReader, matrix: Constant): Constant {
  if (matrix.shape.length === 2) return matrix;
  throw node.error(`has weights ${formatShape(matrix.shape)}`, "Weights must be a matrix: two axes.");
}

function checkFeatures(node: NodeReader, features: number, inputs: number, { shape }: Constant): void {
  if (features === inputs) return;
  throw node.error(
    `has weights ${formatShape(shape)} for ${inputs} features, its input has ${features}`,
    "Images must have the size that the model was exported for: give inputShape.",
  );
}
