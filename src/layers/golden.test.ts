import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../engine/reference/index.ts";
import type { Node } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import { type Shape, sizeOf } from "../tensor/index.ts";
import { callLayer, Layer, parametersOf } from "./layer.ts";
import type { LayerKind, LayerOptions } from "./table.ts";

// PyTorch's figures, in float64, recorded by scripts/golden/layers.py (which also says how to record them again).

interface Recorded {
  readonly shape: Shape;
  readonly values: readonly number[];
}

interface LayerCase<K extends LayerKind = LayerKind> {
  readonly name: string;
  readonly kind: K;
  readonly options: LayerOptions[K];
  readonly x: Shape;
  readonly y: Recorded;
  readonly dx: Recorded;
  readonly gradients: Readonly<Record<string, Recorded>>;
}

const golden = JSON.parse(readFileSync(new URL("./golden/layers.json", import.meta.url), "utf8")) as {
  readonly inputs: string;
  readonly cases: readonly LayerCase[];
};

/** The inputs' formula, as the script has it. */
function draw(shape: Shape, seed: number): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((7919 * i + 331 * seed) % 1009) / 504 - 1);
}

test("inputs are drawn as the script does", () => {
  expect(golden.inputs).toBe("((7919 i + 331 seed) mod 1009) / 504 - 1 for element i in row-major order");
});

test.each(golden.cases)("$kind: $name", ({ kind, options, x: shape, y, dx, gradients: recorded }) => {
  const layer = new Layer(kind, options);
  const build = createBuild("l");
  const values = new Map<Node, Float64Array>();
  const drawn = <N extends Node>(node: N, seed: number): N => {
    values.set(node, draw(node.shape, seed));
    return node;
  };
  const expectRecorded = (node: Node, expected: Recorded) => {
    expect(node.shape).toEqual(expected.shape);
    const closeness = { absolute: 1e-11, relative: 1e-11 };
    expect(evaluate([node], values)[0]).toBeCloseToTensor(expected.values, closeness);
  };
  const x = drawn(build("input", [], { name: "x", shape, dtype: "float32" }), 1);
  const specs = parametersOf(layer, [shape.slice(1)]);
  expect(specs.map(({ name }) => name)).toEqual(Object.keys(recorded));
  const parameters = Object.fromEntries(
    specs.map((spec, index) => [
      spec.name,
      drawn(build("variable", [], { name: spec.name, shape: spec.shape, dtype: "float32" }), 2 + index),
    ]),
  );
  const context = { training: false, build, key: null, nextStream: () => 0, addUpdate: () => {} };
  const node = callLayer(layer, context, [x], parameters);
  expectRecorded(node, y);
  const dy = drawn(build("input", [], { name: "dy", shape: node.shape, dtype: "float32" }), 9);
  const axes = node.shape.map((_, axis) => axis);
  const loss = build("reduceSum", [build("multiply", [node, dy], {})], { axes, keepDimensions: false });
  const [derived, ...others] = gradients(loss, [x, ...Object.values(parameters)]);
  expectRecorded(derived, dx);
  Object.values(recorded).forEach((expected, index) => {
    expectRecorded(others[index], expected);
  });
});
