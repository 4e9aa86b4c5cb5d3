/** Our layouts to those of libraries whose images are [N, C, H, W]. */

/**
 * Values in another order of axes: the result's axis k is the source's axis `order[k]`.
 *
 * @param {Float32Array} values
 * @param {readonly number[]} shape
 * @param {readonly number[]} order
 * @returns {Float32Array<ArrayBuffer>}
 */
export function transpose(values, shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(values.length);
  let at = 0;
  /** @param {number} axis @param {number} from */
  function walk(axis, from) {
    const [size, stride] = [shape[order[axis]], strides[order[axis]]];
    if (axis === order.length - 1)
      for (let index = 0; index < size; index++) result[at++] = values[from + index * stride];
    else for (let index = 0; index < size; index++) walk(axis + 1, from + index * stride);
  }
  walk(0, 0);
  return result;
}

export const nchwOfNhwc = /** @type {const} */ ([0, 3, 1, 2]);
export const nhwcOfNchw = /** @type {const} */ ([0, 2, 3, 1]);
export const oihwOfHwio = /** @type {const} */ ([3, 2, 0, 1]);
export const hwioOfOihw = /** @type {const} */ ([2, 3, 1, 0]);

/** A shape in another order of axes. @param {readonly number[]} shape @param {readonly number[]} order */
export function permute(shape, order) {
  return order.map((axis) => shape[axis]);
}

/**
 * A weight for such a library: filters [O, I, H, W], and matrices [inputs, units] whose inputs, where they are a flattened
 * image, come channel by channel.
 *
 * @param {string} name
 * @param {import("fovea").Tensor} tensor
 * @param {import("../types.ts").NetFile["flattened"]} flattened
 * @returns {{ shape: readonly number[], values: Float32Array<ArrayBuffer> }}
 */
export function weightByChannel(name, { shape, data }, flattened) {
  const values = Float32Array.from(data);
  if (shape.length === 4) {
    return { shape: permute(shape, oihwOfHwio), values: transpose(values, shape, oihwOfHwio) };
  }
  const image = flattened[name];
  if (image === undefined) return { shape, values };
  return { shape, values: transpose(values, [...image, shape[1]], [2, 0, 1, 3]) };
}
