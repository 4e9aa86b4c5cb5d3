import { sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/**
 * erf(x) = 2 / sqrt(pi) exp(-x^2) * sum over n of 2^n x^(2n+1) / (2n+1)!!, whose terms all have one sign, so that
 * nothing cancels (Abramowitz and Stegun, 7.1.6). Beyond 6 it is 1 to the last bit.
 */
export function errorFunction(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const cubic = 0.044715;
const sqrtTwoOverPi = Math.sqrt(2 / Math.PI);

/** Phi(x), the standard normal distribution, or its approximation (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2. */
function distribution(x: number, approximate: boolean): number {
  const inner = approximate ? Math.tanh(sqrtTwoOverPi * (x + cubic * x ** 3)) : errorFunction(x / Math.SQRT2);
  return 0.5 * (1 + inner);
}

/** Derivative of {@link distribution}: the normal density, or that of the approximation. */
function density(x: number, approximate: boolean): number {
  if (!approximate) return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  const t = Math.tanh(sqrtTwoOverPi * (x + cubic * x ** 3));
  return 0.5 * (1 - t * t) * sqrtTwoOverPi * (1 + 3 * cubic * x * x);
}

/** y = x Phi(x) (Hendrycks and Gimpel 2016). Shapes: any. */
export const gelu: OpRule<"gelu"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  gradient: ({ inputs: [x], attributes: { approximate } }, dy, build) => [
    build("geluGradient", [x, dy], { approximate }),
  ],
  reference: ({ node: { attributes }, inputs: [x], output }) => {
    mapElements(output, x, (value) => value * distribution(value, attributes.approximate));
  },
  cost: elementwiseCost(12),
};

/** dx = dy (Phi(x) + x Phi'(x)). Shapes: x and dy alike. */
export const geluGradient: OpRule<"geluGradient"> = {
  shape: (context) => sameShapeType(context, ["x", "dy"]),
  // The second derivative needs an exponential, which is no op of its own.
  gradient: null,
  reference: ({ node: { attributes }, inputs: [x, dy], output }) => {
    const { approximate } = attributes;
    zipElements(output, x, dy, (value, gradient) => {
      return gradient * (distribution(value, approximate) + value * density(value, approximate));
    });
  },
  cost: elementwiseCost(20),
};
