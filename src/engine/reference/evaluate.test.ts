import { describe, expect, test } from "vitest";
import type { Node } from "../../graph/index.ts";
import { createBuild, createUpdate } from "../../ops/index.ts";
import { EngineError, OptionError, ShapeError, Tensor } from "../../tensor/index.ts";
import { createReferenceEngine, evaluate } from "./index.ts";

const build = createBuild();
const x = build("input", [], { name: "x", shape: [2], dtype: "float32" });
const w = build("variable", [], { name: "w", shape: [2], dtype: "float32" });
const y = build("multiply", [x, w], {});

describe("evaluate", () => {
  test("takes values by name or by node, and gives nodes in the order asked for", () => {
    const byName = evaluate([y, x], { x: [1, 2], w: [10, 0.1] });
    expect(byName).toEqual([Float64Array.of(10, 0.2), Float64Array.of(1, 2)]);
    const byNode = new Map<Node, Float64Array>([
      [x, Float64Array.of(1, 2)],
      [w, Float64Array.of(10, 0.1)],
    ]);
    expect(evaluate([y, x], byNode)).toEqual(byName);
  });

  test("computes in float64", () => {
    expect(evaluate([build("affine", [x], { factor: 1, offset: 2 ** -40 })], { x: [1, 2] })[0][0]).toBe(
      1 + 2 ** -40,
    );
  });

  test("refuses missing values and wrong lengths", () => {
    expect(() => evaluate([y], { x: [1, 2] })).toThrow(OptionError);
    expect(() => evaluate([y], { x: [1, 2] })).toThrow('evaluate: no value was given for variable "w".');
    expect(() => evaluate([y], new Map([[x, [1, 2]]]))).toThrow(
      'evaluate: no value was given for variable "w".',
    );
    expect(() => evaluate([y], { x: [1, 2], w: [1] })).toThrow(ShapeError);
    expect(() => evaluate([y], { x: [1, 2], w: [1] })).toThrow('evaluate: "w" needs 2 elements, got 1.');
  });
});

describe("the reference engine", () => {
  const third = build("affine", [w], { factor: 0, offset: 1 / 3 });
  const update = createUpdate("movingAverage", { momentum: 0 }, { variable: w, value: third });

  test("keeps float64 from step to step and shows it", async () => {
    const session = await createReferenceEngine().openSession();
    const program = await session.compile({ outputs: { w }, updates: [update] }, { maximumSteps: 2 });
    const [, second] = await program.runExact([{}, {}]);
    expect(second).toEqual({ w: Float64Array.of(1 / 3, 1 / 3) });
    // What a caller does with an output does not reach the state.
    const [{ w: output }] = await program.runExact([{}]);
    output.fill(9);
    expect(await session.readExact("w")).toEqual(Float64Array.of(1 / 3, 1 / 3));
    expect(await session.read("w")).toEqual(Tensor.from([1 / 3, 1 / 3]));
    await expect(session.readExact("v")).rejects.toThrow('readExact: there is no variable "v".');
  });

  test("refuses everything once a session is closed", async () => {
    const session = await createReferenceEngine().openSession();
    const program = await session.compile({ outputs: { w }, updates: [] });
    await session.close();
    const attempts = [
      () => program.run([{}]),
      () => session.read("w"),
      () => session.readAll(["w"]),
      () => session.write("w", Tensor.from([1, 2])),
      () => session.allocate("v", x),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toThrow(EngineError);
      await expect(attempt()).rejects.toThrow("the session is closed. Open another one.");
    }
  });
});
