import { isObject } from "../options/index.ts";
import { MemoryError, OptionError } from "../tensor/index.ts";

/** How a model goes through images. */
export interface BatchOptions {
  /**
   * Examples that are computed at once; default 256, halved as often as memory asks for. It changes no result but by
   * rounding.
   */
  readonly batchSize?: number;
}

/** Examples that are computed at once where memory holds them and nothing else is asked for. */
export const usualBatchSize = 256;

/**
 * The batch size that was asked for; null for none.
 *
 * @throws OptionError for one that is no whole number of at least 1
 */
export function readBatchSize(options: BatchOptions, where: string): number | null {
  const { batchSize }: BatchOptions = isObject(options) ? options : {};
  if (batchSize === undefined) return null;
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return batchSize;
  throw new OptionError(`option "batchSize" must be a whole number of at least 1, got ${batchSize}`, {
    where,
  });
}

/** Finds the batch size of calls that ask for none: it falls where memory does not hold it, and stays. */
export class UsualBatch {
  #size = usualBatchSize;

  /**
   * @param attempt - performed again with half the batch when it ends in a MemoryError
   * @throws MemoryError when memory does not hold what was asked for, or not even a batch of one
   */
  async perform<Result>(
    asked: number | null,
    attempt: (batchSize: number) => Promise<Result>,
  ): Promise<Result> {
    if (asked !== null) return await attempt(asked);
    for (;;) {
      try {
        return await attempt(this.#size);
      } catch (error) {
        if (!(error instanceof MemoryError) || this.#size === 1) throw error;
        this.#size /= 2;
      }
    }
  }
}

/** The largest size below one that does not fit; 0 if there is none. */
export function largestThat(tooLarge: number, fits: (size: number) => boolean): number {
  let fitting = 0;
  let beyond = tooLarge;
  while (beyond - fitting > 1) {
    const middle = Math.floor((fitting + beyond) / 2);
    if (fits(middle)) fitting = middle;
    else beyond = middle;
  }
  return fitting;
}

/**
 * The error of a batch that does not fit, with the largest one that does.
 *
 * @param what - what it is a batch of: `a training step`
 * @param need - what is needed and what there is, in words
 * @param fits - whether another batch fits
 * @param details - `accumulation`: the least number of pieces that would do
 */
export function batchError(
  what: string,
  size: number,
  need: string,
  fits: (size: number) => boolean,
  details: { readonly where: string; readonly cause?: unknown; readonly accumulation?: number },
): MemoryError {
  const { accumulation, ...rest } = details;
  const fitting = largestThat(size, fits);
  const pieces =
    accumulation === undefined
      ? ""
      : ` A batch in pieces does: gradientAccumulation: ${accumulation}, --gradient-accumulation ${accumulation}.`;
  const hint =
    fitting > 0
      ? `The largest batch that fits is ${fitting}.${pieces}`
      : "Not even a batch of one fits: use a smaller model or smaller images.";
  return new MemoryError(`${what} with a batch of ${size} does not fit: ${need}`, { ...rest, hint });
}
