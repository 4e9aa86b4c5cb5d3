import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Headers with which a page may share memory between threads. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

export default defineConfig({
  root: inRoot("studio"),
  // The page works from any folder of a host.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: { alias: { "#host": inRoot("src/host/browser.ts"), fovea: inRoot("src/index.ts") } },
  // On the command line readers of other programs' models are loaded when there is one; here they lie with the rest.
  worker: { format: "es", rolldownOptions: { checks: { ineffectiveDynamicImport: false } } },
  server: { host: "127.0.0.1", headers: isolation },
  build: { outDir: inRoot("dist/studio"), emptyOutDir: true, target: "es2023", reportCompressedSize: false },
});
