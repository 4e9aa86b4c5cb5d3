import { encodeImage } from "#host";
import { DecodePool, type Photo } from "../data/index.ts";
import { type ClassProbability, likeliestClasses, type Model, probabilitiesFrom } from "../models/index.ts";
import { MemoryError, ShapeError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Batcher } from "./batcher.ts";
import { RequestFailure } from "./failure.ts";

/** How a {@link Classifier} works; see `ServiceOptions`. */
export interface ClassifierOptions {
  readonly batchSize: number;
  readonly batchWait: number;
  readonly queue: number;
  readonly timeout: number;
  readonly workers: number | null;
  readonly pixelLimit: number;
  readonly fast: boolean;
  /** Told of each call of the model. */
  readonly onBatch: (images: number, milliseconds: number) => void;
}

/** What an image was taken for. */
export interface Classified {
  /** Of the upright image, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The likeliest first. */
  readonly top: readonly ClassProbability[];
}

/** From an image file's bytes to classes: decoded by threads of its own, put through the model in batches. */
export class Classifier {
  readonly #model: Model;
  readonly #probabilities: (scores: Float32Array) => readonly number[];
  readonly #decoding: { readonly mostPixels: number; readonly fast: boolean };
  readonly #pool: DecodePool;
  readonly #batcher: Batcher;
  #lastCallFailed = false;

  /** @throws ShapeError when the model takes no images */
  constructor(model: Model, options: ClassifierOptions) {
    const { batchSize, batchWait, queue, timeout, workers, pixelLimit, fast, onBatch } = options;
    const { inputShape } = model;
    const [, , channels] = inputShape;
    if (inputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
      throw new ShapeError(`the model takes ${formatShape(inputShape)}, no images`, {
        where: model.name,
        hint: "A service needs a model that takes [height, width, 1 or 3].",
      });
    }
    this.#model = model;
    this.#decoding = { mostPixels: pixelLimit, fast };
    this.#probabilities = probabilitiesFrom(model);
    this.#pool = new DecodePool({
      waiting: queue,
      patience: timeout,
      ...(workers === null ? {} : { workers }),
    });
    const rowSize = inputShape.reduce((product, size) => product * size, 1);
    this.#batcher = new Batcher(
      async (pixels, count) => {
        const begin = performance.now();
        const outputs = await this.#run(pixels, count);
        onBatch(count, performance.now() - begin);
        return outputs;
      },
      { rowSize, batchSize, wait: batchWait },
    );
  }

  get waiting(): number {
    return this.#batcher.waiting;
  }

  get decoding(): number {
    return this.#pool.waiting + this.#pool.running;
  }

  get #inputSize(): { readonly height: number; readonly width: number; readonly channels: number } {
    const [height, width, channels] = this.#model.inputShape;
    return { height, width, channels };
  }

  /** Whether the last call of the model went well. */
  get isHealthy(): boolean {
    return !this.#lastCallFailed;
  }

  /**
   * Compiles the programs of all sizes of batches, so that no request waits for it. Batches are no larger from then on than
   * memory holds.
   *
   * @param batchSize - the largest
   * @throws MemoryError when it does not hold one image
   */
  async warmUp(batchSize: number): Promise<void> {
    const dot = await encodeImage(Uint8Array.of(0), { width: 1, height: 1, channels: 1 }, "png");
    // What comes of it does not matter: a thread and its decoder have been loaded.
    await this.#pool.decode(dot, { ...this.#inputSize, identify: false });
    const rowSize = this.#model.inputShape.reduce((product, size) => product * size, 1);
    for (let size = 1; size <= batchSize; size *= 2) {
      try {
        await this.#run(new Uint8Array(size * rowSize), size);
      } catch (error) {
        if (!(error instanceof MemoryError) || size === 1) throw error;
        this.#batcher.batchSize = size / 2;
        this.#lastCallFailed = false;
        return;
      }
    }
  }

  /**
   * Classifies an image.
   *
   * @param name - for the answer when it cannot be read
   * @throws RequestFailure 400 when it cannot be read; the signal's reason
   */
  async classify(
    bytes: Uint8Array<ArrayBuffer>,
    options: { readonly name: string; readonly top: number; readonly signal: AbortSignal },
  ): Promise<Classified> {
    const { name, top, signal } = options;
    const { resize } = this.#model.preprocessing;
    const decoding = { ...this.#inputSize, ...this.#decoding, resize, name, identify: false, signal };
    const photo: Photo = await this.#pool.decode(bytes, decoding);
    if (photo.pixels === null) {
      throw new RequestFailure(400, `${name}: ${photo.problem ?? "it cannot be read"}`, {
        hint: "Send a JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, PGM or PPM file that opens in an image viewer.",
      });
    }
    const scores = await this.#batcher.submit(photo.pixels, signal);
    return {
      width: photo.width,
      height: photo.height,
      top: likeliestClasses(this.#probabilities(scores), top, this.#model.classNames),
    };
  }

  close(): void {
    this.#batcher.close();
    this.#pool.close();
  }

  async #run(pixels: Uint8Array, count: number): Promise<Float32Array> {
    try {
      const images = new Tensor("uint8", [count, ...this.#model.inputShape], pixels);
      const { data } = await this.#model.predict(images, { batchSize: count });
      this.#lastCallFailed = false;
      return data;
    } catch (error) {
      this.#lastCallFailed = true;
      throw error;
    }
  }
}
