import type { Tensor } from "../../tensor/tensor.ts";
import { clip } from "../format-errors.ts";
import { Hdf5Dataset } from "../hdf5/dataset.ts";
import type { Hdf5Group } from "../hdf5/group.ts";
import { damagedKeras } from "./errors.ts";
import { weightName } from "./variable-names.ts";

/** Weights of the model itself and not of a layer. */
const topLevel = "top_level_model_weights";

/** Where a file of Keras's older layout has its weights: at the root, or beside a model's configuration. */
export function namedWeightsOf(root: Hdf5Group): Hdf5Group | null {
  if (longList(root, "layer_names") !== null) return root;
  if (!root.names.includes("model_weights")) return null;
  const group = root.get("model_weights");
  if (group === null || group instanceof Hdf5Dataset) return null;
  return longList(group, "layer_names") === null ? null : group;
}

/** Weights of an `.h5` file as `layer/variable`: attributes list the layers, and each layer's weights. */
export async function readNamedWeights(group: Hdf5Group, file: string): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  const layers = longList(group, "layer_names") ?? [];
  const listed =
    group.names.includes(topLevel) && !layers.includes(topLevel) ? [...layers, topLevel] : layers;
  for (const layer of listed) {
    const weights = group.get(layer);
    if (weights === null || weights instanceof Hdf5Dataset) {
      throw damagedKeras(`the layer "${clip(layer)}" is listed, but not there`, file);
    }
    for (const weight of longList(weights, "weight_names") ?? []) {
      const dataset = weights.get(weight);
      if (!(dataset instanceof Hdf5Dataset)) {
        throw damagedKeras(
          `the weight "${clip(weight)}" is listed, but not there`,
          `${file}, layer "${clip(layer)}"`,
        );
      }
      const name = `${layer}/${weightName(layer, weight)}`;
      if (tensors.has(name)) throw damagedKeras(`two weights are named "${clip(name)}"`, file);
      tensors.set(name, await dataset.read());
    }
  }
  return tensors;
}

/**
 * A list of texts. An attribute has 64 kB at most, so Keras cuts long lists up into `name0`, `name1` and so on.
 * Null when there is none.
 */
function longList(group: Hdf5Group, name: string): readonly string[] | null {
  const whole = group.texts(name);
  if (whole !== null) return whole;
  const parts: (readonly string[])[] = [];
  for (let index = 0; ; index++) {
    const part = group.texts(`${name}${index}`);
    if (part === null) return parts.length === 0 ? null : parts.flat();
    parts.push(part);
  }
}
