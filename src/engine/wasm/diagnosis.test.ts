import { describe, expect, it } from "vitest";
import { adviceOn, diagnose, type HostMachine } from "./diagnosis.ts";
import { findFeatures } from "./features.ts";

const machine: HostMachine = {
  runtime: "Node 24.0.0",
  compiler: "V8 13.6",
  platform: "linux x64",
  processor: "a processor",
  processors: 4,
  memoryBytes: 2 ** 33,
  load: 0.1,
  remedies: [],
};

describe("advice", () => {
  it("is none where nothing would help", () => {
    expect(adviceOn(machine, 4, { rejected: [{ variant: "relaxed6x16", reason: "not supported" }] })).toEqual(
      [],
    );
  });

  it("names what applies: the host's remedies, idle processors, other programs, a build that fails its check", () => {
    const busy = { ...machine, load: 1.26, remedies: ["A newer host."] };
    const reason = "a matrix product was off by 1";
    expect(adviceOn(busy, 1, { rejected: [{ variant: "relaxed6x8", reason }] })).toEqual([
      "A newer host.",
      "4 threads: 1 of 4 processors are used.",
      "An idle machine: in the last minute 1.3 threads of other programs wanted one of its 4 processors, so all speeds " +
        "here are lower than they could be.",
      "A report of this defect: the build relaxed6x8 of the kernels is not used, because a matrix product was off by 1.",
    ]);
  });
});

describe("features", () => {
  it("are found in this Node, and 256-bit vectors by their speed", () => {
    const named = (ratio: number) =>
      Object.fromEntries(
        findFeatures({ gigaflops128: 50, gigaflops256: 50 * ratio }).map(({ name, available }) => [
          name,
          available,
        ]),
      );
    expect(named(2)).toMatchObject({ SIMD: true, "shared memory": true, "256-bit vectors": true });
    expect(named(0.8)).toMatchObject({ "256-bit vectors": false });
    expect(findFeatures({ gigaflops128: 50, gigaflops256: 40 }).at(-1)?.foundBy).toBe(
      "pairs of 128-bit multiply-adds run 0.80 times as fast as single ones",
    );
  });
});

describe("a diagnosis", () => {
  it("has the chosen build first, with its share of the measured peak", async () => {
    const { builds, oneThread, allThreads, threads } = await diagnose({ threads: 1 });
    expect(threads).toBe(1);
    expect(allThreads).toEqual(oneThread);
    const [chosen, ...others] = builds;
    expect(chosen.state).toBe("chosen");
    for (const { state } of others) expect(["usable", "rejected"]).toContain(state);
    const peak = Math.max(oneThread.gigaflops128, oneThread.gigaflops256);
    expect(chosen.shareOfPeak).toBeCloseTo((chosen.gigaflops ?? 0) / peak, 10);
    expect(chosen.shareOfPeak).toBeGreaterThan(0.2);
    expect(chosen.shareOfPeak).toBeLessThan(1.25);
  });

  it("refuses threads that cannot be", async () => {
    await expect(diagnose({ threads: 0 })).rejects.toThrow(
      "threads must be a whole number from 1 to 64, got 0",
    );
  });
});
