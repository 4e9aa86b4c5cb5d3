import { plainWarpRecord, warpParts, warpRecordLength } from "../../ops/index.ts";
import { type OpExamples, value } from "../op-values.ts";

type Kinds = "warpImages" | "mixExamples";

/** A record from what is not plain in it, by its place. */
function record(...parts: readonly (readonly [part: keyof typeof warpParts, numbers: readonly number[]])[]) {
  const numbers = plainWarpRecord();
  for (const [part, values] of parts) numbers.set(values, warpParts[part]);
  return value([...numbers], "float32", [1, warpRecordLength]);
}

const gray = value([10, 20, 30, 40, 50, 60], "uint8", [1, 2, 3, 1]);
const first = value([0], "int32");
const raw = { outputSize: [2, 3], scale: 1, offset: 0, fill: 0 } as const;
const image = (...values: readonly number[]) => value([...values], "float32", [1, 2, 3, 1]);
const pixel = value([100, 150, 200], "uint8", [1, 1, 1, 3]);
const one = { outputSize: [1, 1], scale: 0.5, offset: -1, fill: 0 } as const;

/** What changes images in a training step. */
export const augmentExamples: OpExamples<Kinds> = {
  warpImages: [
    {
      name: "a plain record",
      inputs: [gray, first, record()],
      attributes: raw,
      output: image(10, 20, 30, 40, 50, 60),
    },
    {
      name: "one pixel to the right and one up: fill comes in",
      inputs: [gray, first, record(["map", [1, 0, -1, 0, 1, 1]])],
      attributes: { ...raw, fill: 7 },
      output: image(7, 40, 50, 7, 7, 7),
    },
    {
      name: "mirrored",
      inputs: [gray, first, record(["map", [-1, 0, 2, 0, 1, 0]])],
      attributes: { ...raw, scale: 2, offset: 1 },
      output: image(61, 41, 21, 121, 101, 81),
    },
    {
      name: "half a pixel to the left: means of neighbours, and of the last and nothing",
      inputs: [gray, first, record(["map", [1, 0, 0.5, 0, 1, 0]])],
      attributes: raw,
      output: image(15, 25, 15, 45, 55, 30),
    },
    {
      name: "rows and columns exchanged",
      inputs: [gray, first, record(["map", [0, 1, 0, 1, 0, 0]])],
      attributes: { ...raw, outputSize: [3, 2] },
      output: value([10, 40, 20, 50, 30, 60], "float32", [1, 3, 2, 1]),
    },
    {
      name: "twice the contrast about the mean of 35, then limited",
      inputs: [gray, first, record(["colour", [2]], ["mean", [-1]])],
      attributes: raw,
      output: image(0, 5, 25, 45, 65, 85),
    },
    {
      name: "channels mixed",
      inputs: [
        pixel,
        first,
        record(
          ["colour", [0, 1, 0, 0, 0, 1, 1, 0, 0]],
          ["mean", [0, 0, 0.125, 0, 0, 0, 0, 0, 0]],
          ["bias", [0, -20, 200]],
        ),
      ],
      attributes: one,
      output: value([86.5, 89, 126.5], "float32", [1, 1, 1, 3]),
    },
    {
      name: "a box that reaches beyond the edge, covered by the mean",
      inputs: [gray, first, record(["box", [-1, 1, 1, 9, -1]])],
      attributes: raw,
      output: image(10, 35, 35, 40, 50, 60),
    },
    {
      name: "a box covered by a number, whatever the colours",
      inputs: [gray, first, record(["bias", [5]], ["box", [1, 0, 2, 1, 200]])],
      attributes: raw,
      output: image(15, 25, 35, 200, 55, 65),
    },
  ],
  mixExamples: [
    {
      name: "each with its partner",
      inputs: [
        value([
          [0, 8],
          [4, 16],
          [100, 200],
        ]),
        value([1, 0, 2], "int32"),
        value([0.75, 1, 0.25]),
      ],
      attributes: {},
      output: value([
        [1, 10],
        [4, 16],
        [100, 200],
      ]),
    },
  ],
};
