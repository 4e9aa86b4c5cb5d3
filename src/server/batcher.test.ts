import { describe, expect, test } from "vitest";
import { Batcher } from "./batcher.ts";

const never = new AbortController().signal;

/** A batcher whose "model" doubles, and the sizes of its calls; each call waits for `release`. */
function doubling(options: { readonly batchSize: number; readonly wait: number }) {
  const sizes: number[] = [];
  let release = () => {};
  let gate = Promise.resolve();
  const batcher = new Batcher(
    async (pixels, count) => {
      sizes.push(count);
      await gate;
      return Float32Array.from(pixels, (value) => 2 * value);
    },
    { rowSize: 2, ...options },
  );
  const hold = () => {
    gate = new Promise((resolve) => {
      release = resolve;
    });
  };
  return { batcher, sizes, hold, release: () => release() };
}

const image = (value: number) => Uint8Array.of(value, value + 1);
const outputOf = (value: number) => Float32Array.of(2 * value, 2 * value + 2);

describe("Batcher", () => {
  test("what comes at the same time goes together, and each gets its own", async () => {
    const { batcher, sizes } = doubling({ batchSize: 8, wait: 5 });
    const outputs = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7].map((value) => batcher.submit(image(value), never)),
    );
    expect(outputs).toEqual([1, 2, 3, 4, 5, 6, 7].map(outputOf));
    // As many as there are of 1, 2, 4, ...: no call computes images that are not there.
    expect(sizes).toEqual([4, 2, 1]);
  });

  test("a full batch does not wait, and what comes while one runs waits for it alone", async () => {
    const { batcher, sizes, hold, release } = doubling({ batchSize: 2, wait: 1_000_000 });
    hold();
    const first = [batcher.submit(image(1), never), batcher.submit(image(2), never)];
    const second = [3, 4, 5].map((value) => batcher.submit(image(value), never));
    expect(sizes).toEqual([2]);
    expect(batcher.waiting).toBe(3);
    release();
    expect(await Promise.all([...first, ...second])).toEqual([1, 2, 3, 4, 5].map(outputOf));
    expect(sizes).toEqual([2, 2, 1]);
    expect(batcher.waiting).toBe(0);
  });

  test("who leaves is not computed", async () => {
    const { batcher, sizes } = doubling({ batchSize: 4, wait: 5 });
    const controller = new AbortController();
    const leaving = batcher.submit(image(1), controller.signal);
    const staying = batcher.submit(image(2), never);
    controller.abort(new Error("gone"));
    await expect(leaving).rejects.toThrow("gone");
    expect(await staying).toEqual(outputOf(2));
    expect(sizes).toEqual([1]);
    await expect(batcher.submit(image(1), controller.signal)).rejects.toThrow("gone");
  });

  test("a call that fails fails for its images alone", async () => {
    let fails = true;
    const batcher = new Batcher(
      async (pixels) => {
        if (fails) throw new Error("broken");
        return Float32Array.from(pixels);
      },
      { rowSize: 1, batchSize: 2, wait: 0 },
    );
    const both = await Promise.allSettled([1, 2].map((value) => batcher.submit(Uint8Array.of(value), never)));
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fails = false;
    expect(await batcher.submit(Uint8Array.of(7), never)).toEqual(Float32Array.of(7));
  });

  test("closing rejects what waits, and what comes later", async () => {
    const { batcher } = doubling({ batchSize: 4, wait: 1_000_000 });
    const waiting = batcher.submit(image(1), never);
    batcher.close();
    await expect(waiting).rejects.toThrow("the service is closed");
    await expect(batcher.submit(image(1), never)).rejects.toThrow("the service is closed");
  });
});
