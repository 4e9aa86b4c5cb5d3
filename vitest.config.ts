import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** A group of tests that `npm test` runs as a stage of its own (scripts/check.mjs). */
function group(name: string, include: string[], exclude: string[] = []) {
  return { extends: true as const, test: { name, include, exclude } };
}

const imports = ["tests/rooms.test.ts", "tests/exports.test.ts", "tests/lockfile.test.ts"];
const docs = ["tests/docs.test.ts", "tests/course-text.test.ts"];

export default defineConfig({
  resolve: { alias: { "#host": fileURLToPath(new URL("./src/host/node.ts", import.meta.url)) } },
  test: {
    testTimeout: 30_000,
    pool: "forks",
    maxWorkers: 2,
    setupFiles: ["./src/testing/setup.ts"],
    // What tests/ import as "fovea" is what was built, loaded by Node itself.
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      group("imports", imports),
      group("unit", ["src/**/*.test.ts", "bench/src/**/*.test.mjs"]),
      group("docs", docs),
      group(
        "slow",
        ["tests/**/*.test.ts", "src/**/*.slow.ts", "bench/src/**/*.slow.mjs"],
        [...imports, ...docs],
      ),
    ],
  },
});
