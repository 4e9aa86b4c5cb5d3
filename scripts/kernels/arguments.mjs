/**
 * Reads the argument blocks of the kernels out of their sources, so that TypeScript and AssemblyScript cannot disagree:
 * `@unmanaged export class MatmulArguments { a: u32; ... }` is the one place that says what kernel `matmul` takes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const classPattern = /@unmanaged\s+export class (\w+)Arguments \{([^}]*)\}/g;
const fieldPattern = /^\s*(\w+): (u32|i32|f32);$/gm;

/** Name and fields of each kernel, sorted by name. */
export function readKernels(folder) {
  const kernels = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(folder, file), "utf8");
    for (const [, className, body] of source.matchAll(classPattern)) {
      const name = className[0].toLowerCase() + className.slice(1);
      if (!source.includes(`export function ${name}(`))
        throw new Error(`${file}: no kernel ${name} for ${className}Arguments`);
      const fields = [...body.matchAll(fieldPattern)].map(([, field, type]) => ({ field, type }));
      kernels.push({ name, file, fields });
    }
  }
  return kernels.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** TypeScript source with the type and the layout of each argument block. */
export function argumentsSource(kernels) {
  const types = kernels.map(
    ({ name, fields }) => `  ${name}: { ${fields.map(({ field }) => `${field}: number`).join("; ")} };`,
  );
  const layouts = kernels.map(
    ({ name, fields }) =>
      `  ${name}: [${fields.map(({ field, type }) => `["${field}", "${type}"]`).join(", ")}],`,
  );
  return `// Written by scripts/build-kernels.mjs from the sources of the kernels: do not edit.

/** Arguments of each kernel. Addresses are byte offsets into linear memory. */
export interface KernelArguments {
${types.join("\n")}
}

export type KernelName = keyof KernelArguments;

/** Fields of each argument block in order; each takes four bytes. */
export const argumentLayouts: { readonly [K in KernelName]: readonly (readonly [string, "u32" | "i32" | "f32"])[] } = {
${layouts.join("\n")}
};
`;
}

/**
 * AssemblyScript source of the module's entry: all kernels and what runs them. The register tiles are exported too, so
 * that the optimizer does not move their loops into the functions that call them.
 */
export function entrySource(kernels) {
  const lines = kernels.map(({ name, file }) => `export { ${name} } from "../${file.replace(/\.ts$/, "")}";`);
  return `// Written by scripts/build-kernels.mjs: do not edit.
export { profile, run, setThread } from "../program";
export * from "./tiles";
${lines.join("\n")}
`;
}
