/**
 * Makes a classifier of a folder of photos, as a process of its own, and says how that went:
 *
 *   node finetune-side.mjs FOLDER WEIGHTS CACHE THREADS SEED [STAGE]
 */
import { createWasmEngine, finetune, htmlReport } from "fovea";

const [, , photos, weights, cacheFolder, threads, seed, stage] = process.argv;
const engine = await createWasmEngine({ threads: Number(threads), kernels: "rule" });
const result = await finetune({
  photos,
  backbone: "mobilenet-v1-0.25",
  weights,
  seed: Number(seed),
  engine,
  fetch: { cacheFolder },
  ...(stage === undefined ? {} : { unfreeze: [stage], unfrozen: { epochs: 3 } }),
});
const report = await htmlReport(result, { engine });
console.log(
  JSON.stringify({
    accuracy: result.test?.accuracy ?? null,
    photos: result.counts.reduce((sum, { all }) => sum + all, 0),
    computed: result.features.computed,
    reportBytes: report.length,
    // With the start of Node, which came before the first line.
    seconds: performance.now() / 1000,
    // Of all that the process ever held, in bytes: Node counts it in KiB.
    peakMemory: 1024 * process.resourceUsage().maxRSS,
  }),
);
await engine.close();
