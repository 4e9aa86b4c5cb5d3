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

/**
 * Starts a command that serves, and waits until it says its address.
 *
 * @param {string} node path of what runs it
 * @param {readonly string[]} parameters
 * @returns {Promise<{ address: string, stop(): Promise<void> }>}
 * @throws Error with what it said last when it ends before
 */
export async function startServer(node, parameters) {
  const child = spawn(node, [command, ...parameters], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  /** @type {string} */
  const address = await new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
        const found = /http:\/\/[\d.:]+/.exec(said);
        if (found !== null) resolve(found[0]);
      });
    }
    child.once("error", reject);
    child.once("close", () =>
      reject(new Error(`fovea ${parameters[0]} ended: ${said.trim().split("\n").at(-1)}`)),
    );
  });
  return {
    address,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
