import type { Mistakes } from "./mistake.ts";

type Kinds = "reshape" | "pad" | "slice" | "concatenate" | "transpose" | "broadcast" | "reduceSum" | "matmul";

const repeating =
  "Both need the same number of axes, and only those of size 1 are repeated; reshape first to add axes.";

/** What moving elements about, sums and matrix products refuse. */
export const shapeMistakes: Mistakes<Kinds> = {
  reshape: [
    { inputs: [], attributes: { shape: [2] }, message: "takes 1 input (x), got 0." },
    {
      inputs: ["[2, 3]"],
      attributes: { shape: [4] },
      message: "[2, 3] has 6 elements, [4] has 4. A reshape keeps the number of elements.",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { shape: [-2, -3] },
      message: "shape [-2, -3] has a size that is not a positive whole number.",
    },
  ],
  pad: [
    {
      inputs: ["[2, 3]"],
      attributes: { before: [1], after: [0, 0], value: 0 },
      message: "before must have one number for each axis of [2, 3], got [1].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { before: [1, 0], after: [0, -1], value: 0 },
      message: "after must be whole numbers of at least 0, got [0, -1].",
    },
  ],
  slice: [
    {
      inputs: ["[2, 3]"],
      attributes: { begin: [0], size: [1, 1] },
      message: "begin must have one number for each axis of [2, 3], got [0].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { begin: [0, 0], size: [1] },
      message: "size must have one number for each axis of [2, 3], got [1].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { begin: [0, -1], size: [1, 1] },
      message: "begin must be whole numbers of at least 0, got [0, -1].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { begin: [0, 0], size: [1, 0] },
      message: "size must be whole numbers of at least 1, got [1, 0].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { begin: [0, 2], size: [1, 2] },
      message: "a block of [1, 2] from [0, 2] reaches beyond [2, 3].",
    },
  ],
  concatenate: [
    { inputs: [], attributes: { axis: 0 }, message: "takes at least one input, got 0." },
    { inputs: ["int32[2]"], attributes: { axis: 0 }, message: "input 0 must be float32[...], got int32[2]." },
    {
      inputs: ["[2, 3]"],
      attributes: { axis: 2 },
      message: "axis must be one of 0 to 1 for [2, 3], got 2.",
    },
    {
      inputs: ["[2, 3]", "[2, 4]", "[3, 4]"],
      attributes: { axis: 1 },
      message:
        "input 2 must be float32[2, *], got float32[3, 4]. All inputs must have the shape of the first but for axis 1.",
    },
  ],
  transpose: [
    { inputs: [], attributes: { permutation: [] }, message: "takes 1 input (x), got 0." },
    {
      inputs: ["[2, 3]"],
      attributes: { permutation: [1, 1] },
      message: "permutation must have each axis of [2, 3] once, counted from 0, got [1, 1].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { permutation: [0, 2, 1] },
      message: "permutation must have each axis of [2, 3] once, counted from 0, got [0, 2, 1].",
    },
  ],
  broadcast: [
    {
      inputs: ["[2, 3]"],
      attributes: { shape: [2, 6] },
      message: `cannot repeat [2, 3] up to [2, 6]. ${repeating}`,
    },
    {
      inputs: ["[3]"],
      attributes: { shape: [2, 3] },
      message: `cannot repeat [3] up to [2, 3]. ${repeating}`,
    },
    {
      inputs: ["[1]"],
      attributes: { shape: [0.5] },
      message: "shape [0.5] has a size that is not a positive whole number.",
    },
  ],
  reduceSum: [
    {
      inputs: ["[2, 3]"],
      attributes: { axes: [], keepDimensions: false },
      message: "axes must be some of 0 to 1 for [2, 3], got [].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { axes: [2], keepDimensions: false },
      message: "axes must be some of 0 to 1 for [2, 3], got [2].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { axes: [1, 1], keepDimensions: false },
      message: "axes must be in ascending order, each once, got [1, 1].",
    },
  ],
  matmul: [
    {
      inputs: ["[2, 3, 4]", "[4, 2]"],
      attributes: { transposeA: false, transposeB: false },
      message: "a must be float32[M, K], got float32[2, 3, 4]. Flatten it to two axes first.",
    },
    {
      inputs: ["[2, 3]", "[2, 3]"],
      attributes: { transposeA: false, transposeB: false },
      message:
        "b must be float32[K = 3, N], got float32[2, 3]. The inner sizes of a matrix product must agree.",
    },
    {
      inputs: ["[2, 3]", "[2, 3]"],
      attributes: { transposeA: true, transposeB: true },
      message:
        "b must be float32[N, K = 2], got float32[2, 3]. The inner sizes of a matrix product must agree.",
    },
  ],
};
