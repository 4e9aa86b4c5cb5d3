import { optimizers, type ZooName, models as zoo } from "fovea";
import { datasetOf } from "./datasets.ts";
import { engineOf } from "./engine.ts";
import { keepModel, type ModelEntry } from "./models.ts";

/** A net that is trained here in seconds, so that there is something to look at. */
export type StarterNet = Extract<
  ZooName,
  "lenet5" | "dense" | "convnet" | "convnet-bn" | "convnet-gmp" | "convnet-blur" | "convnet-gmp-blur"
>;

/** How far the training of a starter is. */
export interface StarterProgress {
  /** Of the epoch, from 0 to 1. */
  readonly share: number;
  /** Mean over the epoch so far. */
  readonly accuracy: number;
}

/** Adam's step, and for those that bear more (or learn slowly with less) another. */
const rates: Partial<Record<StarterNet, number>> = {
  "convnet-bn": 0.005,
  "convnet-gmp": 0.005,
  "convnet-gmp-blur": 0.005,
};

/** The lab's side of nets that are trained by one button. */
export const starter = {
  /**
   * Trains a net of the zoo for one epoch of MNIST, and puts it into the store.
   *
   * @param onProgress - called several times a second
   */
  async train(net: StarterNet, onProgress: (progress: StarterProgress) => void): Promise<ModelEntry> {
    const { train } = await datasetOf("mnist");
    const model = zoo.create(net);
    const learningRate = rates[net] ?? 0.002;
    model.compile({ engine: await engineOf(), optimizer: optimizers.adam({ learningRate }) });
    let told = 0;
    await model.fit(train, {
      batchSize: 64,
      callbacks: [
        {
          onProgress: ({ step, stepsPerEpoch, metrics }) => {
            if (performance.now() - told < 100) return;
            told = performance.now();
            onProgress({ share: step / stepsPerEpoch, accuracy: metrics["accuracy"] ?? 0 });
          },
        },
      ],
    });
    return keepModel(model, { name: net, origin: "one epoch of MNIST" });
  },

  /** Names of the nets of the zoo. */
  names(): string[] {
    return [...zoo.names];
  },

  /** Puts a net of the zoo with random weights into the store: what training starts from. */
  async untrained(net: string): Promise<ModelEntry> {
    const model = zoo.create(net);
    model.compile({ engine: await engineOf() });
    return keepModel(model, { name: net, origin: "untrained" });
  },
};
