import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RandomStream } from "../../src/tensor/index.ts";
import { idxFile } from "../../src/testing/idx-file.ts";

/** The built command. */
export const commandPath = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** How a command ended, and what it wrote. */
export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A running command. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has come to contain a text; rejects when the command ends before. */
  readonly sees: (text: string) => Promise<void>;
}

/** Starts `fovea` as a process of its own in a folder. */
export function start(folder: string, ...words: readonly string[]): Running {
  return startProcess(folder, process.execPath, [commandPath, ...words]);
}

/** Starts any program in a folder. */
export function startProcess(folder: string, program: string, words: readonly string[]): Running {
  const { FORCE_COLOR, NO_COLOR, ...environment } = process.env;
  const child = spawn(program, words, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const written = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    written.out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    written.err += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...written }));
  });
  const sees = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (written.err.includes(text)) resolve();
      };
      child.stderr.on("data", look);
      look();
      ended.then(() => reject(new Error(`ended before it wrote "${text}": ${written.err}`)), reject);
    });
  return { process: child, ended, sees };
}

/** Runs `fovea` to its end. */
export function run(folder: string, ...words: readonly string[]): Promise<Ended> {
  return start(folder, ...words).ended;
}

/** The one JSON document that a command printed. */
export function documentOf({ code, out, err }: Ended) {
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
  return JSON.parse(out);
}

/** Size of the images of {@link writeIdxFolder}. */
export const side = 12;
const classes = 4;

/** How many images the folder of {@link writeIdxFolder} has. */
export const counts = { train: 480, test: 120 } as const;

/** Writes a small data set that is easy to learn: a bright quarter on noise, its place being the class. */
export async function writeIdxFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stream = new RandomStream(1);
  for (const [name, count] of [
    ["train", counts.train],
    ["t10k", counts.test],
  ] as const) {
    const labels = Array.from({ length: count }, () => stream.integer(classes));
    const pixels = labels.flatMap((label) => imageOf(label, stream));
    await writeFile(join(folder, `${name}-images-idx3-ubyte`), idxFile([count, side, side], pixels));
    await writeFile(join(folder, `${name}-labels-idx1-ubyte`), idxFile([count], labels));
  }
}

function imageOf(label: number, stream: RandomStream): number[] {
  const half = side / 2;
  const isBright = (row: number, column: number) =>
    Math.floor(row / half) === label >> 1 && Math.floor(column / half) === (label & 1);
  return Array.from({ length: side * side }, (_, index) => {
    const row = Math.floor(index / side);
    return (isBright(row, index % side) ? 120 : 0) + stream.integer(120);
  });
}
