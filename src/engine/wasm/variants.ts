import { tuneV8 } from "#host";
import { EngineError } from "../../tensor/index.ts";
import type { Precision } from "../engine.ts";
import { modules, type Variant } from "./generated/modules.ts";
import { bytesOfModule, type Tile } from "./kernel-module.ts";
import { type Trial, tryProducts } from "./trial.ts";
import { TrialWorker } from "./trial-worker.ts";

/** What became of the builds of the kernels on this machine. */
export interface Choice {
  readonly variant: Variant;
  readonly tile: Tile;
  /** Speed of each build that was tried and computes rightly, on one thread. */
  readonly measured: readonly { readonly variant: Variant; readonly gigaflops: number }[];
  /** Builds that cannot be used, and why. */
  readonly rejected: readonly { readonly variant: Variant; readonly reason: string }[];
  /** What was set of V8. */
  readonly flags: readonly string[];
}

/** Kernels that were checked on this machine. */
export interface Kernels extends Choice {
  readonly module: WebAssembly.Module;
}

/**
 * Builds whose results are the same bits, so that measuring may choose among them. The plain build rounds differently: it
 * serves where there is no other, and for "exact", which keeps to instructions that are the same on every machine.
 */
const candidates: { readonly [P in Precision]: readonly Variant[] } = {
  fast: ["relaxed6x16", "relaxed6x8", "relaxed4x8"],
  exact: [],
};

/** How long each build is measured, and how often: it may be unlucky once, when others use the processor. */
export interface Effort {
  readonly milliseconds: number;
  readonly passes: number;
}

/** V8's optimizing compiler has the tile after some 3 ms. */
const usualEffort: Effort = { milliseconds: 4, passes: 2 };
/** How far a product may be from the sums in float64, and from what the plain build has; its terms are up to 1. */
const tolerance = 1e-4;

/** The reason against a build with instructions that are not here: nothing is wrong with it. */
export const notSupported = "not supported";

const choices = new Map<Precision, Promise<Choice>>();

/**
 * Compiles the fastest build of the kernels that this machine has and that computes products rightly. Builds are tried
 * once in a process.
 *
 * @param shared - whether the kernels will run on shared memory
 * @throws EngineError when there is none; its message says why for each
 */
export async function chooseKernels(precision: Precision, shared: boolean): Promise<Kernels> {
  const choosing = choices.get(precision) ?? tryBuilds(precision, usualEffort);
  choices.set(precision, choosing);
  const choice = await choosing;
  const module = await WebAssembly.compile(bytesOfModule(modules[choice.variant], shared));
  return { ...choice, module };
}

/**
 * Tries the builds of the kernels, and takes the fastest that computes products rightly.
 *
 * @throws EngineError when there is none; its message says why for each
 */
export async function tryBuilds(precision: Precision, { milliseconds, passes }: Effort): Promise<Choice> {
  const flags = tuneV8();
  const speeds = new Map<Variant, number>();
  const rejected = new Map<Variant, string>();
  const worker = new TrialWorker();
  try {
    const plain = await tryBuild(worker, "plain", milliseconds);
    const judge = (variant: Variant, trial: Trial | string) => {
      const reason = typeof trial === "string" ? trial : reasonAgainst(trial, plain);
      if (typeof trial === "string" || reason !== null) rejected.set(variant, reason ?? "");
      else speeds.set(variant, Math.max(trial.gigaflops, speeds.get(variant) ?? 0));
    };
    for (let pass = 0; pass < passes; pass++) {
      const left = candidates[precision].filter((variant) => !rejected.has(variant));
      for (const variant of left) judge(variant, await tryBuild(worker, variant, milliseconds));
    }
    judge("plain", plain);
  } finally {
    worker.close();
  }
  for (const variant of rejected.keys()) speeds.delete(variant);
  const measured = [...speeds].map(([variant, gigaflops]) => ({ variant, gigaflops }));
  const reasons = [...rejected].map(([variant, reason]) => ({ variant, reason }));
  if (measured.length === 0) throw noKernels(reasons);
  const preferred = measured.filter(({ variant }) => variant !== "plain");
  const { variant } = (preferred.length > 0 ? preferred : measured).reduce((best, other) =>
    other.gigaflops > best.gigaflops ? other : best,
  );
  return { variant, tile: modules[variant].tile, measured, rejected: reasons, flags };
}

/** A trial, or why there can be none. */
async function tryBuild(
  worker: TrialWorker,
  variant: Variant,
  milliseconds: number,
): Promise<Trial | string> {
  const bytes = bytesOfModule(modules[variant], false);
  if (!WebAssembly.validate(bytes)) return notSupported;
  try {
    return await tryProducts(worker, await WebAssembly.compile(bytes), milliseconds);
  } catch (error) {
    return `it fails: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why a build that ran is not to be trusted, or null. */
function reasonAgainst(trial: Trial, plain: Trial | string): string | null {
  if (!(trial.error <= tolerance)) return `a matrix product was off by ${trial.error}`;
  if (typeof plain === "string") return null;
  const distance = trial.products.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - plain.products[index])),
    0,
  );
  return distance <= tolerance ? null : `a matrix product differs by ${distance} from the plain build's`;
}

function noKernels(rejected: Choice["rejected"]): EngineError {
  const reasons = rejected.map(({ variant, reason }) => `${variant}: ${reason}`).join("; ");
  return new EngineError(`no build of the kernels runs here (${reasons})`, {
    where: "wasm engine",
    hint: "Fovea needs WebAssembly SIMD: Node 20 or later, or a browser of 2023 or later.",
  });
}
