import { expect } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../engine/reference/index.ts";
import type { Node } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import { RandomStream, sizeOf } from "../tensor/index.ts";

const step = 1e-5;
const mostElements = 24;

/** A scalar that weighs every element of `node` differently: sum of w_i node_i with fixed w_i in [0.5, 1.5]. */
export function weighedSum(node: Node): {
  readonly loss: Node;
  readonly weights: Node;
  readonly values: Float64Array;
} {
  const build = createBuild();
  const random = new RandomStream(17);
  const values = Float64Array.from({ length: sizeOf(node.shape) }, () => 0.5 + random.uniform());
  const weights = build("input", [], { name: "weights of the sum", shape: node.shape, dtype: "float32" });
  const product = build("multiply", [node, weights], {});
  const axes = node.shape.map((_, axis) => axis);
  const loss = axes.length === 0 ? product : build("reduceSum", [product], { axes, keepDimensions: false });
  return { loss, weights, values };
}

/**
 * Holds the derived gradients of the scalar `loss` against central differences in float64,
 * (loss(x + h) - loss(x - h)) / 2h: along one random direction through all elements, and for single elements of each
 * leaf (all, or 24 drawn ones).
 *
 * @param values - of all leaves; they are changed and put back
 */
export function expectTrueGradients(
  loss: Node,
  wrt: readonly Node[],
  values: ReadonlyMap<Node, Float64Array>,
): void {
  const derived = evaluate(gradients(loss, wrt), values);
  const lossNow = () => evaluate([loss], values)[0][0];
  wrt.forEach((leaf, index) => {
    const x = values.get(leaf) ?? new Float64Array();
    const gradient = derived[index];
    expect(gradient.length).toBe(x.length);
    const original = x.slice();
    const along = (direction: Float64Array) => {
      const at = (h: number) => {
        x.forEach((_, i) => {
          x[i] = original[i] + h * direction[i];
        });
        return lossNow();
      };
      const difference = (at(step) - at(-step)) / (2 * step);
      x.set(original);
      return difference;
    };
    const random = new RandomStream(index + 1);
    const direction = x.map(() => random.normal());
    const projected = gradient.reduce((sum, value, i) => sum + value * direction[i], 0);
    const scale = 1e-6 * Math.max(1, ...gradient.map(Math.abs)) * Math.sqrt(x.length);
    expect([projected], `direction through input ${index}`).toBeCloseToTensor([along(direction)], {
      absolute: scale,
    });
    const elements = [...random.permutation(x.length)].slice(0, mostElements);
    const numeric = elements.map((element) => along(x.map((_, i) => (i === element ? 1 : 0))));
    const exact = elements.map((element) => gradient[element]);
    expect(exact, `elements ${elements} of input ${index}`).toBeCloseToTensor(numeric, { absolute: scale });
  });
}
