/**
 * Removes from `dist` what no source stands behind any more, so that a renamed file does not live on in the package.
 *
 *   node scripts/prune-dist.mjs
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

for (const name of existsSync(dist) ? readdirSync(dist, { recursive: true, encoding: "utf8" }) : []) {
  const source = name.replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts");
  if (source !== name && !existsSync(join(root, "src", source))) rmSync(join(dist, name));
}
