/** Training part of the backbone, too: photos go through the whole net, changed at random, at a lower rate. */
import { augmentations, type DecodePool, type ImageFolder, type ImageStream } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { type Model, modelParameters } from "../models/index.ts";
import { optimizers } from "../optimizers/index.ts";
import type { Resolved } from "../options/index.ts";
import { sizeOf, TrainingError } from "../tensor/index.ts";
import { type Callback, callbacks, type TrainingEvent } from "../train/index.ts";
import { photoOptionsOf } from "./features/index.ts";
import { bestOf, headName } from "./head.ts";
import type { UnfrozenOptions } from "./options.ts";
import type { PhotoPart, UnfrozenReport } from "./result.ts";

/** How {@link trainUnfrozen} trains. */
export interface UnfreezeSettings {
  /** Stages or beginnings of layers' names; `all` for all. */
  readonly stages: readonly string[];
  readonly options: Resolved<UnfrozenOptions>;
  readonly seed: number;
  readonly balanced: boolean;
  /** Validation loss of the frozen backbone with its last layer; to be bettered. */
  readonly frozenLoss: number;
  readonly decoders: DecodePool | null;
  readonly engine: Engine;
  readonly signal: AbortSignal | null;
  readonly onEvent: (event: TrainingEvent) => void;
  /** Is given the model, as a file's bytes, whenever an epoch has bettered it. */
  readonly onCheckpoint: ((model: Uint8Array) => Promise<void>) | null;
}

/** The model to go on with, and how it came about. */
export interface Unfrozen {
  readonly model: Model;
  readonly report: UnfrozenReport;
}

/** What happens to a photo that is trained on: it stays one of its class. */
const changes = [
  augmentations.randomResizedCrop({ scale: [0.5, 1] }),
  augmentations.flip(),
  augmentations.colorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2 }),
];

/** Epochs without improvement after which training ends. */
const patience = 3;

/**
 * Trains the stages with the last layer. Photos are read when they are needed. The weights of the best epoch are kept; those of
 * the frozen backbone where none is better on the validation photos.
 *
 * @throws OptionError for a stage that there is not
 */
export async function trainUnfrozen(
  frozen: Model,
  folder: ImageFolder,
  settings: UnfreezeSettings,
): Promise<Unfrozen> {
  const { stages, options, seed, balanced, frozenLoss, engine, signal, onEvent, onCheckpoint } = settings;
  const { epochs, batchSize, learningRate, backboneFactor, augment, trainStatistics } = options;
  const model = frozen.unfreeze([...layersOf(stages), headName], { statistics: trainStatistics });
  model.compile({
    engine,
    optimizer: optimizers.adam({ learningRate }),
    learningRates: [
      { layers: "*", factor: backboneFactor },
      { layers: headName, factor: 1 },
    ],
  });
  const streamOf = (part: PhotoPart) => partStream(folder, part, model, settings.decoders);
  const train = streamOf("train");
  if (train === null) throw new TrainingError("there are no photos to train on", { where: "finetune" });
  const validation = streamOf("validation");
  const stopping = callbacks.earlyStopping({ monitor: "valLoss", patience, restoreBestWeights: true });
  const history = await model.fit(train, {
    epochs,
    batchSize,
    seed,
    signal,
    ...(augment ? { augment: changes } : {}),
    ...(balanced ? { classWeights: "balanced" } : {}),
    ...(validation === null ? {} : { validationData: validation }),
    callbacks: [
      ...(validation === null ? [] : [stopping]),
      { onEvent },
      ...(onCheckpoint === null ? [] : [whenBetter(model, frozenLoss, onCheckpoint)]),
    ],
  });
  signal?.throwIfAborted();
  const best = bestOf(history.epochs);
  const loss = history.epochs[best]?.validation?.loss ?? null;
  const isBetter = loss === null || loss < frozenLoss;
  return {
    model: isBetter ? model : frozen,
    report: {
      stages,
      parameters: trainedParameters(model),
      epochs: history.epochs,
      bestEpoch: isBetter ? best : null,
      augmented: augment,
    },
  };
}

/** Hands out the model after each epoch that has done better than all before; after each without validation photos. */
function whenBetter(model: Model, frozenLoss: number, save: (bytes: Uint8Array) => Promise<void>): Callback {
  let least = frozenLoss;
  return {
    onEpochEnd: async ({ validation }) => {
      if (validation !== null && validation.loss >= least) return;
      least = validation?.loss ?? least;
      await save(await model.toBytes());
    },
  };
}

/** What {@link Model.unfreeze} takes for stages. */
export function layersOf(stages: readonly string[]): string[] {
  return stages.map((stage) => (stage === "all" ? "*" : stage));
}

/** A part of the photos, for a model; `null` when there are none. */
export function partStream(
  folder: ImageFolder,
  part: PhotoPart,
  model: Model,
  decoders: DecodePool | null,
): ImageStream | null {
  if (!folder.photos.some((photo) => photo.part === part)) return null;
  const pool = decoders === null ? {} : { pool: decoders };
  return folder.stream({ ...photoOptionsOf(model), parts: [part], ...pool });
}

function trainedParameters({ architecture }: Model): number {
  const trained = modelParameters(architecture).filter(
    ({ trainable, layer }) => trainable && architecture.layers[layer].layer.trainable,
  );
  return trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
