import { canShareMemory, tuneV8 } from "#host";
import type { Engine, Precision, Session } from "../engine.ts";
import { Holdings, WorkingMemory } from "./holdings.ts";
import type { Target } from "./plan/plan.ts";
import { Queue } from "./queue.ts";
import { type Lease, WasmSession } from "./session.ts";
import { Team } from "./team.ts";
import { checkThreads, startWorkers, usualThreads } from "./threads.ts";
import { TrialWorker } from "./trial-worker.ts";
import { chooseKernels, type Kernels } from "./variants.ts";

/** How to make a wasm engine. */
export interface WasmEngineOptions {
  /** Worker threads; by default one for each processor, and 1 where memory cannot be shared. */
  readonly threads?: number;
  /** "fast" (default), or "exact": only instructions that give the same bits on every machine. */
  readonly precision?: Precision;
  /**
   * Whether 3 x 3 and 5 x 5 convolutions run by Winograd's filtering where that costs less ("auto", the default), wherever
   * it is possible, or never. For measurements; "exact" never uses it.
   */
  readonly winograd?: "auto" | "always" | "never";
  /** Whether threads share memory; by default where the host can. Without it there is one thread. */
  readonly sharedMemory?: boolean;
  /**
   * How the build of the kernels is chosen: by "speed" (default), which is measured for some 30 milliseconds once in a
   * process; or by "rule", the one that usually wins on such a host, for work that takes no longer than that. Its
   * products are checked either way, and its results are the same bits.
   */
  readonly kernels?: "speed" | "rule";
}

/** The engine that plans a step as a list of WebAssembly kernel calls and runs it on a team of threads. */
export class WasmEngine implements Engine {
  readonly name: string;
  readonly threads: number;
  /** Which build of the kernels runs, and which were not taken and why. */
  readonly kernels: Kernels;
  readonly #target: Target;
  readonly #team: Team;
  readonly #queue = new Queue();
  readonly #working: WorkingMemory;
  /** Frees the memory of sessions that nobody holds any more. */
  readonly #abandoned: FinalizationRegistry<Holdings>;

  constructor(kernels: Kernels, team: Team, { precision, winograd }: Omit<Target, "tile">) {
    this.#target = { precision, winograd, tile: kernels.tile };
    this.name = `wasm (${kernels.variant}, ${team.threads} ${team.threads === 1 ? "thread" : "threads"})`;
    this.threads = team.threads;
    this.kernels = kernels;
    this.#team = team;
    const working = new WorkingMemory(team);
    this.#working = working;
    this.#abandoned = new FinalizationRegistry((holdings) => {
      void this.#queue.exclusive(async () => working.release(holdings));
    });
  }

  async openSession(): Promise<Session> {
    return this.#open(null);
  }

  /** @param base - the session that the new one is a lease of */
  #open(base: Lease | null): WasmSession {
    const holdings = new Holdings(base?.holdings);
    this.#working.follow(holdings);
    const session = new WasmSession({
      team: this.#team,
      queue: this.#queue,
      working: this.#working,
      target: this.#target,
      holdings,
      base: base?.session ?? null,
      open: (lease) => this.#open(lease),
    });
    this.#abandoned.register(session, holdings);
    return session;
  }

  async close(): Promise<void> {
    await this.#queue.exclusive(async () => this.#team.close());
  }
}

/**
 * Makes a wasm engine: compiles and checks the kernels and starts the threads.
 *
 * @throws OptionError for a number of threads that is not possible here
 * @throws EngineError where WebAssembly SIMD is missing
 */
export async function createWasmEngine(options: WasmEngineOptions = {}): Promise<WasmEngine> {
  const shared = options.sharedMemory ?? canShareMemory();
  const threads = options.threads ?? usualThreads(shared);
  checkThreads(threads, shared);
  const precision = options.precision ?? "fast";
  // Before the workers start, since they compile, too.
  tuneV8();
  const workers = startWorkers(threads);
  try {
    const worker = new TrialWorker(workers[0]);
    const kernels = await chooseKernels(precision, shared, { by: options.kernels ?? "speed", worker });
    const target = { precision, winograd: options.winograd ?? "auto" };
    return new WasmEngine(kernels, new Team(kernels.module, workers, shared), target);
  } catch (error) {
    for (const worker of workers) worker.terminate();
    throw error;
  }
}
