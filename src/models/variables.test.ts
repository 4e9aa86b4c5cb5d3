import { expect, test } from "vitest";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { RandomStream, Tensor } from "../tensor/index.ts";
import { drawWeights } from "../testing/draw-weights.ts";
import type { ModelParameter } from "./architecture.ts";
import { freshWeights, ModelVariables } from "./variables.ts";

const parameter = (name: string, shape: readonly number[]): ModelParameter => {
  return {
    name,
    shape,
    initializer: "glorotUniform",
    trainable: true,
    decays: true,
    layer: 0,
    auxiliary: false,
  };
};

const drawn = (name: string, shape: readonly number[], seed: number) =>
  drawWeights("glorotUniform", shape, new RandomStream(seed).split("initialize").split(name));

test("fresh weights are the same on the host, in a session, and at every reading", async () => {
  const parameters = [parameter("a", [3, 4]), parameter("b", [2, 5])];
  const variables = new ModelVariables(parameters, freshWeights(parameters, 7), async () =>
    createReferenceEngine(),
  );
  const expected = new Map([
    ["a", drawn("a", [3, 4], 7)],
    ["b", drawn("b", [2, 5], 7)],
  ]);
  const first = await variables.readWeights();
  expect(first).toEqual(expected);
  first.get("a")?.data.fill(0);
  expect(await variables.readWeights()).toEqual(expected);
  await variables.session();
  expect(await variables.readWeights()).toEqual(expected);
});

test("what is written before the session opens takes the place of what would be drawn", async () => {
  const parameters = [parameter("a", [2, 2]), parameter("b", [2, 2])];
  const variables = new ModelVariables(parameters, freshWeights(parameters, 1), async () =>
    createReferenceEngine(),
  );
  const written = new Tensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4));
  await variables.writeWeights(new Map([["a", written]]));
  written.data.fill(9);
  await variables.session();
  const read = await variables.readWeights();
  expect(read.get("a")?.data).toEqual(Float32Array.of(1, 2, 3, 4));
  expect(read.get("b")).toEqual(drawn("b", [2, 2], 1));
});

test("drawing many weights gives timers their turn", async () => {
  const parameters = [parameter("large", [2048, 4096])];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const [weight] = freshWeights(parameters, 1).values();
  if (!("draw" in weight)) throw new Error("drawn before it was needed");
  await weight.draw();
  clearInterval(timer);
  // Eight million draws take 100 milliseconds and more, which are cut into turns of 8.
  expect(turns).toBeGreaterThan(4);
});
