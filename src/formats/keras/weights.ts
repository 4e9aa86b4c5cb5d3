import type { Tensor } from "../../tensor/tensor.ts";
import { clip } from "../format-errors.ts";
import { Hdf5Dataset } from "../hdf5/dataset.ts";
import type { Hdf5Group } from "../hdf5/group.ts";
import type { ConfiguredLayer } from "./configuration.ts";
import { damagedKeras } from "./errors.ts";
import { namesOfVariables } from "./variable-names.ts";

/** Groups whose members are layers: of Keras 3, and of the first `.keras` files, which Keras 2.12 wrote. */
const containers = ["layers", "_layer_checkpoint_dependencies"];

/** State of training, which is no part of the model. */
const notWeights = ["optimizer", "metrics", "trackables"];

/** Whether a file has the layout of Keras 3: layers as groups, variables as numbered data sets. */
export function hasNumberedVariables(root: Hdf5Group): boolean {
  return root.names.some((name) => containers.includes(name) || name === "vars");
}

/**
 * Weights of a `.weights.h5` file as `layer/variable`. Such files number the variables and name groups of layers by
 * class; the layers' own names are those of the configuration, or of the groups' attribute `name` where the file is of Keras 3.10 or later.
 *
 * @param configuration - the layers by group; null when there is none
 */
export async function readNumberedVariables(
  root: Hdf5Group,
  configuration: ReadonlyMap<string, ConfiguredLayer> | null,
  file: string,
): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();

  async function readObject(group: Hdf5Group, path: readonly string[], layer: ConfiguredLayer | null) {
    for (const name of group.names) {
      if (path.length === 0 && notWeights.includes(name)) continue;
      const child = group.get(name);
      if (child === null || child instanceof Hdf5Dataset) continue;
      if (name === "vars") await readVariables(child, path, group, layer);
      else if (containers.includes(name)) {
        await readLayers(child, path, path.length === 0 ? configuration : (layer?.layers ?? null));
      } else await readObject(child, [...path, name], null);
    }
  }

  async function readLayers(
    group: Hdf5Group,
    path: readonly string[],
    layers: ReadonlyMap<string, ConfiguredLayer> | null,
  ) {
    for (const name of group.names) {
      const child = group.get(name);
      if (child === null || child instanceof Hdf5Dataset) continue;
      const layer = layers?.get(name) ?? null;
      await readObject(child, [...path, layer?.name ?? ownName(child) ?? name], layer);
    }
  }

  async function readVariables(
    variables: Hdf5Group,
    path: readonly string[],
    owner: Hdf5Group,
    layer: ConfiguredLayer | null,
  ) {
    const numbers = variables.names
      .filter((name) => /^\d{1,6}$/.test(name))
      .sort((a, b) => Number(a) - Number(b));
    const layerClass = (owner.path.split("/").at(-1) ?? "").replace(/_\d+$/, "");
    const names = namesOfVariables(layerClass, numbers.length, layer?.options ?? null);
    for (const [index, number] of numbers.entries()) {
      const dataset = variables.get(number);
      if (!(dataset instanceof Hdf5Dataset)) {
        throw damagedKeras(`"${clip(`${variables.path}/${number}`)}" is no data set`, file);
      }
      const name = [...path, names[index]].join("/");
      if (tensors.has(name)) throw damagedKeras(`two variables are named "${clip(name)}"`, file);
      tensors.set(name, await dataset.read());
    }
  }

  await readObject(root, [], null);
  return tensors;
}

/** The name that a layer has in its model, where the file says so. */
function ownName(layer: Hdf5Group): string | null {
  if (!layer.names.includes("vars")) return null;
  const variables = layer.get("vars");
  if (variables === null || variables instanceof Hdf5Dataset) return null;
  return variables.texts("name")?.[0] ?? null;
}
