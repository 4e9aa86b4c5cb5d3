import type { Engine } from "../engine/engine.ts";
import { layers } from "../layers/index.ts";
import { metrics } from "../metrics/index.ts";
import { type Model, sequential } from "../models/index.ts";
import { optimizers, schedules } from "../optimizers/index.ts";

/** A little of everything that has state or is random. */
export function small(engine: Engine, seed: number | null = null): Model {
  const model = sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: 3, padding: "same", inputShape: [4, 4, 1], useBias: false }),
      layers.batchNormalization({ momentum: 0.9 }),
      layers.activation({ activation: "relu" }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 2 }),
    ],
    { name: "small", seed },
  );
  model.compile({
    engine,
    optimizer: optimizers.adam({
      learningRate: schedules.cosine({ initialLearningRate: 0.02, decaySteps: 12 }),
      clipNorm: 1,
    }),
    metrics: ["accuracy", metrics.topKAccuracy({ k: 1 })],
  });
  return model;
}
