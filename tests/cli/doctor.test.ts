import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { commandPath, documentOf, run, startProcess } from "./command.ts";

const folder = tmpdir();
const [major, minor] = process.versions.node.split(".").map(Number);

describe("fovea doctor", () => {
  it("prints what the machine offers and what the engine makes of it", async () => {
    const { code, out, err } = await run(folder, "doctor");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Node ${process.versions.node} (V8 ${process.versions.v8})`);
    expect(out).toMatch(/ SIMD +yes /);
    expect(out).toMatch(/ multiply-adds, 128 bits +[\d.]+ GFLOP\/s/);
    expect(out).toMatch(/ reading memory +[\d.]+ GB\/s/);
    expect(out).toMatch(/ \w+ +chosen +[\d.]+ GFLOP\/s +\d+ % /);
    expect(out).toMatch(/Matrix products run at \d+ % of what one thread can do at most here/);
  });

  it("leaves V8 alone with FOVEA_V8_FLAGS=off, and says so", async () => {
    const line = `FOVEA_V8_FLAGS=off "${process.execPath}" "${commandPath}" doctor --threads 1 --json`;
    const document = documentOf(await startProcess(folder, "bash", ["-c", line]).ended);
    expect(document).toMatchObject({
      flags: [],
      threads: 1,
      machine: { runtime: `Node ${process.versions.node}` },
    });
    expect(document.advice[0]).toBe(
      "FOVEA_V8_FLAGS is off: without it, V8 is told to use all that it has for WebAssembly.",
    );
    const relaxed = document.features.find(({ name }: { name: string }) => name === "relaxed SIMD");
    expect(relaxed.available).toBe(major >= 22);
    if (major >= 22) return;
    expect(document.builds[0]).toMatchObject({ variant: "plain", state: "chosen" });
    for (const build of document.builds.slice(1)) {
      expect(build).toMatchObject({ state: "rejected", gigaflops: null, reason: "not supported" });
    }
  });

  it("prints one JSON document", async () => {
    const document = documentOf(await run(folder, "doctor", "--threads", "1", "--json"));
    expect(Object.keys(document)).toEqual([
      ...["machine", "flags", "threads", "features", "oneThread", "allThreads", "builds", "advice"],
    ]);
    expect(document.builds[0].state).toBe("chosen");
    expect(document.builds[0].variant).toMatch(/^relaxed/);
    const wantsNewer = document.advice.some((sentence: string) => sentence.startsWith("Node 23.5 or later"));
    const joins = major > 23 || (major === 23 && minor >= 5);
    expect(wantsNewer).toBe(!joins && process.arch === "x64");
  });
});
