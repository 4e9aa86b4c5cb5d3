import { readFile } from "node:fs/promises";

/**
 * How far results may be apart, relative to the greatest. Sums of products in another order differ by rounding, and
 * Winograd's transforms by a little more; training steps build on each other's rounding.
 */
const tolerances = { layer: 1e-4, inference: 1e-3, training: 1e-3 };

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
 * @param {import("./types.ts").Case} kase
 * @param {string} ours path of a file of float32
 * @param {string} theirs path of a file of float32
 * @throws Error saying by how much they differ
 */
export async function compareOutputs(kase, ours, theirs) {
  const [own, other] = await Promise.all([ours, theirs].map(readFloats));
  const apart = difference(own, other);
  const tolerance = tolerances[kase.kind];
  if (!(apart <= tolerance)) {
    const values = (/** @type {Float32Array} */ list) =>
      [...list.subarray(0, 4)].map((x) => x.toPrecision(6)).join(", ");
    throw new Error(
      `outputs differ by ${apart.toExponential(1)} of the greatest, at most ${tolerance} may be: ours begin ${values(own)}; theirs ${values(other)}`,
    );
  }
  return apart;
}

/** @param {string} path */
async function readFloats(path) {
  const bytes = await readFile(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
