/**
 * Compiles the kernels, once for each variant, and writes them as TypeScript modules that any bundler takes:
 * `plain` and `relaxed` SIMD, each for shared memory (threads) and for memory of one's own.
 *
 *   node scripts/build-kernels.mjs
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { argumentsSource, entrySource, readKernels } from "./kernels/arguments.mjs";
import { tileSource } from "./kernels/generate-tiles.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const kernelFolder = join(root, "src/engine/wasm/kernels");
const output = join(root, "src/engine/wasm/generated");

/**
 * Tiles of each variant, rows by columns, as measured (docs in generate-tiles.mjs): without a fused multiply-add the
 * product needs a register of its own, and with row pointers 6 rows spill.
 */
const variants = {
  plain: { features: [], tiles: { row: [4, 8], column: [4, 8] } },
  relaxed: { features: ["--enable", "relaxed-simd"], tiles: { row: [4, 8], column: [6, 8] } },
};

/** 64 KiB pages: the most that a 32-bit memory can have. */
const MAXIMUM_PAGES = 65536;

/** Compiles one variant in memory. `generated` holds the sources that exist nowhere else, by their file name. */
async function compile(features, shared, generated) {
  let bytes;
  const sharing = shared ? ["--sharedMemory"] : [];
  const { error, stdout, stderr } = await asc.main(
    [
      "generated/index.ts",
      ...["--outFile", "kernels.wasm", "--baseDir", kernelFolder],
      ...["-Ospeed", "--noAssert", "--runtime", "stub"],
      ...[
        "--importTable",
        "--importMemory",
        "--initialMemory",
        "1",
        "--maximumMemory",
        String(MAXIMUM_PAGES),
        ...sharing,
      ],
      ...["--enable", "threads", "--enable", "simd", ...features],
      // Addresses are 32 bits wide here for good: no warning about mixing u32 and usize.
      ...["--disableWarning", "201"],
    ],
    {
      readFile(name, folder) {
        const path = resolve(folder, name);
        return generated.get(path) ?? (existsSync(path) ? readFileSync(path, "utf8") : null);
      },
      writeFile(_name, contents) {
        bytes = Buffer.from(contents);
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stdout.toString()}${stderr.toString()}`);
  return bytes;
}

/** Written under another name first: whoever reads meanwhile sees the old file or the new one. */
function write(name, text) {
  const path = join(output, name);
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

mkdirSync(output, { recursive: true });
const kernels = readKernels(kernelFolder);
write("arguments.ts", argumentsSource(kernels, variants.plain.tiles.row[1]));

const entries = [];
for (const [name, { features, tiles }] of Object.entries(variants)) {
  const generated = new Map([
    [join(kernelFolder, "generated/index.ts"), entrySource(kernels)],
    [join(kernelFolder, "generated/tiles.ts"), tileSource(tiles)],
  ]);
  for (const shared of [true, false]) {
    const bytes = await compile(features, shared, generated);
    const key = shared ? "shared" : "single";
    entries.push({ name, key, base64: bytes.toString("base64"), bytes: bytes.length });
  }
}
const source = Object.keys(variants).map((name) => {
  const own = entries.filter((entry) => entry.name === name);
  return `  ${name}: {\n${own.map(({ key, base64 }) => `    ${key}:\n      "${base64}",`).join("\n")}\n  },`;
});
write(
  "modules.ts",
  `// Written by scripts/build-kernels.mjs: do not edit.

/** Which instructions a build of the kernels uses. */
export type Variant = ${Object.keys(variants)
    .map((name) => `"${name}"`)
    .join(" | ")};

/** The kernels of each variant as base64, for shared memory and for memory of one's own. */
export const modules: { readonly [V in Variant]: { readonly shared: string; readonly single: string } } = {
${source.join("\n")}
};
`,
);
console.error(
  `kernels: ${kernels.length}; ${entries.map(({ name, key, bytes }) => `${name} ${key} ${bytes} bytes`).join(", ")}`,
);
