import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Lines of a child's standard error that are kept, to say why it ended. */
const keptLines = 12;

/** @typedef {import("./types.ts").Side & { ask(request: object): Promise<any> }} Child */

/**
 * Starts a process that measures: it reads a JSON request a line from standard input and answers each with a JSON line.
 * Its first line is what it says of itself.
 *
 * @param {object} settings
 * @param {string} settings.command
 * @param {readonly string[]} settings.parameters
 * @param {Readonly<Record<string, string>>} [settings.environment] added to this process's
 * @param {number} settings.patience seconds that an answer may take
 * @returns {Promise<Child>}
 * @throws Error with what the process said when it did not start
 */
export async function startSide({ command, parameters, environment = {}, patience }) {
  const child = spawn(command, parameters, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** @type {string[]} */
  const complaints = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    complaints.push(line);
    if (complaints.length > keptLines) complaints.shift();
  });
  const failure = new Promise((_, reject) => {
    child.once("error", (error) => reject(new Error(`cannot start ${command}: ${error.message}`)));
    child.once("close", (code, signal) => reject(new Error(describeEnd(code, signal, complaints))));
  });
  failure.catch(() => {});
  // Writing to a process that has ended is reported by its end.
  child.stdin.on("error", () => {});

  async function answer() {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`gave no answer within ${patience} s (--patience)`));
      }, patience * 1000);
    });
    try {
      const { value, done } = await Promise.race([answers.next(), failure, late]);
      if (done) await failure;
      const { error, ...rest } = JSON.parse(value);
      if (error !== undefined) throw new Error(error);
      return rest;
    } finally {
      clearTimeout(timer);
    }
  }
  /** @param {object} request */
  function ask(request) {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return answer();
  }

  const about = await answer();
  return {
    about,
    ask,
    prepare: async (kase, folder, outputs) =>
      (await ask({ do: "prepare", case: kase, folder, outputs })).setting,
    time: async (runs, warmUp) => (await ask({ do: "time", runs, warmUp })).milliseconds,
    peakBytes: async () => (await ask({ do: "peak" })).bytes,
    close: () => void child.stdin.end(),
  };
}

/** @param {number | null} code @param {NodeJS.Signals | null} signal @param {readonly string[]} complaints */
function describeEnd(code, signal, complaints) {
  const end = `its process ended with ${code === null ? `signal ${signal}` : `exit code ${code}`}`;
  const last = complaints.filter((line) => line.trim() !== "").at(-1);
  return last === undefined ? end : `${end}: ${last.trim()}`;
}
