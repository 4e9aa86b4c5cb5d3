import { describe, expect, it } from "vitest";
import { Queue } from "./queue.ts";

/** A promise with its handles. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

describe("Queue", () => {
  it("hands runs over one after the other without waiting for their end", async () => {
    const queue = new Queue();
    const log: string[] = [];
    const runs = [deferred<string>(), deferred<string>()];
    const results = runs.map(({ promise }, index) =>
      queue.post(async () => {
        log.push(`start ${index}`);
        return { done: promise };
      }),
    );
    await settle();
    expect(log).toEqual(["start 0", "start 1"]);
    runs[1].resolve("second");
    runs[0].resolve("first");
    expect(await Promise.all(results)).toEqual(["first", "second"]);
  });

  it("keeps the order when handing over takes a while", async () => {
    const queue = new Queue();
    const log: string[] = [];
    const gate = deferred<void>();
    const slow = queue.post(async () => {
      await gate.promise;
      log.push("slow");
      return { done: Promise.resolve() };
    });
    const quick = queue.post(async () => {
      log.push("quick");
      return { done: Promise.resolve() };
    });
    await settle();
    expect(log).toEqual([]);
    gate.resolve();
    await Promise.all([slow, quick]);
    expect(log).toEqual(["slow", "quick"]);
  });

  it("lets an exclusive task wait for all runs before it, and later runs wait for the task", async () => {
    const queue = new Queue();
    const log: string[] = [];
    const run = deferred<void>();
    const first = queue.post(async () => ({ done: run.promise }));
    const task = queue.exclusive(async () => {
      log.push("task");
    });
    const later = queue.post(async () => {
      log.push("later");
      return { done: Promise.resolve() };
    });
    await settle();
    expect(log).toEqual([]);
    run.resolve();
    await Promise.all([first, task, later]);
    expect(log).toEqual(["task", "later"]);
  });

  it("goes on after a failure, which reaches only who asked", async () => {
    const queue = new Queue();
    const failing = queue.post(async () => ({ done: Promise.reject(new Error("broken")) }));
    const task = queue.exclusive(async () => 7);
    await expect(failing).rejects.toThrow("broken");
    expect(await task).toBe(7);
  });
});
