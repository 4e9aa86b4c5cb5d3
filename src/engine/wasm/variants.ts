import { enableRelaxedSimd } from "#host";
import { EngineError } from "../../tensor/index.ts";
import type { Precision } from "../engine.ts";
import { argumentLayouts, type KernelName } from "./generated/arguments.ts";
import { modules, type Variant } from "./generated/modules.ts";

/** Names of the kernels in the order of the function table; the first has index 1. */
export const kernelNames = Object.keys(argumentLayouts) as readonly KernelName[];

/** Kernels that were checked on this machine. */
export interface Kernels {
  readonly variant: Variant;
  readonly module: WebAssembly.Module;
  /** Variants that were tried and not taken, and why. */
  readonly rejected: readonly { readonly variant: Variant; readonly reason: string }[];
}

/** Best first. "exact" keeps to instructions whose results are the same on every machine. */
const candidates: { readonly [P in Precision]: readonly Variant[] } = {
  fast: ["relaxed", "plain"],
  exact: ["plain"],
};

/**
 * Compiles the first variant of the kernels that this machine has and that computes a small product rightly.
 *
 * @param shared - whether the kernels will run on shared memory
 * @throws EngineError when there is none; its message says why for each
 */
export async function chooseKernels(precision: Precision, shared: boolean): Promise<Kernels> {
  if (precision === "fast") enableRelaxedSimd();
  const rejected: { variant: Variant; reason: string }[] = [];
  for (const variant of candidates[precision]) {
    const reason = await checkVariant(variant);
    if (reason === null) {
      const module = await WebAssembly.compile(decodeBase64(modules[variant][shared ? "shared" : "single"]));
      return { variant, module, rejected };
    }
    rejected.push({ variant, reason });
  }
  const reasons = rejected.map(({ variant, reason }) => `${variant}: ${reason}`).join("; ");
  throw new EngineError(`no build of the kernels runs here (${reasons})`, {
    where: "wasm engine",
    hint: "Fovea needs WebAssembly SIMD: Node 20 or later, or a browser of 2023 or later.",
  });
}

/** Why a variant cannot be used, or null. */
async function checkVariant(variant: Variant): Promise<string | null> {
  const bytes = decodeBase64(modules[variant].single);
  if (!WebAssembly.validate(bytes)) return "not supported";
  const module = await WebAssembly.compile(bytes);
  const error = checkProduct(module);
  return error < 1e-5 ? null : `a matrix product was off by ${error}`;
}

/** Greatest error of a 7 x 11 x 13 matrix product against the sums worked out here. */
function checkProduct(module: WebAssembly.Module): number {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 });
  const table = new WebAssembly.Table({ initial: kernelNames.length + 1, element: "anyfunc" });
  const environment = { memory, table, now: () => 0, abort: () => {} };
  const { exports } = new WebAssembly.Instance(module, { env: environment });
  const [m, n, k] = [7, 11, 13];
  const addresses = { block: 4096, a: 8192, b: 16384, c: 32768, scratch: 65536 };
  const floats = new Float32Array(memory.buffer);
  const a = Array.from({ length: m * k }, (_, index) => Math.fround(Math.sin(index)));
  const b = Array.from({ length: k * n }, (_, index) => Math.fround(Math.cos(3 * index)));
  floats.set(a, addresses.a / 4);
  floats.set(b, addresses.b / 4);
  const values: Record<string, number> = { ...addresses, m, n, k, aStride: k, bStride: n, cStride: n };
  Object.assign(values, { blockRows: 12, blockColumns: 16 });
  const words = argumentLayouts.matmul.map(([field]) => values[field] ?? 0);
  new Uint32Array(memory.buffer).set(words, addresses.block / 4);
  const { setThread, matmul } = exports;
  if (typeof setThread !== "function" || typeof matmul !== "function") return Number.POSITIVE_INFINITY;
  setThread(0, 1, 64, addresses.scratch);
  matmul(addresses.block, 0);
  let greatest = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
      greatest = Math.max(greatest, Math.abs(sum - floats[addresses.c / 4 + i * n + j]));
    }
  }
  return greatest;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}
