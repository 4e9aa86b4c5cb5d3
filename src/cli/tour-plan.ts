/** One model of the tour, and how long it is trained. */
export interface TourStop {
  readonly model: string;
  readonly epochs: number;
  /** Why it is shown, in a few words. */
  readonly idea: string;
}

/** The models of `fovea tour`. All four together take less than 90 seconds on two cores. */
export const tourStops: readonly TourStop[] = [
  { model: "dense", epochs: 4, idea: "each pixel has weights of its own" },
  { model: "lenet5", epochs: 3, idea: "the same filter at every place" },
  { model: "convnet", epochs: 1, idea: "more filters; the head still knows places" },
  { model: "convnet-gmp", epochs: 1, idea: "global pooling: the head sees what, not where" },
];

/** How far the test digits are moved, up and left alike. */
export const tourMoves = [2, 4] as const;

export const tourBatchSize = 128;
/** Of Adam at the start; it falls to zero along a cosine, which few epochs use best. */
export const tourLearningRate = 2e-3;
