/** Names of the nets of the experiment, in the order of what they teach. */
export type VariantId =
  | "dense"
  | "dense-moved"
  | "convnet"
  | "convnet-moved"
  | "convnet-blur"
  | "convnet-gmp"
  | "convnet-gmp-blur";

/** A net of `fovea experiment translation`. */
export interface Variant {
  /** Also the name of its run's folder. */
  readonly id: VariantId;
  /** As the report calls it. */
  readonly name: string;
  /** Of the zoo. */
  readonly model: string;
  /** Whether it trains on digits that are moved at random. */
  readonly moved: boolean;
  /** Unless told. Dense nets learn in seconds, and more slowly by the epoch. */
  readonly epochs: number;
  /** What it is, in few words. */
  readonly idea: string;
}

/** Pixels by which digits are moved at most where a net trains on moved ones: less than they are moved when it is judged. */
export const trainingShift = 4;

/** Images of a step, and Adam's rate at the start, which falls along a cosine. */
export const experimentBatchSize = 64;
export const experimentLearningRate = 2e-3;

/** All nets. Each differs from one before it in one thing. */
export const variants: readonly Variant[] = [
  {
    id: "dense",
    name: "dense",
    model: "dense",
    moved: false,
    epochs: 3,
    idea: "each pixel has weights of its own",
  },
  {
    id: "dense-moved",
    name: "dense, moved digits",
    model: "dense",
    moved: true,
    epochs: 3,
    idea: `the same, trained on digits moved by up to ${trainingShift} px`,
  },
  {
    id: "convnet",
    name: "convolution",
    model: "convnet",
    moved: false,
    epochs: 1,
    idea: "the same filters everywhere, max pooling, then a weight for each place",
  },
  {
    id: "convnet-moved",
    name: "convolution, moved digits",
    model: "convnet",
    moved: true,
    epochs: 1,
    idea: `the same, trained on digits moved by up to ${trainingShift} px`,
  },
  {
    id: "convnet-blur",
    name: "anti-aliased",
    model: "convnet-blur",
    moved: false,
    epochs: 1,
    idea: "convolution, with a blur wherever rows and columns are left out",
  },
  {
    id: "convnet-gmp",
    name: "global pooling",
    model: "convnet-gmp",
    moved: false,
    epochs: 1,
    idea: "convolution, then of each filter the greatest value, wherever it is",
  },
  {
    id: "convnet-gmp-blur",
    name: "global, anti-aliased",
    model: "convnet-gmp-blur",
    moved: false,
    epochs: 1,
    idea: "global pooling, with the blur",
  },
];
