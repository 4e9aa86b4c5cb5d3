import { type OpExamples, value } from "../op-values.ts";

type Kinds = "reshape" | "pad" | "slice" | "concatenate" | "transpose" | "broadcast" | "reduceSum" | "matmul";

const left = value([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const leftTransposed = value([
  [1, 3, 5],
  [2, 4, 6],
]);
const right = value([
  [1, 0, 2],
  [0, 1, 3],
]);
const rightTransposed = value([
  [1, 0],
  [0, 1],
  [2, 3],
]);
const product = value([
  [1, 2, 8],
  [3, 4, 18],
  [5, 6, 28],
]);
const cube = value([
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
]);

/** Moving elements about, sums and matrix products. */
export const shapeExamples: OpExamples<Kinds> = {
  reshape: [
    {
      name: "keeps row-major order",
      inputs: [
        value([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ],
      attributes: { shape: [3, 2] },
      output: value([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    },
  ],
  pad: [
    {
      name: "each side by itself",
      inputs: [value([[1, 2]])],
      attributes: { before: [1, 0], after: [0, 2], value: 9 },
      output: value([
        [9, 9, 9, 9],
        [1, 2, 9, 9],
      ]),
    },
  ],
  slice: [
    {
      name: "a block",
      inputs: [
        value([
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ]),
      ],
      attributes: { begin: [1, 0], size: [2, 2] },
      output: value([
        [4, 5],
        [7, 8],
      ]),
    },
  ],
  concatenate: [
    {
      name: "along the last axis",
      inputs: [
        value([[1], [2]]),
        value([
          [3, 4],
          [5, 6],
        ]),
      ],
      attributes: { axis: 1 },
      output: value([
        [1, 3, 4],
        [2, 5, 6],
      ]),
    },
    {
      name: "three along the first",
      inputs: [value([1]), value([2, 3]), value([4])],
      attributes: { axis: 0 },
      output: value([1, 2, 3, 4]),
    },
  ],
  transpose: [
    { name: "turns a matrix", inputs: [left], attributes: { permutation: [1, 0] }, output: leftTransposed },
    {
      name: "brings the channels to the front",
      inputs: [cube],
      attributes: { permutation: [2, 0, 1] },
      output: value([
        [
          [1, 3],
          [5, 7],
        ],
        [
          [2, 4],
          [6, 8],
        ],
      ]),
    },
  ],
  broadcast: [
    {
      name: "repeats a column",
      inputs: [value([[1], [2]])],
      attributes: { shape: [2, 3] },
      output: value([
        [1, 1, 1],
        [2, 2, 2],
      ]),
    },
  ],
  reduceSum: [
    {
      name: "first and last axis",
      inputs: [cube],
      attributes: { axes: [0, 2], keepDimensions: false },
      output: value([14, 22]),
    },
    {
      name: "keeps axes",
      inputs: [cube],
      attributes: { axes: [1], keepDimensions: true },
      output: value([[[4, 6]], [[12, 14]]]),
    },
    {
      name: "everything",
      inputs: [cube],
      attributes: { axes: [0, 1, 2], keepDimensions: false },
      output: value(36),
    },
  ],
  matmul: [
    {
      name: "as they lie",
      inputs: [left, right],
      attributes: { transposeA: false, transposeB: false },
      output: product,
    },
    {
      name: "left transposed",
      inputs: [leftTransposed, right],
      attributes: { transposeA: true, transposeB: false },
      output: product,
    },
    {
      name: "right transposed",
      inputs: [left, rightTransposed],
      attributes: { transposeA: false, transposeB: true },
      output: product,
    },
    {
      name: "both transposed",
      inputs: [leftTransposed, rightTransposed],
      attributes: { transposeA: true, transposeB: true },
      output: product,
    },
  ],
};
