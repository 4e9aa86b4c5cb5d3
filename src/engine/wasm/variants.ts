import { tuneV8 } from "#host";
import { EngineError } from "../../tensor/index.ts";
import type { Precision } from "../engine.ts";
import { modules, type Variant } from "./generated/modules.ts";
import { bytesOfModule, type Tile } from "./kernel-module.ts";
import { type Trial, tryProducts } from "./trial.ts";
import type { TrialWorker } from "./trial-worker.ts";

/** What became of the builds of the kernels on this machine. */
export interface Choice {
  readonly variant: Variant;
  readonly tile: Tile;
  /** Speed of each build that was measured and computes rightly, on one thread. */
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

/** How to look for a build. */
export interface Search {
  /** Builds are measured, or the one is taken that usually wins. */
  readonly by: "speed" | "rule";
  /** Where builds are tried. */
  readonly worker: TrialWorker;
}

const measured = new Map<Precision, Promise<Choice>>();
const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Compiles the fastest build of the kernels that this machine has and that computes products rightly. Builds are measured
 * once in a process.
 *
 * @param shared - whether the kernels will run on shared memory
 * @throws EngineError when there is none; its message says why for each
 */
export async function chooseKernels(
  precision: Precision,
  shared: boolean,
  { by, worker }: Search,
): Promise<Kernels> {
  const trials = { shared, worker };
  const choosing =
    measured.get(precision) ??
    (by === "speed" ? tryBuilds(precision, usualEffort, trials) : takeLikelyBuild(precision, trials));
  if (by === "speed") measured.set(precision, choosing);
  const choice = await choosing;
  return { ...choice, module: await compileBuild(choice.variant, shared) };
}

/** A build, compiled once in a process for shared memory, and once for a memory of its own. */
export function compileBuild(variant: Variant, shared: boolean): Promise<WebAssembly.Module> {
  const key = `${variant} ${shared}`;
  const compiling = compiled.get(key) ?? WebAssembly.compile(bytesOfModule(modules[variant], shared));
  compiled.set(key, compiling);
  return compiling;
}

/** Where and for what builds are tried. */
interface Trials {
  readonly worker: TrialWorker;
  readonly shared: boolean;
}

/** Candidates in the order in which they usually win: 6 x 16 where V8 joins pairs of vectors, else the larger of the others. */
function likelyOrder(precision: Precision, flags: readonly string[]): Variant[] {
  const joins = flags.some((flag) => flag.endsWith("revectorize"));
  const order = candidates[precision].toSorted(
    (a, b) => (modules[b].tile.columns - modules[a].tile.columns) * (joins ? 1 : -1),
  );
  return [...order, "plain"];
}

/** Takes the first build that is supported and computes products rightly, in the order in which they usually win. */
async function takeLikelyBuild(precision: Precision, trials: Trials): Promise<Choice> {
  const flags = tuneV8();
  const rejected: Choice["rejected"][number][] = [];
  for (const variant of likelyOrder(precision, flags)) {
    const trial = await tryBuild(trials, variant, 0);
    const reason = typeof trial === "string" ? trial : reasonAgainst(trial, null);
    if (reason === null) return { variant, tile: modules[variant].tile, measured: [], rejected, flags };
    rejected.push({ variant, reason });
  }
  throw noKernels(rejected);
}

/**
 * Tries the builds of the kernels, and takes the fastest that computes products rightly.
 *
 * @throws EngineError when there is none; its message says why for each
 */
export async function tryBuilds(
  precision: Precision,
  { milliseconds, passes }: Effort,
  trials: Trials,
): Promise<Choice> {
  const flags = tuneV8();
  const speeds = new Map<Variant, number>();
  const rejected = new Map<Variant, string>();
  const plain = await tryBuild(trials, "plain", milliseconds);
  const judge = (variant: Variant, trial: Trial | string) => {
    const reason =
      typeof trial === "string" ? trial : reasonAgainst(trial, typeof plain === "string" ? null : plain);
    if (typeof trial === "string" || reason !== null) rejected.set(variant, reason ?? "");
    else speeds.set(variant, Math.max(trial.gigaflops, speeds.get(variant) ?? 0));
  };
  for (let pass = 0; pass < passes; pass++) {
    const left = candidates[precision].filter((variant) => !rejected.has(variant));
    for (const variant of left) judge(variant, await tryBuild(trials, variant, milliseconds));
  }
  judge("plain", plain);
  for (const variant of rejected.keys()) speeds.delete(variant);
  const found = [...speeds].map(([variant, gigaflops]) => ({ variant, gigaflops }));
  const reasons = [...rejected].map(([variant, reason]) => ({ variant, reason }));
  if (found.length === 0) throw noKernels(reasons);
  const preferred = found.filter(({ variant }) => variant !== "plain");
  const { variant } = (preferred.length > 0 ? preferred : found).reduce((best, other) =>
    other.gigaflops > best.gigaflops ? other : best,
  );
  return { variant, tile: modules[variant].tile, measured: found, rejected: reasons, flags };
}

/** A trial, or why there can be none. */
async function tryBuild(
  { worker, shared }: Trials,
  variant: Variant,
  milliseconds: number,
): Promise<Trial | string> {
  try {
    return await tryProducts(worker, await compileBuild(variant, shared), { milliseconds, shared });
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return notSupported;
    return `it fails: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why a build that ran is not to be trusted, or null. @param plain - the plain build's trial, if there was one */
function reasonAgainst(trial: Trial, plain: Trial | null): string | null {
  if (!(trial.error <= tolerance)) return `a matrix product was off by ${trial.error}`;
  if (plain === null) return null;
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
