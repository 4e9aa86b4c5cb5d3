import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWasmEngine, type WasmEngine } from "../engine/index.ts";
import { models } from "../zoo/index.ts";
import { profileStep } from "./profile.ts";

let engine: WasmEngine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2, kernels: "rule" });
});
afterAll(() => engine.close());

describe("the profile of a step", () => {
  it("has all the work of the plan, by layer, and leaves the model as it is", async () => {
    const model = models.create("lenet5");
    model.compile({ optimizer: "adam", engine });
    const before = await model.getWeights();
    const profile = await profileStep(model, { batchSize: 16, rounds: 3, engine });
    const plan = await model.plan({ batchSize: 16 });
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    expect(profile).toMatchObject({ batchSize: 16, engine: engine.name, threads: 2 });
    expect(sum(profile.operations.map(({ flops }) => flops))).toBe(
      sum(plan.operations.map(({ flops }) => flops)),
    );
    expect(profile.operations.flatMap(({ kernels }) => kernels).toSorted()).toEqual(
      plan.operations.map(({ kernel }) => kernel).toSorted(),
    );
    expect(sum(profile.operations.map(({ milliseconds }) => milliseconds))).toBeCloseTo(
      profile.milliseconds,
      9,
    );
    expect(profile.milliseconds).toBeLessThan(1000);
    const forward = profile.operations.find(
      ({ scope, computes }) => scope === "conv2" && computes.includes("conv2d"),
    );
    // 2 * 10 * 10 * 5 * 5 * 6 * 16 multiplications and additions an example, and a bias, and a ReLU.
    expect(forward?.flops).toBe(16 * 10 * 10 * 16 * (2 * 150 + 2));
    expect(forward?.gigaflops).toBeCloseTo((forward?.flops ?? 0) / (1e6 * (forward?.milliseconds ?? 0)), 9);
    for (const [name, value] of await model.getWeights()) expect(value.data).toEqual(before.get(name)?.data);
  });

  it("is that of a prediction for a model that is not compiled", async () => {
    const { operations } = await profileStep(models.create("dense"), { batchSize: 4, rounds: 1, engine });
    const kinds = new Set(operations.flatMap(({ computes }) => computes));
    expect(kinds).toContain("matmul");
    expect(kinds).not.toContain("adam");
  });

  it("refuses what is no batch", async () => {
    await expect(profileStep(models.create("dense"), { batchSize: 0, engine })).rejects.toThrow(
      'profileStep: option "batchSize" must be a whole number of at least 1, got 0.',
    );
  });
});
