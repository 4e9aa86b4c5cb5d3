/**
 * Prints the errors of the engine's algorithms against float64 as the table of docs/performance.md.
 *
 *   node scripts/measure-numerics.mjs --shapes 200 --seed 1
 */
import { parseArgs } from "node:util";
import { createWasmEngine } from "../dist/engine/wasm/index.js";
import { measureErrors } from "../dist/inspect/numerics.js";

const { values: flags } = parseArgs({
  options: { shapes: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
});
const options = { shapes: Number(flags.shapes), seed: Number(flags.seed) };

console.log("| precision | algorithm | of | operations | greatest error | typical error |");
console.log("| --- | --- | --- | ---: | ---: | ---: |");
for (const precision of /** @type {const} */ (["fast", "exact"])) {
  const engine = await createWasmEngine({ precision });
  const rows = await measureErrors(engine, options);
  await engine.close();
  rows.sort((a, b) => (a.gradient + a.algorithm < b.gradient + b.algorithm ? 1 : -1));
  for (const { algorithm, gradient, operations, greatestError, typicalError } of rows) {
    const errors = [greatestError, typicalError].map((error) => error.toExponential(1));
    console.log(`| ${[precision, algorithm, gradient, operations, ...errors].join(" | ")} |`);
  }
}
