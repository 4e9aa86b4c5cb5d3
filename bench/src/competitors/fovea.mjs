import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startSide } from "../child.mjs";
import { installed } from "./install.mjs";

/** @typedef {import("../types.ts").Contender} Contender */

/** The Node of the bench's own dependency `node`. */
const node24 = join(installed, "node/bin/node");

/** Ways to choose a Node: that of this process, and the bench's own Node 24. */
export const nodeChoices = /** @type {const} */ (["current", "24"]);

/** @typedef {typeof nodeChoices[number]} NodeChoice */

/** @param {NodeChoice} choice @throws Error when it is not installed */
export function nodePath(choice) {
  if (choice === "current") return process.execPath;
  if (existsSync(node24)) return node24;
  throw new Error("Node 24 is not installed: npm ci in bench/competitors failed");
}

/**
 * Ours on a Node.
 *
 * @param {NodeChoice} choice
 * @param {{ threads: number, patience: number }} settings
 * @returns {Contender}
 */
export function fovea(choice, { threads, patience }) {
  const command = nodePath(choice);
  const node = execFileSync(command, ["--version"], { encoding: "utf8" }).trim();
  return {
    name: `Fovea on Node ${node.slice(1)}`,
    node,
    refuses: () => null,
    start: () => startFovea(command, threads, patience),
  };
}

/** @param {string} command @param {number} threads @param {number} patience */
export function startFovea(command, threads, patience) {
  const script = join(import.meta.dirname, "../sides/fovea.mjs");
  return startSide({ command, parameters: ["--expose-gc", script, String(threads)], patience });
}
