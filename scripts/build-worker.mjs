/**
 * Writes the workers as text in TypeScript modules: threads are started from text, so that no bundler needs to know of a
 * second entry.
 *
 *   node scripts/build-worker.mjs
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { build } from "vite";

const sources = join(dirname(fileURLToPath(import.meta.url)), "../src");

const team = "engine/wasm/worker/worker.ts";
write("engine/wasm/generated/worker-source.ts", team, transpile(team));
const photos = "data/photos/worker.ts";
for (const host of ["node", "browser"]) {
  write(`data/photos/generated/${host}-worker.ts`, photos, await bundle(photos, host));
}

/** A file that imports nothing but types. */
function transpile(entry) {
  const { outputText } = ts.transpileModule(readFileSync(join(sources, entry), "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
  });
  // A classic script has no exports; the transpiler marks a file of type imports as a module.
  return outputText.replace(/^export \{\};$/m, "");
}

/** A file and what of the library it imports, for one host, as a classic script. */
async function bundle(entry, host) {
  const isNode = host === "node";
  const [{ output }] = await build({
    configFile: false,
    logLevel: "error",
    root: join(sources, ".."),
    resolve: { alias: { "#host": join(sources, `host/${host}.ts`) } },
    build: {
      ssr: isNode,
      write: false,
      minify: true,
      target: "es2022",
      lib: { entry: join(sources, entry), formats: [isNode ? "cjs" : "iife"], name: "fovea" },
    },
  });
  const [{ code }] = output;
  return code;
}

function write(target, entry, script) {
  const path = join(sources, target);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    `${path}.${process.pid}`,
    `// Written by scripts/build-worker.mjs from ${entry}: do not edit.\nexport const workerSource = ${JSON.stringify(script)};\n`,
  );
  renameSync(`${path}.${process.pid}`, path);
}
