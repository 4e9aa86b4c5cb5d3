import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Engine, Feeds } from "../../engine/engine.ts";
import { createReferenceEngine } from "../../engine/reference/index.ts";
import type { Graph, Node, UpdateAttributes, UpdateKind } from "../../graph/index.ts";
import { createBuild, createUpdate, updateTable } from "../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../tensor/index.ts";
import { type UpdateDraw, updateDraws } from "../draws/index.ts";
import { updateKinds } from "../kinds.ts";
import { type ContractOptions, type EngineOf, withSession } from "./options.ts";

const stepCount = 3;

function updateGraph<K extends UpdateKind>(kind: K, attributes: UpdateAttributes[K], shape: Shape): Graph {
  const build = createBuild("drawn");
  const { slots, hyperLength } = updateTable[kind];
  const leaf = { shape, dtype: "float32" } as const;
  const operands = {
    variable: build("variable", [], { ...leaf, name: "weight" }),
    value: build("input", [], { ...leaf, name: "value" }),
    slots: slots.map((name) => build("variable", [], { ...leaf, name })),
  };
  const hyper: Node = build("input", [], { name: "hyper", shape: [hyperLength || 1], dtype: "float32" });
  return {
    outputs: {},
    updates: [createUpdate(kind, attributes, hyperLength === 0 ? operands : { ...operands, hyper })],
  };
}

/** Learning rate (what is kept of a sum: first nothing, then all), and what bias correction Adam's hyper needs at step t, counted from 1. */
function hyperAt(kind: UpdateKind, attributes: UpdateAttributes[UpdateKind], t: number): Tensor[] {
  if (kind === "movingAverage") return [];
  if (kind === "accumulate") return [Tensor.from([t === 1 ? 0 : 1])];
  if (kind !== "adam") return [Tensor.from([0.05 / t])];
  const { beta1, beta2 } = attributes as UpdateAttributes["adam"];
  return [Tensor.from([0.05 / t, 1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)])];
}

function normals(shape: Shape, seed: number): Tensor {
  const random = new RandomStream(seed);
  return Tensor.from(
    Float64Array.from({ length: sizeOf(shape) }, () => random.normal()),
    shape,
  );
}

/** Three steps in one run, from drawn weights; returns weights and slots. */
async function trained(
  engine: Engine,
  kind: UpdateKind,
  draw: UpdateDraw<UpdateKind>,
): Promise<Map<string, Tensor>> {
  const { attributes, shape, seed } = draw;
  return withSession(engine, async (session) => {
    const program = await session.compile(updateGraph(kind, attributes, shape), { maximumSteps: stepCount });
    await session.write("weight", normals(shape, seed));
    const feeds = Array.from({ length: stepCount }, (_, step): Feeds => {
      const [hyper] = hyperAt(kind, attributes, step + 1);
      const value = normals(shape, seed + step + 1);
      return hyper === undefined ? { value } : { value, hyper };
    });
    await program.run(feeds);
    return session.readAll(["weight", ...updateTable[kind].slots]);
  });
}

/** Every kind of update, three steps against the reference engine. */
export function updateContract(
  engineOf: EngineOf,
  { tolerance, drawCount, seed = 1 }: ContractOptions,
): void {
  describe.each(updateKinds)("update %s", (kind) => {
    test("changes variable and slots as the reference does", async () => {
      const drawn = updateDraws[kind] as fc.Arbitrary<UpdateDraw<UpdateKind>>;
      const property = fc.asyncProperty(drawn, async (draw) => {
        const expected = await trained(createReferenceEngine(), kind, draw);
        const actual = await trained(engineOf(), kind, draw);
        expect([...actual.keys()]).toEqual([...expected.keys()]);
        for (const [name, value] of expected) {
          const scale = Math.max(1, ...Array.from(value.data, Math.abs));
          expect(actual.get(name), name).toBeCloseToTensor(value, { absolute: tolerance * scale });
        }
      });
      await fc.assert(property, { seed, numRuns: drawCount });
    });
  });
}
