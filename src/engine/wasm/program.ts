import { type ArrayOf, bytesPerElement, type DType, Tensor } from "../../tensor/index.ts";
import type { Feeds, Fetches, Plan, Profile, Program } from "../engine.ts";
import { checkFeeds, checkSteps } from "../validation.ts";
import type { Port } from "./plan/plan.ts";
import type { Queue } from "./queue.ts";
import type { Team } from "./team.ts";
import type { Placement } from "./worker/protocol.ts";

/** A port and where its ring lies. */
export interface LoadedPort extends Port {
  readonly address: number;
}

/** A list of calls in linear memory. */
export interface LoadedCalls {
  readonly calls: { readonly length: number };
  /** Address of the `Program` record of kernels/program.ts. */
  readonly address: number;
  /** Address of a float64 for each record, for profiles. */
  readonly times: number;
}

/** A program in linear memory. */
export interface LoadedProgram {
  readonly plan: Plan;
  readonly maximumSteps: number;
  /** What runs in every step. */
  readonly step: LoadedCalls;
  /** What prepares weights: it runs before a step when one of the variables `sources` has changed. */
  readonly prologue: LoadedCalls;
  readonly sources: readonly string[];
  /** Names of the variables that a step changes. */
  readonly updated: readonly string[];
  readonly inputs: readonly LoadedPort[];
  readonly outputs: readonly LoadedPort[];
}

/** How many runs of a program may be under way: the rings have this many times `maximumSteps` slots. */
export const RUNS_IN_FLIGHT = 2;

/** What a program needs of its session: held, so that memory is not given back while the program is in use. */
export interface ProgramSession {
  /** @throws EngineError when the session is closed */
  checkOpen(): void;
  /** Notes that variables are going to change. */
  noteChange(names: readonly string[]): void;
  /** A number that has grown if one of the variables has changed. */
  lastChange(names: readonly string[]): number;
}

/** A compiled graph of the wasm engine. */
export class WasmProgram implements Program {
  readonly plan: Plan;
  readonly maximumSteps: number;
  readonly #loaded: LoadedProgram;
  readonly #team: Team;
  readonly #queue: Queue;
  readonly #session: ProgramSession;
  readonly #inFlight: Promise<unknown>[] = [];
  #runs = 0;
  /** The last change of weights that the prologue has seen. */
  #prepared = -1;

  constructor(loaded: LoadedProgram, team: Team, queue: Queue, session: ProgramSession) {
    this.#session = session;
    this.plan = loaded.plan;
    this.maximumSteps = loaded.maximumSteps;
    this.#loaded = loaded;
    this.#team = team;
    this.#queue = queue;
  }

  async run(feeds: readonly Feeds[]): Promise<readonly Fetches[]> {
    checkSteps(feeds.length, this.maximumSteps);
    const types = new Map(this.#loaded.inputs.map(({ name, type }) => [name, type]));
    for (const step of feeds) checkFeeds(types, step);
    this.#session.checkOpen();
    if (feeds.length === 0) return [];
    const stale = this.#isStale();
    this.#session.noteChange(this.#loaded.updated);
    const firstSlot = (this.#runs++ % RUNS_IN_FLIGHT) * this.maximumSteps;
    // Fed arrays may change once this call has returned: their bytes are taken now.
    const writes = feeds.flatMap((step, index) => this.#placements(step, firstSlot + index));
    const outputs = this.#loaded.outputs;
    const reads = feeds.flatMap((_, index) =>
      outputs.map((port) => ({ address: slotAddress(port, firstSlot + index), length: byteLength(port) })),
    );
    const values = await this.#queue.post(async () => {
      // The slots of this run were those of the run before the last.
      while (this.#inFlight.length >= RUNS_IN_FLIGHT) await this.#inFlight.shift()?.catch(() => {});
      const { prologue, step } = this.#loaded;
      const prepared = stale ? this.#team.run(prologue.address, 1, 0, [], []) : Promise.resolve();
      const run = this.#team.run(step.address, feeds.length, firstSlot, writes, reads);
      const done = Promise.all([run, prepared]).then(([values]) => values);
      this.#inFlight.push(done);
      return { done };
    });
    return feeds.map((_, index) =>
      Object.fromEntries(
        outputs.map((port, output) => [port.name, toTensor(port, values[index * outputs.length + output])]),
      ),
    );
  }

  async profile(feeds: Feeds): Promise<Profile> {
    checkFeeds(new Map(this.#loaded.inputs.map(({ name, type }) => [name, type])), feeds);
    this.#session.checkOpen();
    const writes = this.#placements(feeds, 0);
    this.#session.noteChange(this.#loaded.updated);
    const { prologue, step } = this.#loaded;
    const times = await this.#queue.exclusive(async () => {
      await this.#team.access(writes, []);
      return [...(await this.#time(prologue)), ...(await this.#time(step))];
    });
    return this.plan.operations.map((operation, index) => ({ operation, milliseconds: times[index] }));
  }

  /** Whether the prologue has to run before the next step; it is taken to do so. */
  #isStale(): boolean {
    const { prologue, sources } = this.#loaded;
    const changed = this.#session.lastChange(sources);
    if (prologue.calls.length === 0 || changed === this.#prepared) return false;
    this.#prepared = changed;
    return true;
  }

  /** Runs calls with timers; milliseconds of each. */
  async #time({ calls, address, times }: LoadedCalls): Promise<Float64Array> {
    await this.#team.profile(address, 0, times);
    const [bytes] = await this.#team.access([], [{ address: times, length: 8 * calls.length }]);
    return new Float64Array(bytes.buffer);
  }

  #placements(feeds: Feeds, slot: number): Placement[] {
    return this.#loaded.inputs.map((port) => ({
      address: slotAddress(port, slot),
      bytes: bytesOfTensor(feeds[port.name]).slice(),
    }));
  }
}

function slotAddress(port: LoadedPort, slot: number): number {
  return port.address + slot * port.slotBytes;
}

function byteLength({ type }: Port): number {
  return type.shape.reduce((product, size) => product * size, bytesPerElement[type.dtype]);
}

/** The bytes under a tensor; not a copy. */
export function bytesOfTensor({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const viewOf: { readonly [D in DType]: (bytes: ArrayBufferLike) => ArrayOf[D] } = {
  float32: (bytes) => new Float32Array(bytes),
  float64: (bytes) => new Float64Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
  uint32: (bytes) => new Uint32Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
};

/** A tensor over bytes that nobody else holds. */
export function toTensor({ type }: Pick<Port, "type">, bytes: Uint8Array): Tensor {
  return new Tensor(type.dtype, type.shape, viewOf[type.dtype](bytes.buffer));
}
