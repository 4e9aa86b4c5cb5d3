import type { HostWorker } from "#host";
import { EngineError, MemoryError } from "../../tensor/index.ts";
import { kernelNames } from "./kernel-names.ts";
import { Allocator, PAGE_BYTES } from "./memory.ts";
import type { DoneMessage, Extent, Placement, TaskMessage } from "./worker/protocol.ts";

/** A task without its number, which the team gives it. */
type Unnumbered<M> = M extends { readonly id: number } ? Omit<M, "id"> : never;
type Task = Unnumbered<TaskMessage>;

/** Address of the barrier's state; below lie nothing but guard bytes. */
const TEAM_ADDRESS = 64;
/** Bytes that are copied in one go: a few milliseconds, even where each page is touched for the first time. */
const PIECE_BYTES = 2 * 1024 * 1024;
/** First address that is dealt out: beyond the module's own static data. */
const FIRST_ADDRESS = PAGE_BYTES;

/**
 * A fixed set of worker threads on one linear memory. Tasks are performed in the order in which they are given; this
 * thread never computes and never blocks.
 */
export class Team {
  readonly threads: number;
  readonly allocator: Allocator;
  readonly #memory: WebAssembly.Memory | null;
  readonly #workers: readonly HostWorker[];
  readonly #waiting = new Map<
    number,
    { resolve: (reads: readonly Uint8Array[]) => void; reject: (error: Error) => void }
  >();
  #pages = 16;
  #nextTask = 1;
  #scratch = { address: 0, bytes: 0 };
  #failure: Error | undefined;

  /**
   * @param module - kernels, compiled for shared memory exactly if `shared`
   * @param workers - one a thread, with nothing to do yet; 1 unless `shared`
   */
  constructor(module: WebAssembly.Module, workers: readonly HostWorker[], shared: boolean) {
    const threads = workers.length;
    this.threads = threads;
    this.#memory = shared ? createSharedMemory(this.#pages) : null;
    this.allocator = new Allocator(FIRST_ADDRESS, (bytes) => this.#ensureBytes(bytes));
    this.#workers = workers;
    workers.forEach((worker, thread) => {
      worker.onMessage((message) => this.#receive(message as DoneMessage));
      worker.onError((error) => this.#fail(error));
      const start = { type: "start", module, memory: this.#memory, pages: this.#pages, kernels: kernelNames };
      worker.postMessage({ ...start, thread, threads, team: TEAM_ADDRESS });
    });
  }

  /** Makes sure that each thread has this much scratch. */
  ensureScratch(bytes: number): void {
    if (bytes <= this.#scratch.bytes) return;
    // The new place first: if there is none, the threads go on with the old one.
    const address = this.allocator.allocate(bytes * this.threads, "scratch");
    // Runs under way still write to the old place; whoever takes it next writes there after them, in the queue.
    if (this.#scratch.bytes > 0)
      this.allocator.release(this.#scratch.address, this.#scratch.bytes * this.threads);
    this.#scratch = { address, bytes };
    this.#workers.forEach((worker, thread) => {
      // A failure reaches whoever waits for the next run.
      this.#post([worker], { type: "scratch", address: address + thread * bytes }).catch(() => {});
    });
  }

  /** Runs steps of a program on all threads. `reads` are fetched when they are done. */
  run(
    program: number,
    steps: number,
    firstSlot: number,
    writes: readonly Placement[],
    reads: readonly Extent[],
  ): Promise<readonly Uint8Array[]> {
    if (this.#memory === null)
      return this.#post(this.#workers, { type: "run", program, steps, firstSlot, writes, reads });
    this.#place(this.#memory, writes);
    const done = this.#post(this.#workers, { type: "run", program, steps, firstSlot, writes: [], reads: [] });
    return done.then(() => this.#fetch(reads));
  }

  /** Runs one step with timers; the milliseconds of each record are written as float64 to `times`. */
  profile(program: number, slot: number, times: number): Promise<readonly Uint8Array[]> {
    return this.#post(this.#workers, { type: "profile", program, slot, times });
  }

  /** Writes to and reads from memory. With shared memory the caller sees to it that no run is under way. */
  async access(writes: readonly Placement[], reads: readonly Extent[]): Promise<readonly Uint8Array[]> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#memory === null) return this.#post(this.#workers, { type: "access", writes, reads });
    this.#place(this.#memory, writes);
    return this.#fetch(reads);
  }

  /** Fills a stretch of memory with zeros, on a worker: fresh pages of a large one take a while to come. */
  async clear(extent: Extent): Promise<void> {
    await this.#post(this.#workers.slice(0, 1), { type: "clear", ...extent });
  }

  /** Writes bytes of any number. Between pieces this thread is free for other work. */
  async write({ address, bytes }: Placement): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
      if (offset > 0) await new Promise((resolve) => setTimeout(resolve, 0));
      await this.access(
        [{ address: address + offset, bytes: bytes.subarray(offset, offset + PIECE_BYTES) }],
        [],
      );
    }
  }

  /** Ends the threads. Tasks under way are rejected. */
  close(): void {
    this.#fail(new EngineError("the engine is closed", { hint: "Create another one." }));
  }

  #post(workers: readonly HostWorker[], task: Task): Promise<readonly Uint8Array[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextTask++;
    for (const worker of workers) worker.postMessage({ ...task, id });
    if (workers[0] !== this.#workers[0]) return Promise.resolve([]);
    this.#workers[0].keepAlive(true);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive({ id, reads, error }: DoneMessage): void {
    if (error !== undefined) {
      this.#fail(new EngineError(`a kernel failed: ${error}`, { where: "wasm engine" }));
      return;
    }
    const task = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#workers[0].keepAlive(false);
    task?.resolve(reads);
  }

  /** A thread that fails leaves the others waiting for it at a barrier: the whole team ends. */
  #fail(error: Error): void {
    this.#failure ??=
      error instanceof EngineError ? error : new EngineError(`a thread stopped: ${error.message}`);
    for (const worker of this.#workers) worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  #ensureBytes(bytes: number): void {
    const pages = Math.ceil(bytes / PAGE_BYTES) - this.#pages;
    if (pages <= 0) return;
    try {
      this.#memory?.grow(pages);
    } catch (cause) {
      throw new MemoryError(`the memory cannot grow to ${bytes} bytes`, {
        where: "memory",
        hint: "Use a smaller batch, a smaller model or fewer examples, or close other programs.",
        cause,
      });
    }
    this.#pages += pages;
    if (this.#memory === null) this.#post(this.#workers, { type: "grow", pages }).catch(() => {});
  }

  #place(memory: WebAssembly.Memory, writes: readonly Placement[]): void {
    const bytes = new Uint8Array(memory.buffer);
    for (const write of writes) bytes.set(write.bytes, write.address);
  }

  #fetch(reads: readonly Extent[]): Uint8Array[] {
    const memory = this.#memory;
    if (memory === null) return [];
    return reads.map(({ address, length }) => {
      // A copy in memory of its own: what the caller gets must not change with the next step.
      const copy = new Uint8Array(length);
      copy.set(new Uint8Array(memory.buffer, address, length));
      return copy;
    });
  }
}

/** Shared memory that can grow as far as the host allows: browsers on small devices reserve less than 4 GiB. */
function createSharedMemory(initial: number): WebAssembly.Memory {
  for (let maximum = 65536; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch (cause) {
      if (maximum <= 1024)
        throw new EngineError("the host gives no shared memory", { where: "wasm engine", cause });
    }
  }
}
