import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The file that is the command line. */
export const command = join(
  dirname(createRequire(import.meta.url).resolve("fovea/package.json")),
  "dist/cli/main.js",
);

/**
 * Runs the command line as a user would, from the start of its process to its end.
 *
 * @param {import("../competitors/fovea.mjs").ChosenNode} node
 * @param {readonly string[]} parameters
 * @returns {Promise<{ milliseconds: number, output: string }>}
 * @throws Error with what it said last when it fails
 */
export function runCommand({ version, path }, parameters) {
  if (path === null) return Promise.reject(new Error(`Node ${version} is not installed`));
  const begin = performance.now();
  const child = spawn(path, [command, ...parameters], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaints += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const milliseconds = performance.now() - begin;
      if (code === 0) resolve({ milliseconds, output });
      else reject(new Error(`fovea ${parameters[0]} failed: ${complaints.trim().split("\n").at(-1)}`));
    });
  });
}
