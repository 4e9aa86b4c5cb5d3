/**
 * Builds Studio's page into dist/studio, and checks that its first load is small.
 *
 *   node scripts/build-studio.mjs
 */

import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bytes of everything that opening the page fetches, without data, each file compressed with gzip. */
const firstLoadBudget = 500_000;
/** The panel that opens first. */
const firstPanel = "studio/src/panels/train/panel.tsx";

const { output } = await build({ configFile: join(root, "studio/vite.config.mjs"), logLevel: "warn" });
checkBudget(output);

/** @param {Awaited<ReturnType<typeof build>>["output"]} files */
function checkBudget(files) {
  const chunks = new Map(
    files.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk]),
  );
  const first = new Set(["index.html", "icon.svg"]);
  for (const chunk of chunks.values()) {
    if (chunk.isEntry || chunk.facadeModuleId?.endsWith(firstPanel)) follow(chunk.fileName);
  }
  // The lab's worker is a program of its own, whose files vite lists as assets: it begins with what it imports at once.
  for (const { type, fileName } of files)
    if (type === "asset" && /^assets\/worker-.*\.js$/.test(fileName)) followAsset(fileName);
  const sizes = [...first].map((name) => ({ name, bytes: gzipSync(contentOf(name), { level: 9 }).length }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const table = sizes
    .sort((one, other) => other.bytes - one.bytes)
    .map(({ name, bytes }) => `${kilobytes(bytes).padStart(10)}  ${basename(name)}`);
  console.log(`studio: first load ${kilobytes(total)} compressed, of ${kilobytes(firstLoadBudget)}`);
  if (total > firstLoadBudget) {
    console.error(["The first load of Studio is too large:", ...table].join("\n"));
    process.exit(1);
  }

  /** A chunk, what it imports at once, and its style sheets. */
  function follow(name) {
    if (first.has(name)) return;
    first.add(name);
    const chunk = chunks.get(name);
    for (const imported of chunk?.imports ?? []) follow(imported);
    for (const sheet of chunk?.viteMetadata?.importedCss ?? []) first.add(sheet);
  }

  /** A script, and those that it imports before it runs: `import ... from "./x.js"`, not `import("./x.js")`. */
  function followAsset(name) {
    if (first.has(name)) return;
    first.add(name);
    const imports = contentOf(name)
      .toString()
      .matchAll(/\b(?:from|import)\s*"(\.\/[^"]+\.js)"/g);
    for (const [, path] of imports) followAsset(join(dirname(name), path));
  }
}

function contentOf(name) {
  return readFileSync(join(root, "dist/studio", name));
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
