import { evaluate } from "../engine/reference/index.ts";
import type { Node, Update } from "../graph/index.ts";
import { callLayer, type Layer, parametersOf } from "../layers/index.ts";
import { createBuild } from "../ops/index.ts";
import { type Shape, sizeOf } from "../tensor/index.ts";

/** Calls a layer on a batch of 2; every value of inputs and parameters is made by `valueAt`. */
export function runLayer(
  layer: Layer,
  inputs: readonly Shape[],
  training = false,
  valueAt = (index: number) => index / 10 - 1,
) {
  const build = createBuild("l");
  const values = new Map<Node, Float64Array>();
  const fill = <N extends Node>(node: N, valueFor = valueAt): N => {
    values.set(
      node,
      Float64Array.from({ length: sizeOf(node.shape) }, (_, index) => valueFor(index)),
    );
    return node;
  };
  const nodes = inputs.map((shape, index) =>
    fill(build("input", [], { name: `x${index}`, shape: [2, ...shape], dtype: "float32" })),
  );
  const parameters = Object.fromEntries(
    parametersOf(layer, inputs).map(({ name, shape, initializer }) => {
      const variable = build("variable", [], { name, shape, dtype: "float32" });
      const start = { zeros: 0, ones: 1 }[String(initializer)];
      return [name, start === undefined ? fill(variable) : fill(variable, () => start)];
    }),
  );
  const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
  values.set(key, Float64Array.of(1, 2));
  const updates: Update[] = [];
  let streams = 0;
  const context = {
    training,
    build,
    key: training ? key : null,
    nextStream: () => ++streams,
    addUpdate: (update: Update) => updates.push(update),
  };
  const node = callLayer(layer, context, nodes, parameters);
  return { node, values, parameters, updates, output: () => [...evaluate([node], values)[0]] };
}
