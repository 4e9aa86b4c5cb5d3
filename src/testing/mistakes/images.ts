import type { Convolution2dAttributes, Pool2dAttributes } from "../../graph/index.ts";
import type { Mistakes } from "./mistake.ts";

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
const convolution: Convolution2dAttributes = { strides: [1, 1], padding: none, dilations: [1, 1], groups: 1 };
const pool: Pool2dAttributes = { poolSize: [2, 2], strides: [2, 2], padding: none, outputSize: [2, 2] };
const average = { ...pool, countPadding: false };
const channelHint =
  "A filter is [height, width, input channels / groups, output channels], and groups must divide both channel counts.";
const outputHint = "It must have the shape of the convolution's output.";
const imageHint = "Images are [batch, height, width, channels].";
const beyond = "The last window must start inside the input; poolOutputSize computes the right output size.";

/** What convolutions and pools refuse. */
export const imageMistakes: Mistakes<Kinds> = {
  conv2d: [
    { inputs: ["[1, 4, 4, 1]"], attributes: convolution, message: "takes 2 inputs (x, filter), got 1." },
    {
      inputs: ["[1, 784]", "[3, 3, 1, 8]"],
      attributes: convolution,
      message: `x must be float32[N, H, W, C], got float32[1, 784]. ${imageHint}`,
    },
    {
      inputs: ["[1, 4, 4, 1]", "[3, 3, 8]"],
      attributes: convolution,
      message: "filter must be float32[KH, KW, C / groups, O], got float32[3, 3, 8].",
    },
    {
      inputs: ["[1, 4, 4, 6]", "[3, 3, 3, 8]"],
      attributes: convolution,
      message: `filter [3, 3, 3, 8] in 1 groups takes 3 channels and makes 8; the input [1, 4, 4, 6] has 6. ${channelHint}`,
    },
    {
      inputs: ["[1, 4, 4, 6]", "[3, 3, 2, 8]"],
      attributes: { ...convolution, groups: 3 },
      message: `filter [3, 3, 2, 8] in 3 groups takes 6 channels and makes 8; the input [1, 4, 4, 6] has 6. ${channelHint}`,
    },
    {
      inputs: ["[1, 4, 5, 1]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, dilations: [3, 2], padding: { ...none, top: 2 } },
      message:
        'a window of 7x5 does not fit the input [1, 4, 5, 1] with padding [2, 0, 0, 0]. Use padding "same", a smaller kernel or dilation, or a larger input.',
    },
    {
      inputs: ["[1, 4, 4, 1]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, strides: [0, 1] },
      message: "strides must be whole numbers of at least 1, got [0, 1].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, dilations: [1, 1.5] },
      message: "dilations must be whole numbers of at least 1, got [1, 1.5].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, padding: { ...none, left: -1 } },
      message: "padding must be whole numbers of at least 0, got [0, 0, -1, 0].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, groups: 0 },
      message: "groups must be a whole number of at least 1, got 0.",
    },
  ],
  conv2dInputGradient: [
    {
      inputs: ["[1, 2, 2, 8]"],
      attributes: { ...convolution, inputShape: [1, 4, 4, 1] },
      message: "takes 2 inputs (dy, filter), got 1.",
    },
    {
      inputs: ["[1, 2, 2, 8]", "[3, 3, 8]"],
      attributes: { ...convolution, inputShape: [1, 4, 4, 1] },
      message: "filter must be float32[KH, KW, C / groups, O], got float32[3, 3, 8].",
    },
    {
      inputs: ["[1, 2, 2, 8]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, inputShape: [4, 4, 1] },
      message: "inputShape must be [N, H, W, C], got [4, 4, 1].",
    },
    {
      inputs: ["[1, 3, 3, 8]", "[3, 3, 1, 8]"],
      attributes: { ...convolution, inputShape: [1, 4, 4, 1] },
      message: `dy must be float32[1, 2, 2, 8], got float32[1, 3, 3, 8]. ${outputHint}`,
    },
  ],
  conv2dFilterGradient: [
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...convolution, filterShape: [3, 3, 1, 8] },
      message: "takes 2 inputs (x, dy), got 1.",
    },
    {
      inputs: ["[4, 4, 1]", "[1, 2, 2, 8]"],
      attributes: { ...convolution, filterShape: [3, 3, 1, 8] },
      message: "x must be float32[N, H, W, C], got float32[4, 4, 1].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[1, 2, 2, 8]"],
      attributes: { ...convolution, filterShape: [3, 3] },
      message: "filterShape must be [KH, KW, C / groups, O], got [3, 3].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[1, 3, 3, 8]"],
      attributes: { ...convolution, filterShape: [3, 3, 1, 8] },
      message: `dy must be float32[1, 2, 2, 8], got float32[1, 3, 3, 8]. ${outputHint}`,
    },
  ],
  maxPool2d: [
    {
      inputs: ["[4, 4, 1]"],
      attributes: pool,
      message: `x must be float32[N, H, W, C], got float32[4, 4, 1]. ${imageHint}`,
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...pool, poolSize: [0, 2] },
      message: "poolSize must be whole numbers of at least 1, got [0, 2].",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...pool, strides: [2, 0] },
      message: "strides must be whole numbers of at least 1, got [2, 0].",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...pool, padding: { ...none, top: 0.5 } },
      message: "padding must be whole numbers of at least 0, got [0.5, 0, 0, 0].",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...pool, outputSize: [2, 0] },
      message: "outputSize must be whole numbers of at least 1, got [2, 0].",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...pool, padding: { ...none, right: 2 } },
      message:
        "padding [0, 0, 0, 2] must be smaller than the window 2x2. A window that lies in the padding alone has no value.",
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...pool, outputSize: [2, 3] },
      message: `2x3 windows with strides 2x2 reach beyond the input [1, 4, 4, 1]. ${beyond}`,
    },
  ],
  maxPool2dGradient: [
    { inputs: ["[1, 4, 4, 1]"], attributes: pool, message: "takes 3 inputs (x, y, dy), got 1." },
    {
      inputs: ["[4, 4, 1]", "[1, 2, 2, 1]", "[1, 2, 2, 1]"],
      attributes: pool,
      message: "x must be float32[N, H, W, C], got float32[4, 4, 1].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[1, 2, 3, 1]", "[1, 2, 2, 1]"],
      attributes: pool,
      message: "y must be float32[1, 2, 2, 1], got float32[1, 2, 3, 1].",
    },
    {
      inputs: ["[1, 4, 4, 1]", "[1, 2, 2, 1]", "[1, 2, 2, 2]"],
      attributes: pool,
      message: "dy must be float32[1, 2, 2, 1], got float32[1, 2, 2, 2].",
    },
  ],
  averagePool2d: [
    {
      inputs: ["[4, 4, 1]"],
      attributes: average,
      message: `x must be float32[N, H, W, C], got float32[4, 4, 1]. ${imageHint}`,
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { ...average, outputSize: [3, 2] },
      message: `3x2 windows with strides 2x2 reach beyond the input [1, 4, 4, 1]. ${beyond}`,
    },
  ],
  averagePool2dGradient: [
    {
      inputs: [],
      attributes: { ...average, inputShape: [1, 4, 4, 1] },
      message: "takes 1 input (dy), got 0.",
    },
    {
      inputs: ["[1, 2, 2, 1]"],
      attributes: { ...average, inputShape: [4, 4] },
      message: "inputShape must be [N, H, W, C], got [4, 4].",
    },
    {
      inputs: ["[1, 2, 3, 1]"],
      attributes: { ...average, inputShape: [1, 4, 4, 1] },
      message: "dy must be float32[1, 2, 2, 1], got float32[1, 2, 3, 1].",
    },
  ],
  adaptiveAveragePool2d: [
    {
      inputs: ["[4, 4, 1]"],
      attributes: { outputSize: [2, 2] },
      message: `x must be float32[N, H, W, C], got float32[4, 4, 1]. ${imageHint}`,
    },
    {
      inputs: ["[1, 4, 4, 1]"],
      attributes: { outputSize: [2, 0] },
      message: "outputSize must be whole numbers of at least 1, got [2, 0].",
    },
  ],
  adaptiveAveragePool2dGradient: [
    {
      inputs: [],
      attributes: { outputSize: [2, 2], inputShape: [1, 4, 4, 1] },
      message: "takes 1 input (dy), got 0.",
    },
    {
      inputs: ["[1, 2, 2, 1]"],
      attributes: { outputSize: [2, 2], inputShape: [4, 4] },
      message: "inputShape must be [N, H, W, C], got [4, 4].",
    },
    {
      inputs: ["[1, 2, 3, 1]"],
      attributes: { outputSize: [2, 2], inputShape: [1, 4, 4, 1] },
      message: "dy must be float32[1, 2, 2, 1], got float32[1, 2, 3, 1].",
    },
  ],
};
