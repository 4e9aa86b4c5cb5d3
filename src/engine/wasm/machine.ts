import { argumentLayouts, type KernelArguments, type KernelName } from "./generated/arguments.ts";
import { PAGE_BYTES } from "./memory.ts";
import { type TrialCalls, TrialWorker } from "./trial-worker.ts";

/** What a number of threads reach that work at the same time. */
export interface MachineSpeed {
  readonly threads: number;
  /** Billions of multiplications and additions in a second, with vectors of 128 bits. */
  readonly gigaflops128: number;
  /** The same with pairs of vectors: more where V8 joins them into 256 bits, less elsewhere. */
  readonly gigaflops256: number;
  /** Billions of bytes that are read from main memory in a second. */
  readonly gigabytes: number;
}

/** What a build of the kernels can reach at most on this machine. */
export interface MachineSpeeds {
  readonly oneThread: MachineSpeed;
  readonly allThreads: MachineSpeed;
}

const addresses = {
  scratch: PAGE_BYTES,
  block: 2 * PAGE_BYTES,
  operands: 3 * PAGE_BYTES,
  sums: 4 * PAGE_BYTES,
};
/** Where the stretch of memory begins that is read. */
const STRETCH = 5 * PAGE_BYTES;

/** Iterations of the peak's loops: a call takes a tenth of a millisecond or two. */
const iterations = 50_000;
const LANES = 4;
/** Independent sums of each kernel in machine.ts. */
const sums = { multiplyAddPeak: 12, multiplyAddPeakWide: 24 } as const;
/** Small enough that the sums stay finite, large enough that no term is denormal. */
const operands = Float32Array.from({ length: 12 }, (_, index) => (index === 0 ? 0.5 : 1e-3));

/** More than a thread's share of any cache, and no more than this for all threads together. */
const stretchBytes = 64 * 2 ** 20;
const allStretchesBytes = 2 ** 30;

const peakMilliseconds = 40;
/** A few passes over the stretch. */
const readMilliseconds = 120;
const passes = 2;

/** Calls of one of the kernels of machine.ts, with what they need in memory. */
export function machineCalls<K extends KernelName>(
  module: WebAssembly.Module,
  kernel: K,
  fields: Readonly<KernelArguments[K]>,
  options: { readonly milliseconds: number; readonly stretch?: number },
): TrialCalls {
  const { milliseconds, stretch = 0 } = options;
  const values: Readonly<Record<string, number>> = { ...fields };
  const block = Uint32Array.from(argumentLayouts[kernel], ([field]) => values[field] ?? 0);
  return {
    module,
    shared: false,
    pages: Math.ceil((STRETCH + stretch) / PAGE_BYTES),
    scratch: addresses.scratch,
    kernel,
    blocks: [addresses.block],
    milliseconds,
    fills: [{ address: STRETCH, length: stretch }],
    writes: [
      { address: addresses.block, bytes: new Uint8Array(block.buffer) },
      { address: addresses.operands, bytes: new Uint8Array(operands.buffer) },
    ],
    reads: [{ address: addresses.sums, length: 4 * LANES * sums.multiplyAddPeakWide }],
  };
}

/** Calls of a kernel that does nothing but multiply and add. */
export function peakCalls(
  module: WebAssembly.Module,
  kernel: keyof typeof sums,
  options: { readonly iterations: number; readonly milliseconds: number },
): TrialCalls {
  const fields = { operands: addresses.operands, sums: addresses.sums, iterations: options.iterations };
  return machineCalls(module, kernel, fields, { milliseconds: options.milliseconds });
}

/** Calls of the kernel that reads `stretch` bytes, a multiple of 128, all of them the float 1. */
export function readCalls(module: WebAssembly.Module, stretch: number, milliseconds: number): TrialCalls {
  const fields = { from: STRETCH, count: stretch / (4 * LANES), sum: addresses.sums };
  return machineCalls(module, "streamRead", fields, { milliseconds, stretch });
}

/**
 * Measures what the machine can do at most: multiply-adds in registers and reading of memory, on one thread and on all of
 * them at the same time. It takes about a second.
 *
 * @param module - a build of the kernels, for a memory of their own
 */
export async function measureMachine(module: WebAssembly.Module, threads: number): Promise<MachineSpeeds> {
  const workers = Array.from({ length: threads }, () => new TrialWorker());
  try {
    const oneThread = await measureTogether(workers.slice(0, 1), module);
    return { oneThread, allThreads: threads === 1 ? oneThread : await measureTogether(workers, module) };
  } finally {
    for (const worker of workers) worker.close();
  }
}

async function measureTogether(
  workers: readonly TrialWorker[],
  module: WebAssembly.Module,
): Promise<MachineSpeed> {
  const stretch = Math.min(stretchBytes, allStretchesBytes / workers.length);
  const peak = (kernel: keyof typeof sums) => {
    const calls = peakCalls(module, kernel, { iterations, milliseconds: peakMilliseconds });
    return speed(workers, calls, 2 * LANES * sums[kernel] * iterations);
  };
  let [gigaflops128, gigaflops256, gigabytes] = [0, 0, 0];
  for (let pass = 0; pass < passes; pass++) {
    gigaflops128 = Math.max(gigaflops128, await peak("multiplyAddPeak"));
    gigaflops256 = Math.max(gigaflops256, await peak("multiplyAddPeakWide"));
    gigabytes = Math.max(
      gigabytes,
      await speed(workers, readCalls(module, stretch, readMilliseconds), stretch),
    );
  }
  return { threads: workers.length, gigaflops128, gigaflops256, gigabytes };
}

/**
 * Billions a second of what a round does `amount` of. One thread counts in its fastest rounds, since others can only slow
 * it down; threads together in their usual ones, since in the fastest one another may have stood still.
 */
async function speed(workers: readonly TrialWorker[], calls: TrialCalls, amount: number): Promise<number> {
  const outcomes = await Promise.all(workers.map((worker) => worker.perform(calls)));
  const times = outcomes.map(({ fastest, median }) => (workers.length === 1 ? fastest : median));
  return times.reduce((sum, milliseconds) => sum + amount / (1e6 * milliseconds), 0);
}
