import { describe, expect, it } from "vitest";
import { type Node, topologicalOrder } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { findFusions } from "./fuse.ts";

const build = createBuild();
const input = (name: string, shape: readonly number[]) =>
  build("input", [], { name, shape, dtype: "float32" });
const product = () =>
  build("matmul", [input("x", [4, 3]), input("w", [3, 5])], { transposeA: false, transposeB: false });
const convolution = () => {
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const operands = [input("x", [2, 4, 4, 3]), input("w", [3, 3, 3, 5])];
  return build("conv2d", operands, { strides: [1, 1], padding, dilations: [1, 1], groups: 1 });
};
const bias = () => input("b", [5]);

/** The fusions of a graph with these outputs. */
const fusionsOf = (...outputs: readonly Node[]) => findFusions(topologicalOrder(outputs), new Set(outputs));

const kindsOf = (nodes: readonly Node[]) => nodes.map(({ kind }) => kind);

/** Those of products, each as the kinds of its members. */
function productsOf(...outputs: readonly Node[]) {
  return fusionsOf(...outputs).map((fusion) => {
    if (fusion.kind !== "product") throw new Error(`a fusion of kind ${fusion.kind}`);
    const { bias, rectify } = fusion.epilogue;
    return { members: kindsOf(fusion.members), biased: bias !== null, rectify };
  });
}

describe("fusion of a product", () => {
  it.each([
    ["matmul", product],
    ["conv2d", convolution],
  ] as const)("lets bias and relu ride on %s", (kind, producer) => {
    const y = build("relu", [build("add", [producer(), bias()], {})], {});
    expect(productsOf(y)).toEqual([{ members: [kind, "add", "relu"], biased: true, rectify: true }]);
  });

  it("takes a bias on either side, or relu alone", () => {
    expect(productsOf(build("add", [bias(), product()], {}))).toEqual([
      { members: ["matmul", "add"], biased: true, rectify: false },
    ]);
    expect(productsOf(build("relu", [product()], {}))).toEqual([
      { members: ["matmul", "relu"], biased: false, rectify: true },
    ]);
  });

  it("leaves a product alone whose own value is read elsewhere, or is an output", () => {
    const shared = product();
    const y = build("add", [shared, bias()], {});
    expect(productsOf(y, build("tanh", [shared], {}))).toEqual([]);
    expect(productsOf(y, shared)).toEqual([]);
  });

  it("fuses up to the value that is read elsewhere", () => {
    const biased = build("add", [product(), bias()], {});
    expect(productsOf(build("relu", [biased], {}), build("tanh", [biased], {}))).toEqual([
      { members: ["matmul", "add"], biased: true, rectify: false },
    ]);
  });

  it("takes a matrix for a residual, and neither a scalar nor a column for anything", () => {
    expect(productsOf(build("add", [input("other", [4, 5]), product()], {}))).toEqual([
      { members: ["matmul", "add"], biased: false, rectify: false },
    ]);
    for (const shape of [[], [1], [4, 1]]) {
      expect(productsOf(build("add", [product(), input("other", shape)], {}))).toEqual([]);
    }
    const doubled = product();
    expect(productsOf(build("add", [doubled, doubled], {}))).toEqual([]);
  });

  it("leaves a sum to the first of two products, and its bias to the second", () => {
    const [first, second] = [product(), product()].map((one) => build("add", [one, bias()], {}));
    expect(productsOf(build("relu", [build("add", [first, second], {})], {}))).toEqual([
      { members: ["matmul", "add", "add", "relu"], biased: true, rectify: true },
      { members: ["matmul", "add"], biased: true, rectify: false },
    ]);
  });
});
