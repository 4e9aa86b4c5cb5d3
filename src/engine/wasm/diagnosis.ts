import { canShareMemory, describeMachine, type HostMachine } from "#host";
import { findFeatures, type WasmFeature } from "./features.ts";
import type { Variant } from "./generated/modules.ts";
import { type MachineSpeed, measureMachine } from "./machine.ts";
import { checkThreads, usualThreads } from "./threads.ts";
import { TrialWorker } from "./trial-worker.ts";
import { type Choice, compileBuild, notSupported, tryBuilds } from "./variants.ts";

export type { HostMachine } from "#host";
export type { WasmFeature } from "./features.ts";
export type { MachineSpeed } from "./machine.ts";

/** A build of the kernels on this machine. */
export interface BuildDiagnosis {
  readonly variant: Variant;
  /** "usable" builds compute rightly, and were slower or round in another way than the chosen one. */
  readonly state: "chosen" | "usable" | "rejected";
  /** Speed of its matrix products on one thread; null for a rejected build. */
  readonly gigaflops: number | null;
  /** That speed as a share of the peak of one thread; null for a rejected build. */
  readonly shareOfPeak: number | null;
  /** Why it was rejected; null for the others. */
  readonly reason: string | null;
}

/** What this machine offers to the wasm engine, and what the engine makes of it. */
export interface Diagnosis {
  readonly machine: HostMachine;
  /** What was set of V8. */
  readonly flags: readonly string[];
  /** Threads that an engine has here. */
  readonly threads: number;
  readonly features: readonly WasmFeature[];
  /** Speed of one thread alone, and of all threads at the same time. */
  readonly oneThread: MachineSpeed;
  readonly allThreads: MachineSpeed;
  /** The chosen build first. */
  readonly builds: readonly BuildDiagnosis[];
  /** What would make it faster, a sentence each; empty when nothing is known to. */
  readonly advice: readonly string[];
}

/** Longer than at the start of an engine: figures that are shown should hold. */
const effort = { milliseconds: 30, passes: 3 };

/** Speed of the peak: the faster of the two ways to multiply and add. */
export function peakOf({ gigaflops128, gigaflops256 }: MachineSpeed): number {
  return Math.max(gigaflops128, gigaflops256);
}

/**
 * Looks at the machine as the wasm engine does: tries the builds of the kernels, and measures how fast multiply-adds and
 * reading of memory can be at all. It takes about two seconds and keeps all threads busy.
 *
 * @param options - `threads`: as for `createWasmEngine`
 * @throws OptionError for a number of threads that is not possible here
 * @throws EngineError where no build of the kernels runs
 */
export async function diagnose(options: { readonly threads?: number } = {}): Promise<Diagnosis> {
  const shared = canShareMemory();
  const threads = options.threads ?? usualThreads(shared);
  checkThreads(threads, shared);
  // Before anything of this keeps processors busy.
  const machine = describeMachine();
  const worker = new TrialWorker();
  const choice = await tryBuilds("fast", effort, { shared, worker }).finally(() => worker.close());
  const module = await compileBuild(choice.variant, false);
  const { oneThread, allThreads } = await measureMachine(module, threads);
  const { flags } = choice;
  return {
    machine,
    flags,
    threads,
    features: findFeatures(oneThread),
    oneThread,
    allThreads,
    builds: buildsOf(choice, peakOf(oneThread)),
    advice: adviceOn(machine, threads, choice),
  };
}

/**
 * Billions of multiplications and additions that a build of the kernels could do in a second at most, with a number of
 * threads at the same time.
 */
export async function measurePeak(variant: Variant, threads: number): Promise<number> {
  const { allThreads } = await measureMachine(await compileBuild(variant, false), threads);
  return peakOf(allThreads);
}

function buildsOf({ variant: chosen, measured, rejected }: Choice, peak: number): BuildDiagnosis[] {
  const usable = measured.map(({ variant, gigaflops }): BuildDiagnosis => {
    const state = variant === chosen ? "chosen" : "usable";
    return { variant, state, gigaflops, shareOfPeak: gigaflops / peak, reason: null };
  });
  usable.sort((a, b) => Number(b.state === "chosen") - Number(a.state === "chosen"));
  const others = rejected.map(
    (entry): BuildDiagnosis => ({ ...entry, state: "rejected", gigaflops: null, shareOfPeak: null }),
  );
  return [...usable, ...others];
}

/** Threads of others that may be at work before it is worth a word. */
const idleLoad = 0.5;

/** What would make it faster, as far as it applies. */
export function adviceOn(
  { processors, load, remedies }: HostMachine,
  threads: number,
  { rejected }: Pick<Choice, "rejected">,
): string[] {
  const advice = [...remedies];
  if (threads < processors && canShareMemory()) {
    advice.push(`${processors} threads: ${threads} of ${processors} processors are used.`);
  }
  if (load !== null && load > idleLoad) {
    advice.push(
      `An idle machine: in the last minute ${load.toFixed(1)} threads of other programs wanted one of its ${processors} processors, so all speeds here are lower than they could be.`,
    );
  }
  for (const { variant, reason } of rejected) {
    if (reason === notSupported) continue;
    advice.push(
      `A report of this defect: the build ${variant} of the kernels is not used, because ${reason}.`,
    );
  }
  return advice;
}
