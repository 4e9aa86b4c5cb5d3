import { decodeSafetensors, encodeSafetensors } from "../formats/index.ts";
import type { JsonValue } from "../options/index.ts";
import { FormatError, type Tensor } from "../tensor/index.ts";
import type { CallbackState } from "./callback.ts";
import { readTrainingState, type TrainingState } from "./training-state.ts";

/** A run at one moment: all that is needed to go on as if it had never stopped. */
export interface Checkpoint {
  /** Architecture and training configuration of the model, as JSON. */
  readonly model: string;
  readonly training: TrainingState;
  /** Parameters, statistics and the optimizer's state by name. */
  readonly variables: ReadonlyMap<string, Tensor>;
  /** What callbacks remember, by key. */
  readonly callbacks: ReadonlyMap<string, CallbackState>;
}

/** Keys of the metadata in files of models and checkpoints. */
export const modelKey = "fovea.model";
const trainingKey = "fovea.training";
const callbacksKey = "fovea.callbacks";

/**
 * The momentum of the averages that a checkpoint holds beside its weights.
 *
 * @param metadata - of a file of a model or a checkpoint
 * @param name - the file's name, for errors
 * @returns `null` for a model, and for a checkpoint of a run that does not average
 * @throws FormatError when the training state is damaged
 */
export function averageMomentumOf(metadata: Readonly<Record<string, string>>, name: string): number | null {
  const { [trainingKey]: training } = metadata;
  if (training === undefined) return null;
  return readTrainingState(parseMetadata(training, trainingKey, name), name).configuration.emaMomentum;
}

/** Callbacks' tensors are named `callback/<key>/<name>`. */
const callbackPrefix = "callback/";

/** A checkpoint as bytes of a safetensors file. It can also be loaded as a model. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const tensors = new Map(checkpoint.variables);
  const states: [string, JsonValue][] = [];
  for (const [key, state] of checkpoint.callbacks) {
    states.push([key, state.values]);
    for (const [name, tensor] of state.tensors ?? []) tensors.set(`${callbackPrefix}${key}/${name}`, tensor);
  }
  return encodeSafetensors(tensors, {
    [modelKey]: checkpoint.model,
    [trainingKey]: JSON.stringify(checkpoint.training),
    [callbacksKey]: JSON.stringify(Object.fromEntries(states)),
  });
}

/**
 * Reads a checkpoint of unknown origin.
 *
 * @param options - `name`: the file's name, for errors
 * @throws FormatError naming the file and what is wrong with it
 */
export function decodeCheckpoint(bytes: Uint8Array, options: { readonly name: string }): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, options);
  const { [modelKey]: model, [trainingKey]: training, [callbacksKey]: callbacks } = metadata;
  if (model === undefined || training === undefined || callbacks === undefined) {
    throw new FormatError("not a checkpoint: it has no training state", {
      where: options.name,
      hint: "Resume from the checkpoint.safetensors of a run; a model file holds weights alone.",
    });
  }
  return {
    model,
    training: readTrainingState(parseMetadata(training, trainingKey, options.name), options.name),
    variables: new Map([...tensors].filter(([name]) => !name.startsWith(callbackPrefix))),
    callbacks: readCallbacks(parseMetadata(callbacks, callbacksKey, options.name), tensors, options.name),
  };
}

/**
 * JSON of a file's metadata.
 *
 * @throws FormatError naming the file and the entry
 */
export function parseMetadata(text: string, key: string, name: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new FormatError(`the metadata "${key}" is not valid JSON`, {
      where: name,
      hint: "The file is damaged: use another copy.",
      cause,
    });
  }
}

function readCallbacks(
  value: JsonValue,
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
): Map<string, CallbackState> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError(`the metadata "${callbacksKey}" is not an object`, { where: name });
  }
  return new Map(
    Object.entries(value).map(([key, values]) => {
      const prefix = `${callbackPrefix}${key}/`;
      const own = [...tensors]
        .filter(([tensorName]) => tensorName.startsWith(prefix))
        .map(([tensorName, tensor]) => [tensorName.slice(prefix.length), tensor] as const);
      return [key, { values, tensors: new Map(own) }];
    }),
  );
}
