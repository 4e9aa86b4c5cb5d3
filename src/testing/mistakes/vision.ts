import type { Mistakes } from "./mistake.ts";

type Kinds = "resample2d" | "localResponseNormalization" | "localResponseNormalizationGradient";

const response = { size: 5, alpha: 1e-4, beta: 0.75, bias: 1 };
const positive = "The sum of squares is raised to the power of -beta, so it must stay positive.";
const identity = { rows: [[[0, 1]]], columns: [[[0, 1]]] } as const;

/** What ops of vision nets beside convolutions and pools refuse. */
export const visionMistakes: Mistakes<Kinds> = {
  resample2d: [
    {
      inputs: ["[4, 4, 1]"],
      attributes: identity,
      message:
        "x must be float32[N, H, W, C], got float32[4, 4, 1]. Images are [batch, height, width, channels].",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...identity, columns: [] },
      message: "columns must have taps for at least one position, got none.",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...identity, rows: [[], [[4, 0.5]]] },
      message: "a tap of rows must be one of 0 to 3 with a weight, got [4, 0.5].",
    },
    {
      inputs: ["[1, 4, 2, 1]"],
      attributes: { ...identity, columns: [[[1, Number.NaN]]] },
      message: "a tap of columns must be one of 0 to 1 with a weight, got [1, NaN].",
    },
  ],
  localResponseNormalization: [
    { inputs: [], attributes: response, message: "takes 1 input (x), got 0." },
    { inputs: ["[]"], attributes: response, message: "x must be float32[..., C], got float32[]." },
    {
      inputs: ["[2, 3]"],
      attributes: { ...response, size: 0 },
      message: "size must be a whole number of at least 1, got 0.",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { ...response, bias: 0 },
      message: `alpha must be at least 0 and bias above 0, got alpha 0.0001, beta 0.75 and bias 0. ${positive}`,
    },
  ],
  localResponseNormalizationGradient: [
    { inputs: ["[2]"], attributes: response, message: "takes 2 inputs (x, dy), got 1." },
    {
      inputs: ["[2, 3]", "[3, 2]"],
      attributes: response,
      message: "dy must be float32[2, 3], got float32[3, 2].",
    },
    {
      inputs: ["[2, 3]", "[2, 3]"],
      attributes: { ...response, alpha: -1 },
      message: `alpha must be at least 0 and bias above 0, got alpha -1, beta 0.75 and bias 1. ${positive}`,
    },
  ],
};
