/**
 * Removes from `dist` what has no source any more, so that a renamed file does not live on in the package. Times of files
 * would not tell: on a busy machine the compiler takes minutes from its first file to its last.
 *
 *   node scripts/prune-dist.mjs
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

for (const entry of readdirSync(join(root, "dist"), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const source = path.slice(join(root, "dist").length + 1).replace(/\.(d\.ts|js|js\.map)$/, ".ts");
  if (!existsSync(join(root, "src", source))) rmSync(path);
}
