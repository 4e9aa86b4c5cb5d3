import { clip } from "../../formats/format-errors.ts";
import type { ReadOptions } from "../../formats/index.ts";
import {
  type Architecture,
  type FunctionalGraph,
  functional,
  Model,
  type PreprocessingOptions,
} from "../../models/index.ts";
import { FormatError, FoveaError, type Shape, type Tensor } from "../../tensor/index.ts";
import { safeName } from "./names.ts";

/** Options of `importKeras`. */
export interface ImportKerasOptions extends ReadOptions {
  /**
   * Shape of an example, [height, width, channels], where the file leaves it open, or to take images of another size.
   * Default `null`: the file's.
   */
  readonly inputShape?: Shape | null;
  /**
   * What happens to the bytes of images. Default: nothing, `{ scale: 1, offset: 0 }`, where the model itself begins with
   * `Rescaling` or `Normalization`; else they are brought to [0, 1], which many Keras models, but not all, expect.
   */
  readonly preprocessing?: PreprocessingOptions;
  readonly classNames?: readonly string[] | null;
}

/** A model of another program, as a model of ours. */
export interface ImportedModel {
  readonly model: Model;
  /** What is not quite as it was there: augmentation that only acts in training, say. */
  readonly notes: readonly string[];
  /** Weights of the file that no layer of the model has. */
  readonly unused: readonly string[];
}

/** What is wrong may name lists of the file, of any length. */
const longestText = 1000;

/** Makes every complaint about what a file describes a FormatError that names the file. */
export function asFile<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof FormatError || !(cause instanceof FoveaError)) throw cause;
    const message = clip(cause.message, longestText);
    throw new FormatError(`the model that it describes does not fit together: ${message}`, {
      where: file,
      cause,
    });
  }
}

/** A model of a graph, with weights, and with what is known of its images. */
export function assembleModel(
  graph: FunctionalGraph,
  title: string,
  { name: file, preprocessing, classNames = null }: ImportKerasOptions,
  weightsOf: (architecture: Architecture) => ReadonlyMap<string, Tensor>,
): Model {
  const name = safeName(title);
  const { architecture } = asFile(file, () => functional(graph, { name }));
  const { layers, calls, input } = architecture;
  const next = calls.find(({ inputs }) => inputs.includes(input));
  const rescales = next !== undefined && layers[next.layer].layer.kind === "rescaling";
  const usual = rescales ? { scale: 1, offset: 0 } : {};
  const checked = functional(graph, { name, classNames, preprocessing: preprocessing ?? usual });
  const weights = weightsOf(architecture);
  return new Model({ architecture, preprocessing: checked.preprocessing, classNames, weights });
}
