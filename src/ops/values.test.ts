import { describe, expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import type { Node, OpKind } from "../graph/index.ts";
import { opExamples } from "../testing/examples/index.ts";
import { opKinds } from "../testing/kinds.ts";
import type { OpExample } from "../testing/op-values.ts";
import { createBuild } from "./build.ts";

function run<K extends OpKind>(kind: K, { inputs, attributes, output }: OpExample<K>) {
  const build = createBuild("example");
  const leaves = inputs.map(({ shape, dtype }, index) =>
    build("input", [], { name: `${index}`, shape, dtype }),
  );
  const node: Node = build(kind, leaves, attributes);
  const feeds = new Map<Node, readonly number[]>(leaves.map((leaf, index) => [leaf, inputs[index].values]));
  if (node.kind === "input" || node.kind === "variable") feeds.set(node, output.values);
  return { node, values: evaluate([node], feeds)[0] };
}

describe.each(opKinds)("%s", (kind) => {
  test.each([...opExamples[kind]])("$name", (example) => {
    const { node, values } = run(kind, example as OpExample<OpKind>);
    expect(node.shape).toEqual(example.output.shape);
    expect(node.dtype).toBe(example.output.dtype);
    expect(values).toBeCloseToTensor(example.output.values, { absolute: 1e-12 });
  });
});
