import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Graph } from "../../../graph/index.ts";
import { createBuild, createUpdate } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import { createWasmEngine, type WasmEngine } from "../index.ts";
import { slicedBytes } from "./product-update.ts";

const build = createBuild("dense");
const [batch, rows, columns] = [5, 2999, 2803];
const input = (name: string, shape: Shape) => build("input", [], { name, shape, dtype: "float32" });
const variable = (name: string) => build("variable", [], { name, shape: [rows, columns], dtype: "float32" });

/** y = x W, and the update of W with the gradient x^T dy; the gradient may be wanted, and then exists as a whole. */
function step(kind: "sgd" | "momentum" | "adam", isWanted: boolean): Graph {
  const [x, dy, hyper] = [input("x", [batch, rows]), input("dy", [batch, columns]), input("hyper", [3])];
  const weights = variable("w");
  const y = build("matmul", [x, weights], { transposeA: false, transposeB: false });
  const gradient = build("matmul", [x, dy], { transposeA: true, transposeB: false });
  const operands = { variable: weights, value: gradient, hyper };
  const weightDecay = 0.1;
  const updates = {
    sgd: () =>
      createUpdate(
        "sgd",
        { weightDecay },
        { ...operands, hyper: build("slice", [hyper], { begin: [0], size: [1] }) },
      ),
    momentum: () =>
      createUpdate(
        "momentum",
        { weightDecay, momentum: 0.9, nesterov: true },
        { ...operands, slots: [variable("v")], hyper: build("slice", [hyper], { begin: [0], size: [1] }) },
      ),
    adam: () =>
      createUpdate(
        "adam",
        { weightDecay, beta1: 0.9, beta2: 0.999, epsilon: 1e-6 },
        { ...operands, slots: [variable("m"), variable("v")] },
      ),
  };
  return { outputs: { y, ...(isWanted ? { gradient } : {}) }, updates: [updates[kind]()] };
}

const random = new RandomStream(17);
const drawn = (shape: Shape) =>
  Tensor.from(
    Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5),
    shape,
  );

describe("the gradient of a large matrix", () => {
  let engine: WasmEngine;
  beforeAll(async () => {
    engine = await createWasmEngine({ threads: 2 });
  });
  afterAll(() => engine.close());

  test.each(["sgd", "momentum", "adam"] as const)(
    "is used up in slices, bit for bit as a whole: %s",
    async (kind) => {
      const weights = drawn([rows, columns]);
      const feeds = { x: drawn([batch, rows]), dy: drawn([batch, columns]), hyper: Tensor.from([0.1, 2, 3]) };
      const results = [];
      for (const isWanted of [true, false]) {
        const session = await engine.openSession();
        const program = await session.compile(step(kind, isWanted), { maximumSteps: 2 });
        await session.write("w", weights);
        const outputs = await program.run([feeds, feeds]);
        const state = await session.readAll([...session.variables().keys()]);
        results.push({ y: outputs.map(({ y }) => y), state });
        if (isWanted) expect(program.plan.workingBytes).toBeGreaterThan(4 * rows * columns);
        else expect(program.plan.workingBytes).toBeLessThan(slicedBytes);
        await session.close();
      }
      expect(results[1]?.y).toEqual(results[0]?.y);
      for (const [name, { data }] of results[0]?.state ?? []) {
        expect(Buffer.compare(bytes(results[1]?.state.get(name)?.data), bytes(data)), name).toBe(0);
      }
      // The step before the last has changed what the last one saw.
      expect(results[0]?.y[1]).not.toEqual(results[0]?.y[0]);
    },
  );
});

const bytes = (data: ArrayBufferView | undefined) =>
  data === undefined ? Buffer.alloc(0) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
