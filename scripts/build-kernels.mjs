/**
 * Compiles the kernels, once for each variant, and writes them as a TypeScript module that any bundler takes.
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
 * The variants: which instructions they use, and their tiles, rows by columns (generate-tiles.mjs has the reasons).
 * Without a fused multiply-add the product needs a register of its own, so the plain tiles have 4 rows. Which of the
 * others is fastest depends on the compiler that they meet; start-up measures.
 */
const relaxed = ["--enable", "relaxed-simd"];
const variants = {
  plain: { features: [], tiles: { row: [4, 8], column: [4, 8] } },
  relaxed4x8: { features: relaxed, tiles: { row: [4, 8], column: [4, 8] } },
  relaxed6x8: { features: relaxed, tiles: { row: [6, 8], column: [6, 8] } },
  relaxed6x16: { features: relaxed, tiles: { row: [6, 16], column: [6, 16] } },
};

/** 64 KiB pages: the most that a 32-bit memory can have. */
const MAXIMUM_PAGES = 65536;

/**
 * Compiles one variant in memory, for a memory that threads share. `generated` holds the sources that exist nowhere
 * else, by their file name.
 */
async function compile(features, generated) {
  let bytes;
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
        "--sharedMemory",
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
write("arguments.ts", argumentsSource(kernels));

/** Where a module says of the memory that it imports that it has a maximum and is shared (limits flag 3). */
function memoryFlagsOffset(bytes) {
  const head = Buffer.from("\x03env\x06memory\x02\x03", "latin1");
  const at = bytes.indexOf(head);
  if (at < 0 || bytes.indexOf(head, at + 1) >= 0)
    throw new Error("the module does not import its memory as expected");
  return at + head.length - 1;
}

const modules = [];
for (const [name, { features, tiles }] of Object.entries(variants)) {
  const generated = new Map([
    [join(kernelFolder, "generated/index.ts"), entrySource(kernels)],
    [join(kernelFolder, "generated/tiles.ts"), tileSource(tiles)],
  ]);
  const bytes = await compile(features, generated);
  modules.push({ name, bytes, tiles, memoryFlags: memoryFlagsOffset(bytes) });
}
const source = modules.map(
  ({ name, bytes, tiles: { row, column }, memoryFlags }) => `  ${name}: {
    tile: { rows: ${row[0]}, transposedRows: ${column[0]}, columns: ${row[1]} },
    memoryFlags: ${memoryFlags},
    base64:
      "${bytes.toString("base64")}",
  },`,
);
write(
  "modules.ts",
  `// Written by scripts/build-kernels.mjs: do not edit.
import type { KernelModule } from "../kernel-module.ts";

/** Which instructions and which register tile a build of the kernels uses. */
export type Variant = ${modules.map(({ name }) => `"${name}"`).join(" | ")};

/** The kernels of each variant. */
export const modules: { readonly [V in Variant]: KernelModule } = {
${source.join("\n")}
};
`,
);
console.error(
  `kernels: ${kernels.length}; ${modules.map(({ name, bytes }) => `${name} ${bytes.length} bytes`).join(", ")}`,
);
