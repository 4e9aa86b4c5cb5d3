/**
 * Layouts of weights, as pure functions on numbers. Fovea and Keras keep the outputs of a kernel last and the channels
 * of an image last; PyTorch keeps the outputs first and the channels before height and width. So one exchange of rows and
 * columns turns filters OIHW to HWIO, weights [out, in] to [in, out], and, with the rows in another order, weights behind
 * a flattened image.
 */
import type { Shape } from "../tensor/shape.ts";

/** For each position of some values in our order, the position of the same value in another order. */
export type Order = Int32Array;

/** Rows of outputs that are written at a time: 16 floats are a line of the cache. */
const outputsAtOnce = 16;

/**
 * Where the values of an image [H, W, C], row by row and channels fastest, lie when it is flattened with channels first:
 * element (h W + w) C + c is (c H + h) W + w. `null` where that is the same, as for one pixel or one channel.
 */
export function channelsFirstOrder(shape: Shape): Order | null {
  const [height = 1, width = 1, channels = 1] = shape;
  const pixels = height * width;
  if (pixels === 1 || channels === 1) return null;
  const order = new Int32Array(pixels * channels);
  for (let pixel = 0, at = 0; pixel < pixels; pixel++)
    for (let channel = 0; channel < channels; channel++) order[at++] = channel * pixels + pixel;
  return order;
}

/**
 * A kernel with its outputs last from one with its outputs first.
 *
 * Shapes: [outputs, inputs], of any further structure, to [inputs, outputs].
 * @param order - where each input of ours lies there; `null` for the same order
 */
export function fromOutputsFirst(values: Float32Array, outputs: number, order: Order | null): Float32Array {
  const inputs = values.length / outputs;
  const result = new Float32Array(values.length);
  for (let begin = 0; begin < outputs; begin += outputsAtOnce) {
    const end = Math.min(outputs, begin + outputsAtOnce);
    for (let input = 0; input < inputs; input++) {
      const from = order === null ? input : order[input];
      for (let output = begin; output < end; output++) {
        result[input * outputs + output] = values[output * inputs + from];
      }
    }
  }
  return result;
}

/** The way back from {@link fromOutputsFirst}. Shapes: [inputs, outputs] to [outputs, inputs]. */
export function toOutputsFirst(values: Float32Array, outputs: number, order: Order | null): Float32Array {
  const inputs = values.length / outputs;
  const result = new Float32Array(values.length);
  for (let begin = 0; begin < outputs; begin += outputsAtOnce) {
    const end = Math.min(outputs, begin + outputsAtOnce);
    for (let input = 0; input < inputs; input++) {
      const to = order === null ? input : order[input];
      for (let output = begin; output < end; output++) {
        result[output * inputs + to] = values[input * outputs + output];
      }
    }
  }
  return result;
}

/** Values of a flattened image, one for each, in our order from another. */
export function fromOrder(values: Float32Array, order: Order): Float32Array {
  return Float32Array.from(order, (from) => values[from]);
}

/** The way back from {@link fromOrder}. */
export function toOrder(values: Float32Array, order: Order): Float32Array {
  const result = new Float32Array(values.length);
  for (let index = 0; index < order.length; index++) result[order[index]] = values[index];
  return result;
}
