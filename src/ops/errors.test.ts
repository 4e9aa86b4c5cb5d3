import { describe, expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import type { OpKind } from "../graph/index.ts";
import { DataError, EngineError, ShapeError } from "../tensor/index.ts";
import { opKinds } from "../testing/kinds.ts";
import { type Mistake, opMistakes, typeOf } from "../testing/mistakes/index.ts";
import { createBuild } from "./build.ts";
import { opTable } from "./table.ts";

const build = createBuild("features/layer1");

function leaf(text: string, name = text) {
  return build("input", [], { name, ...typeOf(text) });
}

function attempt<K extends OpKind>(kind: K, { inputs, attributes }: Mistake<K>): unknown {
  const leaves = inputs.map((text) => leaf(text));
  try {
    return build(kind, leaves, attributes);
  } catch (error) {
    return error;
  }
}

describe.each(opKinds)("%s", (kind) => {
  test.each([...opMistakes[kind]])("$message", (mistake) => {
    const error = attempt(kind, mistake as Mistake<OpKind>);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toHaveProperty("message", `${kind} in features/layer1: ${mistake.message}`);
  });
});

test("errors outside layers name the op alone", () => {
  expect(() => createBuild()("relu", [], {})).toThrow("relu: takes 1 input (x), got 0.");
});

test("a leaf's shape error names the leaf", () => {
  const type = { shape: [2, -1], dtype: "float32" } as const;
  expect(() => build("variable", [], { name: "fc.weight", ...type })).toThrow(
    'variable in features/layer1 "fc.weight": shape [2, -1] has a size that is not a positive whole number.',
  );
});

describe("the reference refuses labels and indices out of range", () => {
  const labels = leaf("int32[2]", "labels");
  const scores = leaf("[2, 3]", "scores");
  const nodes = {
    oneHot: build("oneHot", [labels], { classes: 3 }),
    topKHits: build("topKHits", [scores, labels], { k: 1 }),
    softmaxCrossEntropy: build("softmaxCrossEntropy", [scores, labels], { labelSmoothing: 0 }),
  };

  test.each(Object.entries(nodes))("%s", (kind, node) => {
    const feeds = (label: number) => ({ labels: [1, label], scores: [1, 2, 3, 4, 5, 6] });
    expect(evaluate([node], feeds(2))[0].length).toBeGreaterThan(0);
    expect(() => evaluate([node], feeds(3))).toThrow(DataError);
    expect(() => evaluate([node], feeds(3))).toThrow(`${kind}: label 3 of example 1 is not one of 0 to 2.`);
    expect(() => evaluate([node], feeds(-1))).toThrow(`${kind}: label -1 of example 1 is not one of 0 to 2.`);
  });

  test("loadLabels", () => {
    const node = build("loadLabels", [labels, leaf("int32[1]", "indices")], {});
    expect(() => evaluate([node], { labels: [7, 8], indices: [2] })).toThrow(
      "loadLabels: index 2 at position 0 is not one of 0 to 1.",
    );
  });
});

test("the reference of a leaf says that nothing computes it", () => {
  const node = build("input", [], { name: "x", shape: [1], dtype: "float32" });
  const run = () => opTable.input.reference({ node, inputs: [], output: new Float64Array(1) });
  expect(run).toThrow(EngineError);
  expect(run).toThrow('an engine gives input "x" its value; nothing computes it.');
});
