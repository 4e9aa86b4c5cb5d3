import type { Empty } from "../../graph/index.ts";
import type { Mistakes } from "./mistake.ts";

type Kinds = "warpImages" | "mixExamples";

const attributes: Empty = {};
const warp = { outputSize: [4, 4], scale: 1, offset: 0, fill: 0 } as const;
const images = "uint8[9, 4, 4, 1]";

/** What the ops that change images in a training step refuse. */
export const augmentMistakes: Mistakes<Kinds> = {
  warpImages: [
    {
      inputs: ["[9, 4, 4, 1]", "int32[2]", "[2, 32]"],
      attributes: warp,
      message: "images must be uint8[M, H, W, C], got float32[9, 4, 4, 1].",
    },
    {
      inputs: [images, "[2]", "[2, 32]"],
      attributes: warp,
      message: "indices must be int32[N], got float32[2].",
    },
    {
      inputs: [images, "int32[2]", "[3, 32]"],
      attributes: warp,
      message: "records must be float32[N = 2, 32], got float32[3, 32].",
    },
    {
      inputs: [images, "int32[2]", "[2, 32]"],
      attributes: { ...warp, outputSize: [0, 4] },
      message: "outputSize must be whole numbers of at least 1, got [0, 4].",
    },
    {
      inputs: [images, "int32[2]", "[2, 32]"],
      attributes: { ...warp, fill: 256 },
      message: "fill must be from 0 to 255, got 256.",
    },
  ],
  mixExamples: [
    { inputs: ["[5, 4]"], attributes, message: "takes 3 inputs (x, partners, shares), got 1." },
    {
      inputs: ["[5, 4]", "int32[4]", "[5]"],
      attributes,
      message: "partners must be int32[5], got int32[4].",
    },
    {
      inputs: ["[5, 4]", "int32[5]", "[5, 1]"],
      attributes,
      message: "shares must be float32[5], got float32[5, 1].",
    },
  ],
};
