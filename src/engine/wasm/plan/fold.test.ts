import { describe, expect, it } from "vitest";
import { type Node, topologicalOrder } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf } from "../../../tensor/index.ts";
import { evaluate } from "../../reference/index.ts";
import { foldNormalizations } from "./fold.ts";

const build = createBuild("layer");
const variable = (name: string, shape: Shape) => build("variable", [], { name, shape, dtype: "float32" });
const x = build("input", [], { name: "x", shape: [2, 5, 6, 3], dtype: "float32" });
const padding = { top: 1, bottom: 1, left: 1, right: 1 };
const attributes = { strides: [1, 1], padding, dilations: [1, 1], groups: 1 } as const;
const convolution = () => build("conv2d", [x, variable("filter", [3, 3, 3, 4])], attributes);
const product = () =>
  build("matmul", [build("reshape", [x], { shape: [2, 90] }), variable("weights", [90, 4])], {
    transposeA: false,
    transposeB: false,
  });

/** Normalization by running statistics. */
function normalized(input: Node): Node {
  const rows = ["mean", "variance"].map((name) => build("reshape", [variable(name, [4])], { shape: [1, 4] }));
  const moments = build("concatenate", rows, { axis: 0 });
  return build("batchNormalize", [input, moments, variable("gamma", [4]), variable("beta", [4])], {
    epsilon: 1e-3,
  });
}

function valuesOf(...outputs: readonly Node[]) {
  const values = Object.fromEntries(
    topologicalOrder(outputs).flatMap((node) => {
      if (node.kind !== "input" && node.kind !== "variable") return [];
      const { name } = node.attributes as { readonly name: string };
      const random = new RandomStream(name.length);
      return [[name, Float32Array.from({ length: sizeOf(node.shape) }, () => random.uniform() + 0.1)]];
    }),
  );
  return evaluate(outputs, values);
}

const kindsOf = (...outputs: readonly Node[]) => topologicalOrder(outputs).map(({ kind }) => kind);

describe("foldNormalizations", () => {
  const cases = [
    ["a convolution", convolution],
    ["a convolution with a bias", () => build("add", [convolution(), variable("bias", [4])], {})],
    ["a product with its bias on the left", () => build("add", [variable("bias", [4]), product()], {})],
  ] as const;

  it.each(cases)("takes it into %s", (_, linear) => {
    const y = build("relu", [normalized(linear())], {});
    const { outputs } = foldNormalizations({ outputs: { y }, updates: [] });
    const last = outputs["y"]?.inputs[0];
    expect(last?.kind).toBe("add");
    expect(["conv2d", "matmul"]).toContain(last?.inputs[0]?.kind);
    const [[expected], [folded]] = [valuesOf(y), valuesOf(...Object.values(outputs))];
    expect(folded).toBeCloseToTensor(expected, { relative: 1e-12, absolute: 1e-12 });
  });

  it("folds one behind the other", () => {
    const first = build("relu", [normalized(convolution())], {});
    const second = build("conv2d", [first, variable("second", [1, 1, 4, 4])], {
      ...attributes,
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
    });
    const y = normalized(second);
    const { outputs } = foldNormalizations({ outputs: { y }, updates: [] });
    const folded = Object.values(outputs);
    expect(kindsOf(...folded).filter((kind) => kind === "batchNormalizeInputGradient")).toHaveLength(2);
    expect(valuesOf(...folded)[0]).toBeCloseToTensor(valuesOf(y)[0], { relative: 1e-12, absolute: 1e-12 });
  });

  it("leaves the graph alone where the value before is read elsewhere, or something is no variable", () => {
    const shared = convolution();
    const moments = build("batchMoments", [convolution()], {});
    const ofBatch = build(
      "batchNormalize",
      [convolution(), moments, variable("gamma", [4]), variable("beta", [4])],
      { epsilon: 1e-3 },
    );
    const weights = build("input", [], { name: "fed", shape: [3, 3, 3, 4], dtype: "float32" });
    const graphs: readonly (readonly Node[])[] = [
      [normalized(shared), shared],
      [normalized(shared), build("tanh", [shared], {})],
      [ofBatch],
      [normalized(build("conv2d", [x, weights], attributes))],
      [normalized(build("add", [convolution(), convolution()], {}))],
    ];
    for (const nodes of graphs) {
      const outputs = Object.fromEntries(nodes.map((node, index) => [String(index), node]));
      expect(foldNormalizations({ outputs, updates: [] }).outputs).toEqual(outputs);
    }
  });
});
