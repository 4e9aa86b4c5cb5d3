import { describe, expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import type { Node, OpKind } from "../graph/index.ts";
import { topologicalOrder } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import { OptionError, type Shape, ShapeError } from "../tensor/index.ts";
import { expectTrueGradients } from "../testing/check-gradients.ts";
import { backpropagate, gradients } from "./index.ts";

const build = createBuild("layer");

function leaf(name: string, shape: Shape = [1], scope = "layer"): Node<"variable"> {
  return createBuild(scope)("variable", [], { name, shape, dtype: "float32" });
}

const product = (a: Node, b: Node) => build("multiply", [a, b], {});
const plus = (a: Node, b: Node) => build("add", [a, b], {});
const total = (x: Node) =>
  build("reduceSum", [x], { axes: x.shape.map((_, axis) => axis), keepDimensions: false });
const kindsOf = (roots: readonly Node[]): OpKind[] => topologicalOrder(roots).map(({ kind }) => kind);

describe("gradients", () => {
  const [a, b] = [leaf("a"), leaf("b")];

  test("are worked out by the chain rule", () => {
    // c = (a b + a) a: dc/da = 2 a b + 2 a, dc/db = a^2.
    const loss = product(plus(product(a, b), a), a);
    const [da, db] = evaluate(gradients(loss, [a, b]), { a: [3], b: [5] });
    expect([da[0], db[0]]).toEqual([36, 9]);
  });

  test("of the loss itself are ones, of inner nodes what flows through them", () => {
    const inner = product(a, b);
    const loss = product(inner, inner);
    const [dLoss, dInner] = evaluate(gradients(loss, [loss, inner]), { a: [3], b: [5] });
    expect([dLoss[0], dInner[0]]).toEqual([1, 30]);
  });

  test("of what the loss does not depend on are constant zeros", () => {
    const other = leaf("other", [2, 3], "elsewhere");
    const [zero] = gradients(product(a, a), [other]);
    expect(zero).toMatchObject({
      kind: "constant",
      shape: [2, 3],
      scope: "elsewhere",
      attributes: { value: 0 },
    });
    // The rule of relu's gradient lets nothing through to y.
    const masked = build("reluGradient", [a, b], {});
    expect(gradients(masked, [a])[0]).toMatchObject({ kind: "constant", attributes: { value: 0 } });
  });

  test("take a loss of one element in any number of axes", () => {
    for (const shape of [[], [1], [1, 1, 1]]) {
      const x = leaf("x", shape);
      expect(evaluate(gradients(product(x, x), [x]), { x: [4] })[0]).toEqual(Float64Array.of(8));
    }
  });

  test("compute only what is wanted", () => {
    const [x, w1, w2] = [leaf("x", [4, 3]), leaf("w1", [3, 5]), leaf("w2", [5, 2])];
    const matmul = (l: Node, r: Node) => build("matmul", [l, r], { transposeA: false, transposeB: false });
    const hidden = build("sigmoid", [matmul(x, w1)], {});
    const loss = total(matmul(hidden, w2));
    const forward = topologicalOrder([loss]);
    const added = (wrt: readonly Node[]) =>
      topologicalOrder(gradients(loss, wrt))
        .filter((node) => !forward.includes(node))
        .map(({ kind }) => kind);
    const seed = ["constant", "reshape", "broadcast"];
    expect(added([w2])).toEqual([...seed, "matmul"]);
    // dHidden, then dW1, and no dX.
    expect(added([w1])).toEqual([...seed, "matmul", "sigmoidGradient", "matmul"]);
    expect(added([w1, w2])).toEqual([...seed, "matmul", "sigmoidGradient", "matmul", "matmul"]);
  });

  test("share what several of them need", () => {
    const [x, gamma, beta] = [leaf("x", [6, 2]), leaf("gamma", [2]), leaf("beta", [2])];
    const moments = build("batchMoments", [x], {});
    const loss = total(
      build("tanh", [build("batchNormalize", [x, moments, gamma, beta], { epsilon: 0.1 })], {}),
    );
    const kinds = kindsOf(gradients(loss, [x, gamma, beta]));
    expect(kinds.filter((kind) => kind === "batchNormalizeReduce")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "batchMomentsGradient")).toHaveLength(1);
  });

  test("keep the scope of the node that they belong to", () => {
    const w = leaf("w", [3, 2], "conv1");
    const x = createBuild("")("input", [], { name: "x", shape: [4, 3], dtype: "float32" });
    const bias = leaf("bias", [2], "conv1");
    const y = createBuild("conv1")("matmul", [x, w], { transposeA: false, transposeB: false });
    const z = createBuild("conv1")("add", [y, bias], {});
    const loss = createBuild("loss")("reduceSum", [createBuild("act")("tanh", [z], {})], {
      axes: [0, 1],
      keepDimensions: false,
    });
    const found = gradients(loss, [w, bias]);
    expect(found.map(({ kind, scope }) => `${kind} ${scope}`)).toEqual(["matmul conv1", "reduceSum conv1"]);
    const scopes = new Map(topologicalOrder(found).map(({ kind, scope }) => [kind, scope]));
    expect(scopes.get("tanhGradient")).toBe("act");
    expect(scopes.get("broadcast")).toBe("loss");
  });
});

describe("un-broadcasting", () => {
  test.each([
    { shape: [3], other: [2, 3], kinds: ["reduceSum"] },
    { shape: [], other: [2, 3], kinds: ["reduceSum"] },
    { shape: [2, 1], other: [2, 3], kinds: ["reduceSum"] },
    { shape: [1, 3], other: [4, 2, 3], kinds: ["reduceSum", "reshape"] },
    { shape: [1], other: [2, 3], kinds: ["reduceSum", "reshape"] },
    { shape: [1, 1], other: [1], kinds: [] },
    { shape: [1], other: [1, 1], kinds: ["reshape"] },
    { shape: [2, 3], other: [3], kinds: [] },
  ])("of $shape against $other", ({ shape, other, kinds }) => {
    const [x, y] = [leaf("x", shape), leaf("y", other)];
    const sum = plus(x, y);
    const sums = backpropagate(total(sum), [x]);
    const gradient = sums.gradients.get(x);
    expect(gradient?.shape).toEqual(shape);
    const upstream = new Set(topologicalOrder([sums.gradients.get(sum) ?? sum]));
    const added = topologicalOrder([gradient ?? sum]).filter((node) => !upstream.has(node));
    expect(added.map(({ kind }) => kind)).toEqual(kinds);
    const values = new Map<Node, Float64Array>(
      [x, y].map((node, k) => [
        node,
        Float64Array.from({ length: node.shape.reduce((p, s) => p * s, 1) }, (_, i) => i - k),
      ]),
    );
    expectTrueGradients(total(product(sum, sum)), [x, y], values);
  });
});

describe("backpropagate", () => {
  test("tells every term of every sum, and where it comes from", () => {
    const a = leaf("a");
    const square = product(a, a);
    const loss = plus(square, a);
    const { gradients: found, contributions } = backpropagate(loss, [a]);
    expect([...found.keys()]).toEqual([loss, square, a]);
    expect(contributions.get(loss)).toBeUndefined();
    const terms = contributions.get(a) ?? [];
    expect(terms.map(({ from, input }) => [from.kind, input])).toEqual([
      ["add", 1],
      ["multiply", 0],
      ["multiply", 1],
    ]);
    const values = evaluate(
      terms.map(({ gradient }) => gradient),
      { a: [7] },
    );
    expect(values.map(([value]) => value)).toEqual([1, 7, 7]);
    expect(evaluate([found.get(a) ?? a], { a: [7] })[0][0]).toBe(15);
  });

  test("does not visit what leads to nothing wanted", () => {
    const [a, b] = [leaf("a"), leaf("b")];
    const beside = build("tanh", [b], {});
    const { gradients: found } = backpropagate(product(beside, a), [a]);
    expect(found.has(beside)).toBe(false);
    expect(found.has(b)).toBe(false);
  });

  test("lets a caller look on as nodes are built", () => {
    const a = leaf("a");
    const built: string[] = [];
    gradients(product(a, a), [a], (scope) => (kind, inputs, attributes) => {
      built.push(`${scope}/${kind}`);
      return createBuild(scope)(kind, inputs, attributes);
    });
    expect(built).toEqual(["layer/constant", "layer/multiply", "layer/multiply", "layer/add"]);
  });

  test("walks a net of 20,000 layers without running out of stack", () => {
    const a = leaf("a");
    let node: Node = a;
    for (let depth = 0; depth < 20_000; depth++) node = build("affine", [node], { factor: -1, offset: 0 });
    expect(evaluate(gradients(node, [a]), { a: [1] })[0][0]).toBe(1);
  });
});

describe("refuses", () => {
  const x = leaf("x", [2, 3]);
  const labels = build("input", [], { name: "labels", shape: [2], dtype: "int32" });

  test("a loss of several elements", () => {
    expect(() => gradients(build("relu", [x], {}), [x])).toThrow(ShapeError);
    expect(() => gradients(build("relu", [x], {}), [x])).toThrow(
      "relu in layer: the loss must have one element, got [2, 3]. Sum or average it first.",
    );
  });

  test("whole numbers as loss or as what to differentiate by", () => {
    const message =
      "input in layer: there is no gradient with respect to int32[2]. Only float32 values can be differentiated.";
    expect(() => gradients(labels, [x])).toThrow(message);
    expect(() => gradients(total(x), [labels])).toThrow(message);
  });

  test("a way through an op that has no gradient", () => {
    const hits = build("topKHits", [x, labels], { k: 1 });
    expect(() => gradients(total(hits), [x])).toThrow(OptionError);
    expect(() => gradients(total(hits), [x])).toThrow("topKHits in layer: this op has no gradient");
    // Beside the way it does not matter.
    const y = leaf("y", []);
    expect(
      evaluate(gradients(product(total(hits), y), [y]), {
        x: [1, 2, 3, 1, 2, 3],
        labels: [2, 0],
        y: [9],
      })[0][0],
    ).toBe(1);
  });

  test("targets that depend on what is trained", () => {
    const loss = total(build("softmaxCrossEntropy", [x, build("softmax", [x], {})], { labelSmoothing: 0 }));
    expect(() => gradients(loss, [x])).toThrow(OptionError);
    expect(() => gradients(loss, [x])).toThrow(
      "softmaxCrossEntropy in layer: there is no gradient with respect to the targets. Targets must not depend on what is trained.",
    );
  });
});

describe("second derivatives", () => {
  test.each([
    ["tanh", (x: Node) => build("tanh", [x], {})],
    ["sigmoid", (x: Node) => build("sigmoid", [x], {})],
    ["softmax", (x: Node) => build("softmax", [x], {})],
    ["relu", (x: Node) => build("relu", [product(x, x)], {})],
    ["matmul", (x: Node) => build("matmul", [x, x], { transposeA: true, transposeB: false })],
  ])("of %s agree with differences of the first", (_, f) => {
    const x = leaf("x", [3, 4]);
    const y = f(x);
    const [first] = gradients(total(product(product(y, y), y)), [x]);
    const values = new Map([[x as Node, Float64Array.from({ length: 12 }, (_, i) => Math.sin(2 * i + 1))]]);
    expectTrueGradients(total(product(first, first)), [x], values);
  });
});
