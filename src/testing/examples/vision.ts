import { image, type OpExamples, value } from "../op-values.ts";

type Kinds = "resample2d" | "localResponseNormalization" | "localResponseNormalizationGradient";

// s = 1 + 8 / 2 * (sum of squares): powers of -1/2 and -3/2 that come out even.
const even = { size: 2, alpha: 8, beta: 0.5, bias: 1 };

/** What vision nets have beside convolutions and pools. */
export const visionExamples: OpExamples<Kinds> = {
  resample2d: [
    {
      name: "repeats rows and takes the mean of two columns",
      inputs: [
        image([
          [1, 3],
          [5, 9],
        ]),
      ],
      attributes: {
        rows: [[[0, 1]], [[0, 1]], [[1, 1]]],
        columns: [
          [
            [0, 0.5],
            [1, 0.5],
          ],
        ],
      },
      output: image([[2], [2], [7]]),
    },
    {
      name: "is zero where there are no taps",
      inputs: [image([[1, 3]])],
      attributes: { rows: [[[0, 2]], []], columns: [[[1, 1]], [], [[0, -1]]] },
      output: image([
        [6, 0, -2],
        [0, 0, 0],
      ]),
    },
  ],
  localResponseNormalization: [
    {
      name: "sees more channels behind than before where the size is even",
      // s = 1 + 4 (2 + 4), 1 + 4 (4 + 2), 1 + 4 * 2.
      inputs: [value([[Math.SQRT2, 2, Math.SQRT2]])],
      attributes: even,
      output: value([[Math.SQRT2 / 5, 2 / 5, Math.SQRT2 / 3]]),
    },
    {
      name: "cuts windows off at both ends",
      // s = 2 + 1 * (1 + 4), 2 + (1 + 4 + 9), 2 + (4 + 9).
      inputs: [value([1, 2, 3])],
      attributes: { size: 3, alpha: 3, beta: 0.75, bias: 2 },
      output: value([7 ** -0.75, 2 / 8, 3 * 15 ** -0.75]),
    },
  ],
  localResponseNormalizationGradient: [
    {
      name: "of one channel by itself is that of x / sqrt(1 + 8 x^2)",
      // The derivative is (1 + 8 x^2)^(-3/2), 1 / 27 at x = 1.
      inputs: [value([1]), value([54])],
      attributes: { ...even, size: 1 },
      output: value([2]),
    },
    {
      name: "reaches back to the channels that see this one",
      // s = 1 + 4 (4 + 2) and 1 + 4 * 2. dx is dy s^-1/2, less 4 x times the sum of dy x s^-3/2 over the channels whose
      // window holds this one: the first alone, or both.
      inputs: [value([2, Math.SQRT2]), value([125, 27])],
      attributes: even,
      output: value([25 - 8 * 2, 9 - 4 * Math.SQRT2 * (2 + Math.SQRT2)]),
    },
  ],
};
