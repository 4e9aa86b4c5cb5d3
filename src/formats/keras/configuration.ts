import { snakeCase, type VariableOptions } from "./variable-names.ts";

/** A layer as a model's configuration describes it, as far as names of weights depend on it. */
export interface ConfiguredLayer {
  readonly name: string;
  readonly options: VariableOptions;
  /** Layers of a model that is a layer, by their names in the file; null for a plain layer. */
  readonly layers: ReadonlyMap<string, ConfiguredLayer> | null;
}

/** Models within models. */
const depthLimit = 32;
const layerLimit = 20_000;

/**
 * Layers of a configuration by the names of their groups in a `.weights.h5` file: the class in small letters, numbered
 * from the second on. Null where the configuration is not one of a model made of layers.
 */
export function configuredLayers(value: unknown, depth = 0): ReadonlyMap<string, ConfiguredLayer> | null {
  const { config } = objectOf(value);
  const { layers } = objectOf(config);
  if (!Array.isArray(layers) || layers.length > layerLimit || depth > depthLimit) return null;
  const counts = new Map<string, number>();
  const byGroup = new Map<string, ConfiguredLayer>();
  for (const layer of layers) {
    const { class_name: name, config: options } = objectOf(layer);
    if (typeof name !== "string") return null;
    const className = snakeCase(name);
    const count = counts.get(className) ?? 0;
    counts.set(className, count + 1);
    const group = count === 0 ? className : `${className}_${count}`;
    const { name: own = group } = objectOf(options);
    byGroup.set(group, {
      name: String(own),
      options: objectOf(options),
      layers: configuredLayers(layer, depth + 1),
    });
  }
  return byGroup;
}

/** A value of JSON as an object; an empty one when it is none. */
function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? { ...value } : {};
}
