/**
 * Writes the team's worker as text in a TypeScript module: the engine starts workers from text, so that no bundler needs
 * to know of a second entry.
 *
 *   node scripts/build-worker.mjs
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../src/engine/wasm");
const source = readFileSync(join(folder, "worker/worker.ts"), "utf8");
const { outputText } = ts.transpileModule(source, {
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
});
// A classic script has no exports; the transpiler marks a file of type imports as a module.
const script = outputText.replace(/^export \{\};$/m, "");
mkdirSync(join(folder, "generated"), { recursive: true });
const path = join(folder, "generated/worker-source.ts");
writeFileSync(
  `${path}.${process.pid}`,
  `// Written by scripts/build-worker.mjs from worker/worker.ts: do not edit.\nexport const workerSource = ${JSON.stringify(script)};\n`,
);
renameSync(`${path}.${process.pid}`, path);
