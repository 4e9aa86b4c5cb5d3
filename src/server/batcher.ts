import { EngineError } from "../tensor/errors.ts";

/** How images are gathered. */
export interface BatcherOptions {
  /** Values of one image. */
  readonly rowSize: number;
  /** The most images of a call; a power of two. */
  readonly batchSize: number;
  /** How long the first of a batch waits for others, in milliseconds. */
  readonly wait: number;
}

/**
 * Runs some images: their pixels one behind the other.
 *
 * @returns the outputs one behind the other
 */
export type RunBatch = (pixels: Uint8Array, count: number) => Promise<Float32Array>;

/** An image that waits for its turn. */
interface Waiting {
  readonly pixels: Uint8Array;
  readonly resolve: (output: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Gathers images of concurrent requests, so that the engine has many at once. One call runs at a time; what comes meanwhile
 * goes into the next one. A call takes 1, 2, 4, ... images, as many as there are of these: each size is a program that is
 * compiled once, and none computes images that are not there.
 */
export class Batcher {
  readonly #run: RunBatch;
  readonly #options: BatcherOptions;
  readonly #queue = new Set<Waiting>();
  #batchSize: number;
  #running = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(run: RunBatch, options: BatcherOptions) {
    this.#run = run;
    this.#options = options;
    this.#batchSize = options.batchSize;
  }

  /** The most images of a call from now on. */
  set batchSize(size: number) {
    this.#batchSize = size;
  }

  /** Images that wait for a call. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * The model's output for an image.
   *
   * @param signal - takes the image out of the queue; in a call that runs it stays
   * @throws the signal's reason; what the call throws; EngineError when closed
   */
  async submit(pixels: Uint8Array, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError();
    return new Promise<Float32Array>((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        pixels,
        resolve: (output) => {
          signal.removeEventListener("abort", leave);
          resolve(output);
        },
        reject: (reason) => {
          signal.removeEventListener("abort", leave);
          reject(reason);
        },
      };
      signal.addEventListener("abort", leave);
      this.#queue.add(waiting);
      this.#schedule();
    });
  }

  /** Rejects what waits. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const waiting of this.#queue) waiting.reject(closedError());
    this.#queue.clear();
  }

  #schedule(): void {
    if (this.#running) return;
    if (this.#queue.size >= this.#batchSize) {
      void this.#work();
      return;
    }
    this.#timer ??= setTimeout(() => void this.#work(), this.#options.wait);
  }

  /** Runs batch after batch until nothing waits. */
  async #work(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#running) return;
    this.#running = true;
    while (this.#queue.size > 0) await this.#runOne();
    this.#running = false;
  }

  async #runOne(): Promise<void> {
    const { rowSize } = this.#options;
    const count = Math.min(this.#batchSize, 2 ** Math.floor(Math.log2(this.#queue.size)));
    const batch = [...this.#queue].slice(0, count);
    const pixels = new Uint8Array(count * rowSize);
    for (const [index, waiting] of batch.entries()) {
      this.#queue.delete(waiting);
      pixels.set(waiting.pixels, index * rowSize);
    }
    try {
      const outputs = await this.#run(pixels, count);
      const size = outputs.length / count;
      for (const [index, { resolve }] of batch.entries()) {
        resolve(outputs.slice(index * size, (index + 1) * size));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function closedError(): EngineError {
  return new EngineError("the service is closed");
}
