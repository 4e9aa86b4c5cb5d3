/**
 * Removes from `dist` what the compiler has not written in its last run, so that a renamed file does not live on in the
 * package: everything a minute older than the entry point.
 *
 *   node scripts/prune-dist.mjs
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

const stale = statSync(join(dist, "index.js")).mtimeMs - 60_000;
for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const path = join(dist, name);
  const status = statSync(path);
  if (status.isFile() && status.mtimeMs < stale) rmSync(path);
}
