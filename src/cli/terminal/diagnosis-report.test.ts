import { describe, expect, it } from "vitest";
import type { Diagnosis } from "../../engine/wasm/diagnosis.ts";
import { createTestTerminal } from "../../testing/test-terminal.ts";
import { renderDiagnosis } from "./diagnosis-report.ts";

const diagnosis: Diagnosis = {
  machine: {
    runtime: "Node 20.20.2",
    compiler: "V8 11.3",
    platform: "linux x64",
    processor: "A Processor",
    processors: 2,
    memoryBytes: 8 * 2 ** 30,
    load: 0,
    remedies: [],
  },
  flags: ["--one", "--two"],
  threads: 2,
  features: [{ name: "SIMD", available: true, foundBy: "a look" }],
  oneThread: { threads: 1, gigaflops128: 50, gigaflops256: 40, gigabytes: 12.34 },
  allThreads: { threads: 2, gigaflops128: 99, gigaflops256: 78, gigabytes: 20 },
  builds: [
    { variant: "relaxed6x8", state: "chosen", gigaflops: 48, shareOfPeak: 0.96, reason: null },
    { variant: "plain", state: "usable", gigaflops: 30, shareOfPeak: 0.6, reason: null },
    { variant: "relaxed4x8", state: "rejected", gigaflops: null, shareOfPeak: null, reason: "not supported" },
  ],
  advice: [],
};

const { outColors } = createTestTerminal();
/** Lines without rules, runs of blanks as one. */
const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.replaceAll(/[\s─]+/g, " ").trim())
    .filter((line) => line !== "");

describe("the report of a diagnosis", () => {
  it("shows machine, features, speeds and builds", () => {
    expect(linesOf(renderDiagnosis(diagnosis, outColors))).toEqual([
      "machine A Processor, 2 processors, 8.00 GiB of memory",
      "runs on Node 20.20.2 (V8 11.3), linux x64",
      "V8 flags --one --two",
      "threads 2",
      "WebAssembly here found by",
      "SIMD yes a look",
      "the machine at most 1 thread 2 threads",
      "multiply-adds, 128 bits 50.0 GFLOP/s 99.0 GFLOP/s",
      "multiply-adds, pairs of 128 bits 40.0 GFLOP/s 78.0 GFLOP/s",
      "reading memory 12.3 GB/s 20.0 GB/s",
      "kernels matrix product of the peak why not",
      "relaxed6x8 chosen 48.0 GFLOP/s 96 %",
      "plain works 30.0 GFLOP/s 60 %",
      "relaxed4x8 not used not supported",
      "Matrix products run at 96 % of what one thread can do at most here (50.0 GFLOP/s): all is well.",
    ]);
  });

  it("gives advice where there is some, and praise only near the peak", () => {
    const [chosen, ...others] = diagnosis.builds;
    const builds = [{ ...chosen, gigaflops: 25, shareOfPeak: 0.5 }, ...others];
    const text = renderDiagnosis({ ...diagnosis, builds, advice: ["Another machine."] }, outColors);
    expect(linesOf(text).slice(-3)).toEqual([
      "Matrix products run at 50 % of what one thread can do at most here (50.0 GFLOP/s).",
      "What would make it faster",
      "- Another machine.",
    ]);
  });

  it("has one column of speeds for one thread, and says so when no flag was set", () => {
    const lines = linesOf(
      renderDiagnosis({ ...diagnosis, flags: [], threads: 1, allThreads: diagnosis.oneThread }, outColors),
    );
    expect(lines).toContain("V8 flags none set");
    expect(lines).toContain("the machine at most 1 thread");
  });
});
