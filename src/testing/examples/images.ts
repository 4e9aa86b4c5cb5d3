import type { Convolution2dAttributes, Pool2dAttributes } from "../../graph/index.ts";
import { filter, image, type OpExamples, value } from "../op-values.ts";

type Kinds =
  | "conv2d"
  | "conv2dInputGradient"
  | "conv2dFilterGradient"
  | "maxPool2d"
  | "maxPool2dGradient"
  | "averagePool2d"
  | "averagePool2dGradient"
  | "adaptiveAveragePool2d"
  | "adaptiveAveragePool2dGradient";

const none = { top: 0, bottom: 0, left: 0, right: 0 };
const allRound = { top: 1, bottom: 1, left: 1, right: 1 };
const plain: Convolution2dAttributes = { strides: [1, 1], padding: none, dilations: [1, 1], groups: 1 };
const nine = image([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]);
const ones = filter([
  [1, 1],
  [1, 1],
]);
const diagonal = filter([
  [1, 0],
  [0, -1],
]);

const overlapping: Pool2dAttributes = {
  poolSize: [2, 2],
  strides: [1, 1],
  padding: none,
  outputSize: [2, 2],
};
const ceiling: Pool2dAttributes = { ...overlapping, strides: [2, 2] };
const hills = image([
  [1, 3, 2],
  [4, 0, 5],
  [7, 8, 6],
]);

/** Convolutions and pools, one channel on paper where the arithmetic is the point. */
export const imageExamples: OpExamples<Kinds> = {
  conv2d: [
    {
      name: "correlates, does not flip",
      inputs: [
        nine,
        filter([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: plain,
      output: image([
        [37, 47],
        [67, 77],
      ]),
    },
    {
      name: "steps by the stride",
      inputs: [nine, filter([[1]])],
      attributes: { ...plain, strides: [2, 1] },
      output: image([
        [1, 2, 3],
        [7, 8, 9],
      ]),
    },
    {
      name: "pads each side by itself",
      inputs: [nine, ones],
      attributes: { ...plain, padding: { top: 1, bottom: 0, left: 0, right: 1 } },
      output: image([
        [3, 5, 3],
        [12, 16, 9],
        [24, 28, 15],
      ]),
    },
    {
      name: "dilates",
      inputs: [nine, ones],
      attributes: { ...plain, dilations: [2, 2] },
      output: image([[20]]),
    },
    {
      name: "keeps groups apart",
      inputs: [value([[[[2, 3]]]]), value([[[[10, 100]]]])],
      attributes: { ...plain, groups: 2 },
      output: value([[[[20, 300]]]]),
    },
    {
      name: "sums channels",
      inputs: [
        value([[[[2, 3]]]]),
        value([
          [
            [
              [10, 1],
              [100, -1],
            ],
          ],
        ]),
      ],
      attributes: plain,
      output: value([[[[320, -1]]]]),
    },
  ],
  conv2dInputGradient: [
    {
      name: "spreads each dy over its window",
      inputs: [
        image([
          [1, 2],
          [3, 4],
        ]),
        diagonal,
      ],
      attributes: { ...plain, inputShape: [1, 3, 3, 1] },
      output: image([
        [1, 2, 0],
        [3, 3, -2],
        [0, -3, -4],
      ]),
    },
    {
      name: "leaves rows that no window reached at zero",
      inputs: [image([[5]]), ones],
      attributes: { ...plain, strides: [2, 2], inputShape: [1, 3, 3, 1] },
      output: image([
        [5, 5, 0],
        [5, 5, 0],
        [0, 0, 0],
      ]),
    },
  ],
  conv2dFilterGradient: [
    {
      name: "correlates x with dy",
      inputs: [
        nine,
        image([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: { ...plain, filterShape: [2, 2, 1, 1] },
      output: filter([
        [37, 47],
        [67, 77],
      ]),
    },
    {
      name: "keeps groups apart",
      inputs: [value([[[[2, 3]]]]), value([[[[5, 7]]]])],
      attributes: { ...plain, groups: 2, filterShape: [1, 1, 1, 2] },
      output: value([[[[10, 21]]]]),
    },
  ],
  maxPool2d: [
    {
      name: "overlapping windows",
      inputs: [hills],
      attributes: overlapping,
      output: image([
        [4, 5],
        [8, 8],
      ]),
    },
    {
      name: "ceil mode",
      inputs: [hills],
      attributes: ceiling,
      output: image([
        [4, 5],
        [8, 6],
      ]),
    },
    {
      name: "padding never wins",
      inputs: [
        image([
          [-1, -2],
          [-3, -4],
        ]),
      ],
      attributes: { ...ceiling, padding: allRound },
      output: image([
        [-1, -2],
        [-3, -4],
      ]),
    },
  ],
  maxPool2dGradient: [
    {
      name: "adds up where windows overlap",
      inputs: [
        hills,
        image([
          [4, 5],
          [8, 8],
        ]),
        image([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: overlapping,
      output: image([
        [0, 0, 0],
        [1, 0, 2],
        [0, 7, 0],
      ]),
    },
    {
      name: "gives a tie to the first",
      inputs: [
        image([
          [0, 7],
          [7, 7],
        ]),
        image([[7]]),
        image([[5]]),
      ],
      attributes: { ...overlapping, outputSize: [1, 1] },
      output: image([
        [0, 5],
        [0, 0],
      ]),
    },
  ],
  averagePool2d: [
    {
      name: "ceil mode divides by what is there",
      inputs: [nine],
      attributes: { ...ceiling, countPadding: true },
      output: image([
        [3, 4.5],
        [7.5, 9],
      ]),
    },
    {
      name: "counts padding",
      inputs: [
        image([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: { ...ceiling, padding: allRound, countPadding: true },
      output: image([
        [0.25, 0.5],
        [0.75, 1],
      ]),
    },
    {
      name: "does not count padding",
      inputs: [
        image([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: { ...ceiling, padding: allRound, countPadding: false },
      output: image([
        [1, 2],
        [3, 4],
      ]),
    },
  ],
  averagePool2dGradient: [
    {
      name: "shares alike",
      inputs: [
        image([
          [4, 6],
          [2, 1],
        ]),
      ],
      attributes: { ...ceiling, countPadding: false, inputShape: [1, 3, 3, 1] },
      output: image([
        [1, 1, 3],
        [1, 1, 3],
        [1, 1, 1],
      ]),
    },
  ],
  adaptiveAveragePool2d: [
    {
      name: "shares three rows among two windows, which overlap",
      inputs: [nine],
      attributes: { outputSize: [2, 1] },
      output: image([[3.5], [6.5]]),
    },
    {
      name: "shares two columns among three windows: the middle one sees both",
      inputs: [image([[2, 4]])],
      attributes: { outputSize: [2, 3] },
      output: image([
        [2, 3, 4],
        [2, 3, 4],
      ]),
    },
  ],
  adaptiveAveragePool2dGradient: [
    {
      name: "adds up where windows overlap",
      inputs: [image([[6], [12]])],
      attributes: { outputSize: [2, 1], inputShape: [1, 3, 3, 1] },
      output: image([
        [1, 1, 1],
        [3, 3, 3],
        [2, 2, 2],
      ]),
    },
    {
      name: "adds up all windows of a pixel",
      inputs: [
        image([
          [1, 2, 3],
          [10, 20, 30],
        ]),
      ],
      attributes: { outputSize: [2, 3], inputShape: [1, 1, 2, 1] },
      output: image([[22, 44]]),
    },
  ],
};
