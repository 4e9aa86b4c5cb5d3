import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startSide } from "../child.mjs";
import { installed } from "./install.mjs";

/** @typedef {import("../types.ts").Contender} Contender */

/** The Node that is a dependency of the competitors' package. */
const node24 = join(installed, "node/bin/node");

/** Ways to choose a Node: that of this process, and Node 24. */
export const nodeChoices = /** @type {const} */ (["current", "24"]);

/** @param {typeof nodeChoices[number]} choice @returns {string | null} path, or null where it is not installed */
export function nodePath(choice) {
  if (choice === "current") return process.execPath;
  return existsSync(node24) ? node24 : null;
}

/**
 * Ours on a Node.
 *
 * @param {string} node path
 * @param {{ threads: number, patience: number }} settings
 * @returns {Contender}
 */
export function fovea(node, { threads, patience }) {
  const script = join(import.meta.dirname, "../sides/fovea.mjs");
  return {
    name: "fovea",
    node: execFileSync(node, ["--version"], { encoding: "utf8" }).trim(),
    refuses: () => null,
    start: () => startSide({ command: node, parameters: ["--expose-gc", script, String(threads)], patience }),
  };
}
