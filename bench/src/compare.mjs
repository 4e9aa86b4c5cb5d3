import { readBytes } from "./inputs/files.mjs";

/**
 * Greatest difference of two results, relative to the greatest value of the second.
 *
 * @param {Float32Array} ours
 * @param {Float32Array} theirs
 * @throws Error when they have not the same number of values
 */
export function difference(ours, theirs) {
  if (ours.length !== theirs.length)
    throw new Error(`computes ${theirs.length} values, ours are ${ours.length}`);
  let apart = 0;
  let greatest = 0;
  for (let index = 0; index < ours.length; index++) {
    const distance = Math.abs(ours[index] - theirs[index]);
    // Not a number on one side must not pass as no difference.
    if (!(distance <= apart)) apart = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
    greatest = Math.max(greatest, Math.abs(theirs[index]));
  }
  return apart === 0 ? 0 : apart / greatest;
}

/**
 * Compares the outputs of two sides.
 *
 * @param {Pick<import("./types.ts").Case, "tolerance">} kase
 * @param {string} ours path of a file of float32
 * @param {string} theirs path of a file of float32
 * @throws Error saying by how much they differ
 */
export function compareOutputs({ tolerance }, ours, theirs) {
  const [own, other] = [ours, theirs].map((path) => new Float32Array(readBytes(path)));
  const apart = difference(own, other);
  if (!(apart <= tolerance)) {
    const values = (/** @type {Float32Array} */ list) =>
      [...list.subarray(0, 4)].map((x) => x.toPrecision(6)).join(", ");
    throw new Error(
      `outputs differ by ${apart.toExponential(1)} of the greatest, at most ${tolerance} may be: ours begin ${values(own)}; theirs ${values(other)}`,
    );
  }
  return apart;
}
