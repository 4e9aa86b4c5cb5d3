import {
  absolutePath,
  type HostWorker,
  hostKind,
  imageDecoderAddress,
  processorCount,
  startWorker,
} from "#host";
import { isWholeNumber } from "../../options/fields.ts";
import { DataError, EngineError, OptionError } from "../../tensor/errors.ts";
import {
  checkPhotoOptions,
  type Identify,
  type Photo,
  type PhotoCrop,
  type PhotoOptions,
  photoOptionsOf,
  unreadable,
} from "./photo.ts";
import { type PhotoDone, type PhotoTask, readPhoto } from "./photo-task.ts";
import type { WorkerStart } from "./worker.ts";

/** How a {@link DecodePool} works. */
export interface DecodePoolOptions {
  /**
   * Threads that decode. Unless told, half as many as the machine runs at a time: the engine's threads want the
   * processor too. With 0 the calling thread does the work.
   */
  readonly workers?: number;
  /** How many photos may wait at most; one more is refused. Default: any number, for callers that bound it themselves. */
  readonly waiting?: number;
  /** Seconds after which a photo is given up. Default 120. */
  readonly patience?: number;
}

/** How one photo is read by a {@link DecodePool}. */
export interface DecodeOptions extends PhotoOptions {
  /** The photo's name, for errors; unless told, its path. */
  readonly name?: string;
  /** What to cut out of the upright photo; unless told, what `fit` and `resize` do. */
  readonly crop?: PhotoCrop | null;
  /** Whether `contentHash` and `likeness` are wanted. Default true. */
  readonly identify?: Identify;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** A photo on its way. */
interface Job {
  readonly task: PhotoTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (photo: Photo) => void;
  readonly reject: (reason: unknown) => void;
  /** How many threads ended while they had it. */
  deaths: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

interface Slot {
  worker: HostWorker | null;
  /** Whether it has answered: one that ends before that cannot run here at all. */
  ready: boolean;
  readonly jobs: Map<number, Job>;
}

/** Photos that a thread has at a time: one is decoded by the system's threads while another is resized. */
const depth = 2;

const sources = {
  node: () => import("./generated/node-worker.ts"),
  browser: () => import("./generated/browser-worker.ts"),
} as const;

/**
 * Threads that read photos: decoding, turning upright, cutting, resizing and hashing happen beside the caller's thread and
 * the engine's. They start when they are needed and do not keep the process alive. A thread that dies is replaced; the
 * photo that it died of is reported as one that cannot be read.
 */
export class DecodePool {
  readonly workers: number;
  readonly #waitingLimit: number;
  readonly #patience: number;
  readonly #slots: readonly Slot[];
  /** Jobs that no thread has yet, the oldest first. */
  readonly #queue = new Set<Job>();
  #source: string | undefined;
  #starting = false;
  #ownThread: boolean;
  readonly #ownJobs = new Set<Job>();
  readonly #heeded = new WeakSet<AbortSignal>();
  #nextTask = 1;
  #closed = false;

  /** @throws OptionError when an option is not a number that makes sense */
  constructor(options: DecodePoolOptions = {}) {
    const { workers = defaultWorkers(), waiting = Number.POSITIVE_INFINITY, patience = 120 } = options;
    const where = "decode pool";
    if (!isWholeNumber(workers, 0, 256)) {
      throw new OptionError(`option "workers" must be a whole number from 0 to 256, got ${workers}`, {
        where,
      });
    }
    if (!(waiting >= 1))
      throw new OptionError(`option "waiting" must be at least 1, got ${waiting}`, { where });
    if (!(patience > 0))
      throw new OptionError(`option "patience" must be above 0 seconds, got ${patience}`, { where });
    this.workers = workers;
    this.#waitingLimit = waiting;
    this.#patience = patience;
    this.#ownThread = workers === 0;
    this.#slots = Array.from({ length: workers }, () => ({ worker: null, ready: false, jobs: new Map() }));
  }

  /** Whether it takes no more photos. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Photos that wait for a thread. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Photos that threads are about. */
  get running(): number {
    return this.#slots.reduce((sum, { jobs }) => sum + jobs.size, this.#ownJobs.size);
  }

  /**
   * Reads a photo. One that cannot be read is a result with a `problem`.
   *
   * @param source - a path (in a page, an address), or the bytes of a file, which must not change until the result is there
   * @throws OptionError when the options describe no input
   * @throws DataError when more photos wait than may
   * @throws EngineError when the pool is closed; the signal's reason when that ends the wait
   */
  async decode(source: string | Uint8Array<ArrayBuffer>, options: DecodeOptions): Promise<Photo> {
    const { name, crop = null, identify = true, signal } = options;
    checkPhotoOptions(options, "decode");
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    if (this.#queue.size >= this.#waitingLimit) {
      throw new DataError(`${this.#queue.size} photos wait to be decoded, no more are taken`, {
        where: name ?? "decode pool",
        hint: "Try again later.",
      });
    }
    const isPath = typeof source === "string";
    const task: PhotoTask = {
      id: this.#nextTask++,
      // What is sent is the whole memory that the bytes lie in.
      source: isPath
        ? absolutePath(source)
        : source.length < source.buffer.byteLength
          ? source.slice()
          : source,
      name: name ?? (isPath ? source : "photo"),
      options: photoOptionsOf(options),
      crop,
      identify,
    };
    if (signal !== undefined) this.#heed(signal);
    return new Promise<Photo>((resolve, reject) => {
      this.#queue.add({ task, signal, resolve, reject, deaths: 0, timer: undefined });
      this.#deal();
    });
  }

  /** Listens to a signal once, however many photos depend on it. */
  #heed(signal: AbortSignal): void {
    if (this.#heeded.has(signal)) return;
    this.#heeded.add(signal);
    signal.addEventListener("abort", () => {
      for (const job of this.#all()) {
        if (job.signal !== signal) continue;
        // What a thread is about goes on; nobody waits for it.
        this.#queue.delete(job);
        job.reject(signal.reason);
      }
    });
  }

  #all(): Job[] {
    return [...this.#queue, ...this.#ownJobs, ...this.#slots.flatMap(({ jobs }) => [...jobs.values()])];
  }

  /** Ends the threads. Photos on their way are rejected with an EngineError. */
  close(): void {
    this.#closed = true;
    const jobs = this.#all();
    this.#queue.clear();
    for (const slot of this.#slots) this.#end(slot);
    for (const job of jobs) job.reject(closedError());
  }

  /** Gives waiting photos to threads that have room, the idlest first. */
  #deal(): void {
    if (this.#ownThread) {
      this.#dealToOwn();
      return;
    }
    if (this.#queue.size > 0 && this.#source === undefined) {
      void this.#loadSource();
      return;
    }
    for (const job of this.#queue) {
      const slot = this.#slots.reduce((idlest, other) =>
        other.jobs.size < idlest.jobs.size ? other : idlest,
      );
      // What a thread died of may be in any of its photos: from then on each is alone with its thread.
      const room = job.deaths > 0 || [...slot.jobs.values()].some(({ deaths }) => deaths > 0) ? 1 : depth;
      if (slot.jobs.size >= room) return;
      this.#queue.delete(job);
      this.#send(slot, job);
    }
  }

  async #loadSource(): Promise<void> {
    if (this.#starting) return;
    this.#starting = true;
    try {
      this.#source = (await sources[hostKind]()).workerSource;
    } catch {
      // A page that is offline by now, say: the code that is there already does the same.
      this.#ownThread = true;
    }
    this.#deal();
  }

  #send(slot: Slot, job: Job): void {
    slot.worker ??= this.#start(slot);
    if (slot.worker === null) {
      this.#useOwnThread(slot, job);
      return;
    }
    slot.jobs.set(job.task.id, job);
    slot.worker.keepAlive(true);
    job.timer = setTimeout(() => this.#giveUp(slot, job), this.#patience * 1000);
    slot.worker.postMessage(job.task);
  }

  #start(slot: Slot): HostWorker | null {
    let worker: HostWorker;
    try {
      worker = startWorker(this.#source ?? "");
    } catch {
      return null;
    }
    slot.ready = false;
    worker.onMessage((message) => {
      if (slot.worker !== worker) return;
      slot.ready = true;
      if (message !== "ready") this.#receive(slot, message as PhotoDone);
    });
    worker.onError((error) => {
      if (slot.worker === worker) this.#bury(slot, error);
    });
    const start: WorkerStart = { decoder: imageDecoderAddress() };
    worker.postMessage(start);
    return worker;
  }

  #receive(slot: Slot, { id, photo }: PhotoDone): void {
    const job = slot.jobs.get(id);
    if (job === undefined) return;
    this.#take(slot, job);
    job.resolve(photo);
    this.#deal();
  }

  /** A thread has ended: its photos go to another, but for one that was alone with it. */
  #bury(slot: Slot, error: Error): void {
    const jobs = [...slot.jobs.values()];
    const couldRun = slot.ready;
    this.#end(slot);
    if (!couldRun) {
      for (const job of jobs) this.#useOwnThread(slot, job);
      return;
    }
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const job of jobs) {
      job.deaths++;
      if (jobs.length === 1) job.resolve(unreadable(`its decoder stopped (${error.message})`));
      else this.#queue.add(job);
    }
    for (const job of waiting) this.#queue.add(job);
    this.#deal();
  }

  #giveUp(slot: Slot, job: Job): void {
    const others = [...slot.jobs.values()].filter((other) => other !== job);
    this.#end(slot);
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const other of [...others, ...waiting]) this.#queue.add(other);
    job.resolve(unreadable(`decoding it takes longer than ${this.#patience} s`));
    this.#deal();
  }

  #take(slot: Slot, job: Job): void {
    clearTimeout(job.timer);
    slot.jobs.delete(job.task.id);
    if (slot.jobs.size === 0) slot.worker?.keepAlive(false);
  }

  #end(slot: Slot): void {
    const { worker } = slot;
    slot.worker = null;
    for (const job of [...slot.jobs.values()]) this.#take(slot, job);
    worker?.terminate();
  }

  /** Where no thread can be started (a page whose policy forbids it), the calling one decodes. */
  #useOwnThread(slot: Slot, job: Job): void {
    slot.jobs.delete(job.task.id);
    this.#ownThread = true;
    this.#queue.add(job);
    this.#dealToOwn();
  }

  #dealToOwn(): void {
    for (const job of this.#queue) {
      if (this.#ownJobs.size >= depth) return;
      this.#queue.delete(job);
      this.#ownJobs.add(job);
      void readPhoto(job.task).then((photo) => {
        this.#ownJobs.delete(job);
        job.resolve(photo);
        this.#dealToOwn();
      });
    }
  }
}

function closedError(): EngineError {
  return new EngineError("the decode pool is closed", { hint: "Create another one." });
}

/** One thread for two of the engine's: with the decoders' own threads behind it, that keeps the engine fed. */
function defaultWorkers(): number {
  return Math.max(1, Math.min(8, Math.floor(processorCount() / 2)));
}

let shared: DecodePool | undefined;

/** The pool of whoever brings none: one for the process, so that its threads start once. */
export function sharedDecodePool(): DecodePool {
  if (shared === undefined || shared.closed) shared = new DecodePool();
  return shared;
}
