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

/** @typedef {{ version: string, path: string | null }} ChosenNode `path` is null where it is not installed */

/** @param {typeof nodeChoices[number]} choice @returns {ChosenNode} */
export function findNode(choice) {
  const path = choice === "current" ? process.execPath : node24;
  if (!existsSync(path)) return { version: `v${choice}`, path: null };
  return { version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim(), path };
}

/**
 * Ours on a Node.
 *
 * @param {ChosenNode} node
 * @param {{ threads: number, patience: number }} settings
 * @returns {Contender}
 */
export function fovea({ version, path }, { threads, patience }) {
  const script = join(import.meta.dirname, "../sides/fovea.mjs");
  return {
    name: "fovea",
    node: version,
    refuses: () => null,
    async start() {
      if (path === null) throw new Error("is not installed: npm ci in bench/competitors failed");
      const parameters = ["--expose-gc", script, String(threads)];
      return await startSide({ command: path, parameters, patience });
    },
  };
}
