import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWasmEngine, type WasmEngine } from "../engine/wasm/index.ts";
import { sharedData } from "../testing/shared-data.ts";
import { finetune } from "./finetune.ts";
import { htmlReport } from "./report/index.ts";

const weights = sharedData("mobilenet_v1_0.25_224/model.json");
const photos = sharedData("cats-dogs");

describe.skipIf(weights === null || photos === null)(
  "250 photos of cats and 250 of dogs (skipped where ../shared/data is not there)",
  () => {
    let cacheFolder: string;
    let engine: WasmEngine;
    beforeAll(async () => {
      cacheFolder = await mkdtemp(join(tmpdir(), "fovea-cats-dogs-"));
      engine = await createWasmEngine({ kernels: "rule" });
    });
    afterAll(async () => {
      await engine?.close();
      await rm(cacheFolder, { recursive: true });
    });
    const options = (seed: number) => ({
      photos: photos ?? "",
      backbone: "mobilenet-v1-0.25",
      weights: weights ?? "",
      seed,
      engine,
      fetch: { cacheFolder },
    });

    test("95 % of a fifth that is held out, by the default seed and on average over ten", async () => {
      const accuracies: number[] = [];
      for (let seed = 1; seed <= 10; seed++) {
        const result = await finetune(options(seed));
        expect(result.test?.examples).toBe(100);
        expect(result.features).toEqual({ cached: seed === 1 ? 0 : 500, computed: seed === 1 ? 500 : 0 });
        // Two photos of one dog, which stay on one side.
        expect(result.duplicates).toHaveLength(1);
        accuracies.push(result.test?.accuracy ?? 0);
      }
      // Measured: 0.95 with seed 1; 0.955 on average over seeds 1 to 20, 0.93 to 0.99 (bench, case finetune).
      expect(accuracies[0]).toBeGreaterThanOrEqual(0.95);
      expect(accuracies.reduce((sum, accuracy) => sum + accuracy / 10, 0)).toBeGreaterThanOrEqual(0.95);
    }, 300_000);

    test("with the last block unfrozen it is about as good", async () => {
      const accuracies: number[] = [];
      for (const seed of [1, 2, 3]) {
        const result = await finetune({
          ...options(seed),
          unfreeze: ["block13"],
          unfrozen: { epochs: 3 },
        });
        expect(result.unfrozen?.epochs).toHaveLength(3);
        accuracies.push(result.test?.accuracy ?? 0);
        if (seed === 1) {
          expect(await htmlReport(result, { engine, photos: 2 })).toContain("mobilenet-v1-0.25");
        }
      }
      // Measured: 0.94, 0.94 and 0.97; 0.95, 0.95 and 0.97 without. 350 photos do not teach a block much.
      expect(accuracies.reduce((sum, accuracy) => sum + accuracy / 3, 0)).toBeGreaterThanOrEqual(0.94);
    }, 300_000);
  },
);
