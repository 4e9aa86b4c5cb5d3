import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSources, resolveRelative } from "../support/sources.ts";
import { documentOf, type Ended, run } from "./command.ts";

/**
 * Seconds. A prediction takes less than 0.4 s on an idle machine, and a run with one step of training 1 s, most of it for
 * MNIST and its test part; the limits leave room for others that use the processors, and the fastest of several runs counts.
 */
const limits = { predict: 1.2, firstStep: 3 };
const runs = 5;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-startup-"));
  const header = new TextEncoder().encode("P5 28 28 255\n");
  const pixels = new Uint8Array(28 * 28).map((_, index) => index % 251);
  await writeFile(join(folder, "digit.pgm"), Buffer.concat([header, pixels]));
});
afterAll(() => rm(folder, { recursive: true }));

/** Seconds of the fastest of several runs, each checked to have done its work. */
async function fastest(words: readonly string[], check: (ended: Ended) => void): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let index = 0; index < runs; index++) {
    const begin = performance.now();
    check(await run(folder, ...words));
    best = Math.min(best, (performance.now() - begin) / 1000);
  }
  return best;
}

describe("start-up", () => {
  it("to a first step of training on MNIST, and to a prediction with lenet5, takes little", async () => {
    const training = ["train", "--model", "lenet5", "--limit", "128", "--epochs", "1", "--out", "lenet"];
    const firstStep = await fastest([...training, "--overwrite", "--json"], (ended) => {
      expect(documentOf(ended).history).toHaveLength(1);
    });
    expect(firstStep).toBeLessThan(limits.firstStep);
    const predict = await fastest(["predict", "lenet", "digit.pgm"], ({ code, out }) => {
      expect(code).toBe(0);
      expect(out).toMatch(/^digit\.pgm: \d \d+\.\d\d %/);
    });
    expect(predict).toBeLessThan(limits.predict);
  }, 60_000);

  it("of a prediction loads no package but those that every command needs", () => {
    const byPath = new Map(readSources("src").map((source) => [source.path, source]));
    const reached = new Set(["src/cli/main.ts", "src/cli/actions/predict.ts", "src/cli/session.ts"]);
    reached.add("src/engine/wasm/index.ts");
    const packages = new Set<string>();
    for (const path of reached) {
      for (const { specifier, dynamic, typeOnly } of byPath.get(path)?.imports ?? []) {
        if (dynamic || typeOnly) continue;
        const target = specifier === "#host" ? "src/host/node.ts" : resolveRelative(path, specifier);
        if (target !== undefined) reached.add(target);
        else if (!specifier.startsWith("node:")) packages.add(specifier);
      }
    }
    expect(reached.size).toBeGreaterThan(100);
    expect([...packages].sort()).toEqual(["commander", "picocolors"]);
  });
});
