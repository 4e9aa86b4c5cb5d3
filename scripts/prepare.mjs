/**
 * What npm runs when the package is installed from its repository: builds it.
 *
 * `npx fovea` in a clone is an installation, too: npm links the clone into a folder of its own, and runs this before the command,
 * without a word. What `npm ci` has built is not built again then: half a minute in which nothing is seen, and which leaves an npx
 * that fails from then on where it is interrupted.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const isBuilt = ["dist/cli/main.js", "dist/studio/index.html"].every((file) => existsSync(`${root}${file}`));

if (process.env["npm_command"] !== "exec" || !isBuilt) {
  const { status } = spawnSync("npm run build", { cwd: root, shell: true, stdio: "inherit" });
  process.exitCode = status ?? 1;
}
