import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The package that has the competitors as its dependencies. */
const competitors = join(import.meta.dirname, "../../competitors");

/** Where they are installed. */
export const installed = join(competitors, "node_modules");

/** Their lock file, and a copy of what it was when they were installed. */
const [wanted, there] = [join(competitors, "package-lock.json"), join(installed, ".installed-lock.json")];

/**
 * Installs the competitors and Node 24 as their lock file has them, unless they are there: 800 MB, which those who do not
 * measure are spared.
 *
 * @param {(text: string) => void} say
 * @returns {boolean} whether they are there
 */
export function install(say) {
  if (existsSync(there) && readFileSync(there, "utf8") === readFileSync(wanted, "utf8")) return true;
  say("installing the competitors and Node 24 (npm ci in bench/competitors, about 800 MB) ...");
  const shell = process.platform === "win32";
  const { status } = spawnSync("npm", ["ci"], { cwd: competitors, shell, stdio: ["ignore", 2, 2] });
  if (status === 0) copyFileSync(wanted, there);
  return status === 0;
}
