import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";

/** Limits each element of each gradient to [-limit, limit]. */
export function clipByValue(build: Build, gradients: readonly Node[], limit: number): Node[] {
  return gradients.map((gradient) => build("clip", [gradient], { minimum: -limit, maximum: limit }));
}

/**
 * Scales all gradients by min(1, limit / norm), where norm is the square root of the sum of all their squares: their
 * direction stays (Pascanu et al. 2013).
 */
export function clipByGlobalNorm(build: Build, gradients: readonly Node[], limit: number): Node[] {
  const squares = gradients.map((gradient) => sumOfSquares(build, gradient));
  const [first, ...rest] = squares;
  if (first === undefined) return [];
  const total = rest.reduce((sum, term) => build("add", [sum, term], {}), first);
  const quotient = limitOverNorm(build, total, limit);
  const scale = build("clip", [quotient], { minimum: 0, maximum: 1 });
  const shaped = build("reshape", [scale], { shape: [1] });
  return gradients.map((gradient) => build("multiply", [gradient, shaped], {}));
}

/** Shapes: [...] -> [1, 1]. */
function sumOfSquares(build: Build, gradient: Node): Node {
  const axes = gradient.shape.map((_, axis) => axis);
  const squares = build("multiply", [gradient, gradient], {});
  const sum = build("reduceSum", [squares], { axes, keepDimensions: false });
  return build("reshape", [sum], { shape: [1, 1] });
}

/**
 * limit / sqrt(total). The only op with a square root is batch normalization: with x = 1, mean 0, gamma = limit and
 * beta = 0 it gives gamma (x - mean) / sqrt(variance + epsilon), which is what is wanted. Shapes: [1, 1] -> [1, 1].
 */
function limitOverNorm(build: Build, total: Node, limit: number): Node {
  const zero = build("constant", [], { value: 0, shape: [1, 1] });
  const one = build("constant", [], { value: 1, shape: [1, 1] });
  const moments = build("concatenate", [zero, total], { axis: 0 });
  const gamma = build("constant", [], { value: limit, shape: [1] });
  const beta = build("constant", [], { value: 0, shape: [1] });
  return build("batchNormalize", [one, moments, gamma, beta], { epsilon: 1e-30 });
}
