import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Session } from "../../engine/engine.ts";
import { toTensor } from "../../engine/reference/to-tensor.ts";
import { isKind, type Node, type OpKind } from "../../graph/index.ts";
import { createBuild } from "../../ops/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { expectationOf } from "../bounds.ts";
import { buildCase, modelOps, type OpCase, type OpDraw, opDraws } from "../draws/index.ts";
import { opExamples } from "../examples/index.ts";
import { opKinds } from "../kinds.ts";
import type { OpExample } from "../op-values.ts";
import { type ContractOptions, type EngineOf, withSession } from "./options.ts";

/** Writes the variables of a case, feeds its inputs, and returns its node's value. */
async function runCase(session: Session, { node, values }: OpCase): Promise<Tensor> {
  const program = await session.compile({ outputs: { result: node }, updates: [] });
  const feeds: Record<string, Tensor> = {};
  for (const [leaf, numbers] of values) {
    if (isKind(leaf, "input")) feeds[leaf.attributes.name] = toTensor(leaf, numbers);
    if (isKind(leaf, "variable")) await session.write(leaf.attributes.name, toTensor(leaf, numbers));
  }
  const [{ result }] = await program.run([feeds]);
  return result;
}

async function expectReference(engineOf: EngineOf, opCase: OpCase, tolerance: number): Promise<void> {
  const result = await withSession(engineOf(), (session) => runCase(session, opCase));
  const { values, absolute } = expectationOf(opCase, tolerance);
  expect({ shape: result.shape, dtype: result.dtype }).toEqual({
    shape: opCase.node.shape,
    dtype: opCase.node.dtype,
  });
  expect(result.data).toBeCloseToTensor(values, { absolute });
}

function caseOf<K extends OpKind>(kind: K, { inputs, attributes, output }: OpExample<K>): OpCase {
  const build = createBuild("example");
  const leaves = inputs.map(({ shape, dtype }, index) =>
    build("input", [], { name: `operand${index}`, shape, dtype }),
  );
  const node: Node = build(kind, leaves, attributes);
  const values = new Map<Node, Float64Array>(
    leaves.map((leaf, index) => [leaf, Float64Array.from(inputs[index].values)]),
  );
  if (isKind(node, "input") || isKind(node, "variable")) values.set(node, Float64Array.from(output.values));
  return { node, leaves, values };
}

/** Every kind of op: its examples, and drawn shapes and attributes with fed operands and with resident ones. */
export function opContract(
  engineOf: EngineOf,
  { tolerance, drawCount, seed = 1, skip = {} }: ContractOptions,
): void {
  const draws = opDraws("large");
  describe.each(opKinds)("op %s", (kind) => {
    const reason = skip[kind];
    test.skipIf(reason !== undefined)(reason ?? "computes its examples", async () => {
      for (const example of opExamples[kind]) {
        await expectReference(engineOf, caseOf(kind, example as OpExample<OpKind>), tolerance);
      }
    });

    test.skipIf(reason !== undefined)(
      reason ?? "computes what the reference does on drawn shapes",
      async () => {
        const drawn = draws[kind] as fc.Arbitrary<OpDraw<OpKind>>;
        const property = fc.asyncProperty(drawn, fc.boolean(), async (draw, resident) => {
          await expectReference(engineOf, buildCase(kind, draw, { resident }), tolerance);
        });
        await fc.assert(property, { seed, numRuns: drawCount });
      },
    );
  });

  describe("sizes of real nets", () => {
    test.each(modelOps)("$name", async ({ kind, draw }) => {
      await expectReference(engineOf, buildCase(kind, draw, { resident: true }), tolerance);
    });
  });
}
