import { argumentLayouts } from "./generated/arguments.ts";
import type { TrialWorker } from "./trial-worker.ts";
import type { Extent, Placement } from "./worker/protocol.ts";

/** What a build of the kernels did with the trial's products. */
export interface Trial {
  /** Billions of multiplications and additions in a second, one thread, in the fastest of its rounds. */
  readonly gigaflops: number;
  /** Both products, one after the other. */
  readonly products: Float32Array;
  /** Greatest error of some of their elements against sums in float64. */
  readonly error: number;
}

/** Sizes of the trial's product: operands in L2, panels in L1, whole tiles of 4 and 6 rows and 8 and 16 columns. */
const [m, n, k] = [96, 64, 256];
/** Two products: of a as it lies, and of the transpose of another a, whose values are the same. */
const flopsOfRound = 2 * 2 * m * n * k;
/** Elements whose sums are worked out here: each row four times, each column six times. */
const checkedElements = 384;

const PAGES = 32;
const addresses = {
  scratch: 65536,
  blocks: 1 << 18,
  a: 1 << 19,
  transposed: 3 << 18,
  b: 1 << 20,
  c: 5 << 18,
};
const cBytes = 4 * m * n;

const left = Float32Array.from({ length: m * k }, (_, index) => Math.sin(index));
const right = Float32Array.from({ length: k * n }, (_, index) => Math.cos(3 * index));
const leftTransposed = Float32Array.from(
  { length: m * k },
  (_, index) => left[(index % m) * k + Math.floor(index / m)],
);

/** The argument block of a product. */
function block(fields: Readonly<Record<string, number>>): Uint32Array {
  return Uint32Array.from(argumentLayouts.matmul, ([field]) => fields[field] ?? 0);
}

const shape = { m, n, k, b: addresses.b, bStride: n, cStride: n, blockRows: m, blockColumns: n, parts: 1 };
const products = [
  block({ ...shape, a: addresses.a, c: addresses.c, aStride: k }),
  block({ ...shape, a: addresses.transposed, c: addresses.c + cBytes, aStride: m, transposeA: 1 }),
];
const BLOCK_BYTES = 256;

const bytesOf = (view: Float32Array | Uint32Array) =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const writes: readonly Placement[] = [
  { address: addresses.a, bytes: bytesOf(left) },
  { address: addresses.transposed, bytes: bytesOf(leftTransposed) },
  { address: addresses.b, bytes: bytesOf(right) },
  ...products.map((words, index) => ({
    address: addresses.blocks + BLOCK_BYTES * index,
    bytes: bytesOf(words),
  })),
];
const reads: readonly Extent[] = [{ address: addresses.c, length: 2 * cBytes }];

/**
 * Computes the trial's products over and over for some milliseconds: the optimizing compiler takes a few of them to
 * replace the code that a module starts with, and only what it makes counts.
 *
 * @throws EngineError when the module traps or the worker fails
 */
export async function tryProducts(
  worker: TrialWorker,
  module: WebAssembly.Module,
  options: { readonly milliseconds: number; readonly shared: boolean },
): Promise<Trial> {
  const outcome = await worker.perform({
    module,
    pages: PAGES,
    scratch: addresses.scratch,
    kernel: "matmul",
    blocks: products.map((_, index) => addresses.blocks + BLOCK_BYTES * index),
    ...options,
    writes,
    reads,
  });
  return judge(new Float32Array(outcome.reads[0].buffer), outcome.fastest);
}

function judge(values: Float32Array, milliseconds: number): Trial {
  let error = 0;
  for (let index = 0; index < checkedElements; index++) {
    const [i, j] = [(index * 37) % m, (index * 11) % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += left[i * k + l] * right[l * n + j];
    for (const product of [0, 1]) {
      const distance = Math.abs(sum - values[product * m * n + i * n + j]);
      error = Math.max(error, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    }
  }
  return { gigaflops: flopsOfRound / (1e6 * milliseconds), products: values, error };
}
