import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tuneV8 } from "#host";
import { variants } from "../../testing/run-lowering.ts";
import { modules } from "./generated/modules.ts";
import { bytesOfModule } from "./kernel-module.ts";
import { measureMachine, peakCalls, readCalls } from "./machine.ts";
import { TrialWorker } from "./trial-worker.ts";
import { tryBuilds } from "./variants.ts";

let worker: TrialWorker;

beforeAll(() => {
  tuneV8();
  worker = new TrialWorker();
});
afterAll(() => worker.close());

const moduleOf = (variant: keyof typeof modules) =>
  WebAssembly.compile(bytesOfModule(modules[variant], false));
const floats = ([bytes]: readonly Uint8Array[]) => new Float32Array(bytes.buffer);

describe("kernels of the machine itself", () => {
  it.each(variants)("multiply and add as often as they are told: %s", async (variant) => {
    // c <- c + 0.5 * 0.001 from 0, and without relaxed SIMD c <- 0.5 c + 0.001.
    const module = await moduleOf(variant);
    const expected = variant === "plain" ? 0.001 * (2 - 2 ** -9) : 10 * 0.0005;
    for (const [kernel, places] of [
      ["multiplyAddPeak", (index: number) => index % 8 < 4],
      ["multiplyAddPeakWide", () => true],
    ] as const) {
      const { reads } = await worker.perform(peakCalls(module, kernel, { iterations: 10, milliseconds: 0 }));
      const sums = floats(reads);
      expect(sums).toHaveLength(96);
      sums.forEach((sum, index) => {
        expect(sum, `${kernel}, float ${index}`).toBeCloseTo(places(index) ? expected : 0, 7);
      });
    }
  });

  it("read each float of a stretch once", async () => {
    const { reads } = await worker.perform(readCalls(await moduleOf("plain"), 128 * 1001, 0));
    expect([...floats(reads).slice(0, 4)]).toEqual([8008, 8008, 8008, 8008]);
  });
});

describe("the speeds of a machine", () => {
  it("are above those of any matrix product, noise apart", async () => {
    const { variant, measured } = await tryBuilds(
      "fast",
      { milliseconds: 10, passes: 2 },
      { shared: false, worker },
    );
    const { oneThread, allThreads } = await measureMachine(await moduleOf(variant), 2);
    const peak = Math.max(oneThread.gigaflops128, oneThread.gigaflops256);
    for (const { gigaflops } of measured) expect(gigaflops).toBeLessThan(1.25 * peak);
    expect([oneThread.threads, allThreads.threads]).toEqual([1, 2]);
    for (const speed of [oneThread, allThreads]) {
      expect(speed.gigabytes).toBeGreaterThan(0.1);
      expect(speed.gigabytes).toBeLessThan(2000);
    }
    // Four vectors of 8 floats in each of 6 cycles a nanosecond are 384: no core does more. Two threads have two cores at most.
    expect(peak).toBeLessThan(400);
    expect(Math.max(allThreads.gigaflops128, allThreads.gigaflops256)).toBeLessThan(2.5 * peak);
  });
});
