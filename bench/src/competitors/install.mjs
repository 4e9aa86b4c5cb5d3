import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

/** The package that has the competitors as its dependencies. */
const competitors = join(import.meta.dirname, "../../competitors");

/** Where they are installed. */
export const installed = join(competitors, "node_modules");

/**
 * Installs the competitors and Node 24 as bench/competitors/package-lock.json has them, unless they are there: 800 MB, which those
 * who do not measure are spared.
 *
 * @param {(text: string) => void} say
 * @returns {boolean} whether they are there
 */
export function install(say) {
  if (timeOf(join(installed, ".package-lock.json")) >= timeOf(join(competitors, "package-lock.json")))
    return true;
  say("installing the competitors and Node 24 (npm ci in bench/competitors, about 800 MB) ...");
  const shell = process.platform === "win32";
  const { status } = spawnSync("npm", ["ci"], { cwd: competitors, shell, stdio: ["ignore", 2, 2] });
  return status === 0;
}

/** @param {string} path */
function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}
