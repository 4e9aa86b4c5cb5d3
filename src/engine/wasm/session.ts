import type { Graph } from "../../graph/index.ts";
import { EngineError, type Tensor, type TensorType } from "../../tensor/index.ts";
import type { Forecast, Plan, Session } from "../engine.ts";
import { checkType, checkVariableName, leavesOf } from "../validation.ts";
import type { Holdings, WorkingMemory } from "./holdings.ts";
import { type Loading, loadProgram } from "./load.ts";
import { align } from "./memory.ts";
import { bytesOf } from "./plan/buffers.ts";
import { type Placement as BufferPlacement, placeBuffers, SLACK } from "./plan/place.ts";
import { type LoweredGraph, lowerGraph, type Target } from "./plan/plan.ts";
import { bytesOfTensor, type ProgramSession, RUNS_IN_FLIGHT, toTensor, WasmProgram } from "./program.ts";
import type { Queue } from "./queue.ts";
import type { Team } from "./team.ts";

/** A graph that has been planned, but not given its addresses. */
interface Layout {
  readonly lowered: LoweredGraph;
  readonly placement: BufferPlacement;
  /** Of each thread. */
  readonly scratchBytes: number;
  readonly plan: Plan;
}

/** What a thread's scratch holds before what kernels ask for (RESERVED_BYTES of kernels/tile.ts). */
const RESERVED_SCRATCH_BYTES = 4096;

interface Variable {
  readonly type: TensorType;
  readonly address: number;
}

/** A session that another one is over. */
export interface Lease {
  readonly session: WasmSession;
  readonly holdings: Holdings;
}

/** What a session is made of. */
export interface SessionParts {
  readonly team: Team;
  readonly queue: Queue;
  readonly working: WorkingMemory;
  readonly target: Target;
  /** What closing gives back; shared with the engine, which does so for sessions that nobody holds any more. */
  readonly holdings: Holdings;
  /** The session whose variables this one sees, if any. Held, so that it stays open as long as this one is in use. */
  readonly base: WasmSession | null;
  readonly open: (base: Lease) => WasmSession;
}

/** Variables in linear memory, and the programs that use them. */
export class WasmSession implements Session, ProgramSession {
  readonly #team: Team;
  readonly #queue: Queue;
  readonly #working: WorkingMemory;
  readonly #target: Target;
  readonly #base: WasmSession | null;
  readonly #open: SessionParts["open"];
  readonly #holdings: Holdings;
  /** Its own; those of the base are looked up there. */
  readonly #variables = new Map<string, Variable>();
  /** When each variable was last changed, counted in changes. */
  readonly #changes = new Map<string, number>();
  #changeCount = 0;
  #closed = false;

  constructor({ team, queue, working, target, holdings, base, open }: SessionParts) {
    this.#target = target;
    this.#team = team;
    this.#queue = queue;
    this.#working = working;
    this.#holdings = holdings;
    this.#base = base;
    this.#open = open;
  }

  async lease(): Promise<WasmSession> {
    this.checkOpen();
    return this.#open({ session: this, holdings: this.#holdings });
  }

  async compile(graph: Graph, options: { readonly maximumSteps?: number } = {}): Promise<WasmProgram> {
    this.checkOpen();
    const { variables } = leavesOf(graph);
    for (const [name, type] of variables) this.#checkKnown(name, type, "compile");
    for (const [name, type] of variables) await this.allocate(name, type);
    // It may have been closed while the variables were cleared.
    this.checkOpen();

    const maximumSteps = options.maximumSteps ?? 1;
    // Planning keeps this thread busy for some 20 ms: timers get their turn before and after.
    await pause();
    const layout = this.#layOut(graph, maximumSteps, (name) => this.#variable(name, "compile").address);
    await pause();
    this.checkOpen();
    const loading = await this.#queue.exclusive(() => this.#load(layout, maximumSteps));
    return new WasmProgram(loading.program, this.#team, this.#queue, this);
  }

  /** Takes memory for a planned graph and places it there, while no run is under way. */
  async #load({ lowered, placement, plan, scratchBytes }: Layout, maximumSteps: number): Promise<Loading> {
    this.checkOpen();
    const { allocator, threads } = this.#team;
    this.#team.ensureScratch(scratchBytes);
    await this.#working.reserve(placement.bytes);
    const options = { threads, maximumSteps, plan, workingAddress: this.#working.address };
    const loading = loadProgram(lowered, placement, allocator, this.#holdings, options);
    await this.#team.access(loading.writes, []);
    return loading;
  }

  forecast(graph: Graph, options: { readonly maximumSteps?: number } = {}): Forecast {
    this.checkOpen();
    const { placement, plan } = this.#layOut(graph, options.maximumSteps ?? 1, () => 0);
    const fresh = [...leavesOf(graph).variables].filter(([name]) => this.#find(name) === undefined);
    const variableBytes = fresh.reduce((sum, [, type]) => sum + align(bytesOf(type) + SLACK), 0);
    // What programs share counts only where it is larger than what there is.
    const shared = this.#working.bytes >= placement.bytes ? placement.bytes : 0;
    // Headers, alignment and tables of a program: a few kilobytes that need no exact sum.
    const overhead = 64 * 1024;
    const bytes = variableBytes + plan.workingBytes - shared + overhead;
    return { plan, fits: bytes <= this.#team.allocator.freeBytes };
  }

  #layOut(graph: Graph, maximumSteps: number, addressOf: (name: string) => number): Layout {
    const lowered = lowerGraph(graph, addressOf, maximumSteps * RUNS_IN_FLIGHT, this.#target);
    const planned = [...lowered.prologue, ...lowered.calls];
    const placement = placeCalls(lowered);
    const scratchBytes = planned.reduce(
      (most, { call }) => Math.max(most, RESERVED_SCRATCH_BYTES + (call.scratchBytes ?? 0)),
      RESERVED_SCRATCH_BYTES,
    );
    const { resident, prepared } = lowered;
    const kept = [...resident, ...prepared.map(({ buffer }) => buffer)];
    const residentBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    const plan: Plan = {
      operations: planned.map(({ operation }) => operation),
      variableBytes: [...leavesOf(graph).variables.values()].reduce((sum, type) => sum + bytesOf(type), 0),
      workingBytes: placement.bytes + residentBytes + scratchBytes * this.#team.threads,
    };
    return { lowered, placement, scratchBytes, plan };
  }

  async allocate(name: string, type: TensorType): Promise<void> {
    this.checkOpen();
    this.#checkKnown(name, type, "allocate");
    if (this.#find(name) !== undefined) return;
    const bytes = bytesOf(type) + SLACK;
    const address = this.#team.allocator.allocate(bytes, `the variable "${name}"`);
    this.#holdings.blocks.push({ address, bytes });
    this.#variables.set(name, { type, address });
    // The memory may have been used before.
    await this.#queue.exclusive(() => this.#team.clear({ address, length: bytes }));
  }

  variables(): ReadonlyMap<string, TensorType> {
    const own = [...this.#variables].map(([name, { type }]) => [name, type] as const);
    return new Map([...(this.#base?.variables() ?? []), ...own]);
  }

  async read(name: string): Promise<Tensor> {
    const [tensor] = await this.#fetch([this.#variable(name, "read")]);
    return tensor;
  }

  async readAll(names: readonly string[]): Promise<Map<string, Tensor>> {
    const tensors = await this.#fetch(names.map((name) => this.#variable(name, "readAll")));
    return new Map(names.map((name, index) => [name, tensors[index]]));
  }

  async write(name: string, value: Tensor): Promise<void> {
    const { type, address } = this.#variable(name, "write");
    checkType(`the variable "${name}"`, type, value, "write");
    this.noteChange([name]);
    await this.#queue.exclusive(() => this.#team.write({ address, bytes: bytesOfTensor(value) }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue.exclusive(async () => this.#working.release(this.#holdings));
    this.#variables.clear();
  }

  /** @throws EngineError when the session's memory, or that of its base, may be another's by now */
  checkOpen(): void {
    this.#base?.checkOpen();
    if (this.#closed) throw new EngineError("the session is closed", { hint: "Open another one." });
  }

  noteChange(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#changeCount++;
    for (const name of names) this.#changes.set(name, this.#changeCount);
    this.#base?.noteChange(names.filter((name) => !this.#variables.has(name)));
  }

  lastChange(names: readonly string[]): number {
    const own = names.reduce((last, name) => Math.max(last, this.#changes.get(name) ?? 0), 0);
    // Neither ever falls: the sum has grown if either has.
    return own + (this.#base?.lastChange(names) ?? 0);
  }

  #variable(name: string, where: string): Variable {
    this.checkOpen();
    const variable = this.#find(name);
    if (variable !== undefined) return variable;
    checkVariableName(this.variables(), name, where);
    throw new EngineError(`there is no variable "${name}"`, { where });
  }

  #find(name: string): Variable | undefined {
    return this.#variables.get(name) ?? (this.#base === null ? undefined : this.#base.#find(name));
  }

  async #fetch(variables: readonly Variable[]): Promise<Tensor[]> {
    const extents = variables.map(({ type, address }) => ({ address, length: bytesOf(type) }));
    const values = await this.#queue.exclusive(() => this.#team.access([], extents));
    return variables.map(({ type }, index) => toTensor({ type }, values[index]));
  }

  #checkKnown(name: string, type: TensorType, where: string): void {
    const known = this.#find(name);
    if (known !== undefined) checkType(`the variable "${name}" of this session`, known.type, type, where);
  }
}

/** Places the working buffers of a program. Its prologue runs before its step and leaves nothing in shared memory. */
function placeCalls({ prologue, calls, prepared }: LoweredGraph): BufferPlacement {
  const kept = new Set(prepared.map(({ buffer }) => buffer));
  const parts = [prologue, calls].map((part) =>
    placeBuffers(
      part.map(({ call }) => call),
      kept,
    ),
  );
  return {
    offsets: new Map(parts.flatMap(({ offsets }) => [...offsets])),
    bytes: Math.max(...parts.map(({ bytes }) => bytes)),
  };
}

/** Lets other work of this thread go first. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
