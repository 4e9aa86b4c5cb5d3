import { join } from "node:path";
import { readBytes } from "./files.mjs";

/** Steps whose losses are compared. */
export const comparedSteps = 3;

/** A batch, preprocessed. @typedef {{ images: Float32Array<ArrayBuffer>, labels: Int32Array<ArrayBuffer> }} Batch */

/**
 * The training images of a case's folder, as libraries in JavaScript take them: batches as float32.
 *
 * @param {string} folder
 * @param {import("../types.ts").NetFile} net
 */
export function readTraining(folder, { preprocessing: { scale, offset } }) {
  const images = new Uint8Array(readBytes(join(folder, "images.u8")));
  const labels = new Int32Array(readBytes(join(folder, "labels.i32")));
  const size = images.length / labels.length;
  let position = 0;

  /** The examples from an index on, going round. @param {number} begin @param {number} batch @returns {Batch} */
  function batchAt(begin, batch) {
    const pixels = new Float32Array(batch * size);
    const own = new Int32Array(batch);
    for (let row = 0; row < batch; row++) {
      const source = (begin + row) % labels.length;
      own[row] = labels[source];
      for (let index = 0; index < size; index++)
        pixels[row * size + index] = scale * images[source * size + index] + offset;
    }
    return { images: pixels, labels: own };
  }

  return {
    /** @param {number} batch */
    next(batch) {
      position = (position + batch) % labels.length;
      return batchAt(position, batch);
    },
    /** Losses before each of the first steps, on the first batch. @param {number} batch @param {(first: Batch) => Promise<number>} step */
    async losses(batch, step) {
      const losses = [];
      for (let index = 0; index < comparedSteps; index++) losses.push(await step(batchAt(0, batch)));
      return losses;
    },
  };
}
