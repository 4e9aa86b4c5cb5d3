import { describe, expect, it } from "vitest";
import { gradients } from "../../../autodiff/index.ts";
import { isKind, type Node, topologicalOrder } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf } from "../../../tensor/index.ts";
import { evaluate } from "../../reference/index.ts";
import { absorbPadding } from "./absorb-padding.ts";

const build = createBuild("layer");
const variable = (name: string, shape: Shape) => build("variable", [], { name, shape, dtype: "float32" });
const x = variable("x", [2, 6, 5, 3]);

/** Zeros above and to the right, as many as are asked for, or other numbers. */
const padded = (top: number, right: number, value = 0) =>
  build("pad", [x], { before: [0, top, 0, 0], after: [0, 0, right, 0], value });

function convolved(image: Node): Node {
  const padding = { top: 0, bottom: 1, left: 1, right: 0 };
  const filter = variable("filter", [3, 3, 3, 4]);
  return build("conv2d", [image, filter], { strides: [2, 1], padding, dilations: [1, 1], groups: 1 });
}

/** A weighed sum of y, and its gradients with respect to all variables. */
function trained(y: Node): Node[] {
  const weighed = build("multiply", [y, variable("weights", y.shape)], {});
  const loss = build("reduceSum", [weighed], { axes: [0, 1, 2, 3], keepDimensions: false });
  return [
    y,
    ...gradients(
      loss,
      topologicalOrder([y]).filter(({ kind }) => kind === "variable"),
    ),
  ];
}

function absorb(nodes: readonly Node[]): Node[] {
  const outputs = Object.fromEntries(nodes.map((node, index) => [String(index), node]));
  return Object.values(absorbPadding({ outputs, updates: [] }).outputs);
}

function valuesOf(nodes: readonly Node[]): Float64Array[] {
  const random = new RandomStream(7);
  const names = new Map<string, Float64Array>();
  for (const node of topologicalOrder(nodes)) {
    if (!isKind(node, "variable") || names.has(node.attributes.name)) continue;
    names.set(
      node.attributes.name,
      Float64Array.from({ length: sizeOf(node.shape) }, () => random.uniform()),
    );
  }
  return evaluate(nodes, Object.fromEntries(names));
}

const kindsOf = (nodes: readonly Node[]) => topologicalOrder(nodes).map(({ kind }) => kind);

describe("absorbPadding", () => {
  it("takes zeros into a convolution and into both of its gradients", () => {
    const nodes = trained(convolved(padded(2, 1)));
    const rewritten = absorb(nodes);
    expect(kindsOf(nodes)).toEqual(expect.arrayContaining(["pad", "slice"]));
    expect(kindsOf(rewritten)).not.toContain("pad");
    expect(kindsOf(rewritten)).not.toContain("slice");
    expect(rewritten[0].attributes).toMatchObject({ padding: { top: 2, bottom: 1, left: 1, right: 1 } });
    valuesOf(nodes).forEach((expected, index) => {
      expect(valuesOf(rewritten)[index]).toBeCloseToTensor(expected, { absolute: 1e-12 });
    });
  });

  it("makes the padded image for whom else needs it", () => {
    const image = padded(1, 1);
    const rewritten = absorb([convolved(image), build("tanh", [image], {})]);
    expect(kindsOf(rewritten).filter((kind) => kind === "pad")).toHaveLength(1);
    expect(rewritten[0].inputs[0]).toBe(x);
  });

  it("leaves other numbers, and zeros around channels, where they are", () => {
    const channels = build("pad", [variable("x2", [2, 6, 5, 2])], {
      ...{ before: [0, 0, 0, 1], after: [0, 0, 0, 0], value: 0 },
    });
    for (const image of [padded(1, 1, -1), channels]) {
      const [y] = absorb([convolved(image)]);
      expect(y?.inputs[0]).toBe(image);
    }
    const nodes = trained(convolved(padded(1, 1, -1)));
    valuesOf(nodes).forEach((expected, index) => {
      expect(valuesOf(absorb(nodes))[index]).toBeCloseToTensor(expected, { absolute: 1e-12 });
    });
  });

  it("cuts a gradient that is read elsewhere as before", () => {
    const image = padded(1, 1);
    const attributes = { strides: [1, 1], dilations: [1, 1], groups: 1 } as const;
    const whole = build("conv2dInputGradient", [variable("dy", [2, 5, 4, 4]), variable("f", [3, 3, 3, 4])], {
      ...attributes,
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
      inputShape: image.shape,
    });
    const cut = build("slice", [whole], { begin: [0, 1, 0, 0], size: x.shape });
    expect(absorb([cut, whole])).toEqual([cut, whole]);
  });
});
