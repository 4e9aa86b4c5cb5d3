import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Runs a script of this folder as a process of its own, so that its memory is its own too.
 *
 * @template Result
 * @param {string} node path of what runs it
 * @param {string} name `photos-side.mjs`
 * @param {readonly (string | number)[]} parameters
 * @returns {Promise<Result>} the JSON that it prints
 * @throws Error when it fails; it has said why on standard error
 */
export function runSide(node, name, parameters) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(node, [script, ...parameters.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}
