import { describe, expect, test } from "vitest";
import { MemoryError } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { batchError, readBatchSize, UsualBatch } from "./batch-size.ts";

/** Something that memory holds up to a batch size, and the batch sizes that were tried. */
function limited(largest: number) {
  const tried: number[] = [];
  const attempt = async (batchSize: number) => {
    tried.push(batchSize);
    if (batchSize > largest) throw new MemoryError("full");
    return batchSize;
  };
  return { tried, attempt };
}

describe("the usual batch", () => {
  test("is halved until memory holds it, and stays so", async () => {
    const usual = new UsualBatch();
    const { tried, attempt } = limited(100);
    expect(await usual.perform(null, attempt)).toBe(64);
    expect(await usual.perform(null, attempt)).toBe(64);
    expect(tried).toEqual([256, 128, 64, 64]);
  });

  test("is not used, and not changed, where another is asked for", async () => {
    const usual = new UsualBatch();
    const { tried, attempt } = limited(256);
    expect(await messageOf(() => usual.perform(1000, attempt))).toBe("MemoryError: full.");
    expect(await usual.perform(7, attempt)).toBe(7);
    expect(await usual.perform(null, attempt)).toBe(256);
    expect(tried).toEqual([1000, 7, 256]);
  });

  test("ends at one example, and at other errors", async () => {
    expect(await messageOf(() => new UsualBatch().perform(null, limited(0).attempt))).toBe(
      "MemoryError: full.",
    );
    const broken = async () => {
      throw new RangeError("broken");
    };
    expect(await messageOf(() => new UsualBatch().perform(null, broken))).toBe("RangeError: broken");
  });
});

test.each([1, 2, 99, 999])("the error of a batch of 1000 names the largest that fits: %i", (largest) => {
  const fits = (size: number) => size <= largest;
  const error = batchError("a training step", 1000, "it needs 5 GB", fits, { where: "plan" });
  expect(error.message).toBe(
    `plan: a training step with a batch of 1000 does not fit: it needs 5 GB. The largest batch that fits is ${largest}.`,
  );
});

test("the error names the number of pieces that would do, if it is known", () => {
  const details = { where: "fit", accumulation: 4 };
  const error = batchError("a training step", 64, "it needs 5 GB", (size) => size <= 20, details);
  expect(error.hint).toBe(
    "The largest batch that fits is 20. A batch in pieces does: gradientAccumulation: 4, --gradient-accumulation 4.",
  );
});

test("the error says when not even one example fits", () => {
  const error = batchError("a prediction", 1, "it needs 5 GB", () => false, { where: "plan" });
  expect(error.message).toBe(
    "plan: a prediction with a batch of 1 does not fit: it needs 5 GB. Not even a batch of one fits: use a smaller model or smaller images.",
  );
});

test("a batch size is a whole number", async () => {
  expect(readBatchSize({}, "predict")).toBe(null);
  expect(readBatchSize({ batchSize: 3 }, "predict")).toBe(3);
  for (const batchSize of [0, 1.5, Number.NaN]) {
    expect(await messageOf(() => readBatchSize({ batchSize }, "predict"))).toBe(
      `OptionError: predict: option "batchSize" must be a whole number of at least 1, got ${batchSize}.`,
    );
  }
});
