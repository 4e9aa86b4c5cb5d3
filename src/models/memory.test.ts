import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWasmEngine, type Engine } from "../engine/index.ts";
import { MemoryError, Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { models } from "../zoo/index.ts";

describe("a step that memory does not hold", () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await createWasmEngine({ threads: 1 });
  });
  afterEach(() => engine.close());

  it("is an error that names the largest batch that fits, and the model goes on", {
    timeout: 60_000,
  }, async () => {
    const count = 40_000;
    const dataset = {
      name: "blank",
      images: Tensor.zeros("uint8", [count, 28, 28, 1]),
      labels: Tensor.zeros("int32", [count]),
      classNames: ["a", "b"],
    };
    const model = models.create("convnet", { classes: 2 });
    model.compile({ engine });
    const error = await model.fit(dataset, { batchSize: count }).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof MemoryError)) throw new Error(`expected a MemoryError, got ${String(error)}`);
    expect(error.message).toMatch(
      /^fit: a training step with a batch of 40000 does not fit: .* needs .* in use\. The largest batch that fits is \d+\. A batch in pieces does: gradientAccumulation: (\d+), --gradient-accumulation \1\.$/,
    );
    const [, largest, pieces] = (
      /is (\d+)\. A batch in pieces does: gradientAccumulation: (\d+)/.exec(error.message) ?? []
    ).map(Number);
    // Each example holds at least the 26 x 26 x 32 floats of the first convolution, and the memory is 4 GiB.
    expect(largest).toBeGreaterThan(5_000);
    expect(largest).toBeLessThan((4 * 2 ** 30) / (4 * 26 * 26 * 32));
    const inPieces = { batchSize: count, gradientAccumulation: pieces, signal: AbortSignal.abort() };
    expect(await model.fit(dataset, inPieces)).toMatchObject({ reason: "interrupted", step: 0 });
    expect(await messageOf(() => model.fit(dataset, { ...inPieces, gradientAccumulation: 2 }))).toMatch(
      /^MemoryError: fit: a piece of a training step with a batch of 20000 does not fit: .* gradientAccumulation: \d+,/,
    );
    expect((await model.evaluate(dataset)).examples).toBe(count);
  });

  it("is forecast without being tried", async () => {
    const model = models.create("vgg16");
    const resident = process.memoryUsage().rss;
    expect(await model.fits({ batchSize: 8 })).toBe(true);
    expect(await model.fits()).toBe(false);
    expect(await messageOf(() => model.plan({ batchSize: 10_000 }))).toMatch(
      /^MemoryError: plan: a prediction with a batch of 10000 does not fit: it needs \d+\.\d GB\. The largest batch that fits is \d+\.$/,
    );
    model.compile({ engine });
    expect(await messageOf(() => model.plan({ batchSize: 128 }))).toMatch(
      /^MemoryError: plan: a training step with a batch of 128 does not fit: it needs \d+\.\d GB\. The largest batch that fits is \d+\.$/,
    );
    // Its weights alone have 553 MB.
    expect(process.memoryUsage().rss - resident).toBeLessThan(200e6);
  });
});
