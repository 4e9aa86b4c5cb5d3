import type { Layer } from "../layers/index.ts";
import { booleanField, checkOptions, type Fields } from "../options/index.ts";
import { nameHint, OptionError } from "../tensor/index.ts";
import { type Architecture, callsUpTo } from "./architecture.ts";
import { matchesLayer, stagesOf } from "./layer-pattern.ts";

/** How layers are unfrozen. */
export interface UnfreezeOptions {
  /** Whether batch normalization follows the moments of batches again, in training; default false. */
  readonly statistics?: boolean;
}

const fields: Fields<UnfreezeOptions> = { statistics: booleanField(false) };

/** The architecture with all layers frozen. */
export function frozen(architecture: Architecture): Architecture {
  const layers = architecture.layers.map(({ name, layer }) => {
    return { name, layer: layer.changed({ trainable: false, frozenStatistics: true }) };
  });
  return { ...architecture, layers };
}

/**
 * The architecture with some layers that train.
 *
 * @throws OptionError for a stage that is no layer's and no tap's, or a wrong option
 */
export function unfrozen(
  architecture: Architecture,
  stages: string | readonly string[],
  options: UnfreezeOptions,
): Architecture {
  const { statistics } = checkOptions("unfreeze", options, fields);
  const chosen = new Set(
    [stages].flat().flatMap((stage: unknown) => [...layersOfStage(architecture, String(stage))]),
  );
  const thaw = (layer: Layer) =>
    layer.changed({ trainable: true, ...(statistics ? { frozenStatistics: false } : {}) });
  const layers = architecture.layers.map(({ name, layer }, index) => {
    return { name, layer: chosen.has(index) ? thaw(layer) : layer };
  });
  return { ...architecture, layers };
}

/** Indices of the layers of a stage. */
function layersOfStage(architecture: Architecture, stage: string): ReadonlySet<number> {
  const { layers, calls, taps, name: model } = architecture;
  const named = layers.flatMap(({ name }, index) => (matchesLayer(stage, name) ? [index] : []));
  if (named.length > 0) return new Set(named);
  const tap = taps.find(({ name }) => name === stage);
  if (tap === undefined) {
    const names = [...taps.map(({ name }) => name), ...stagesOf(layers.map(({ name }) => name))];
    throw new OptionError(`model "${model}" has no layers and no tap "${stage}"`, {
      where: "unfreeze",
      hint: nameHint(stage, [...new Set(names)]),
    });
  }
  // What the tap depends on, and no tap before it does.
  const own = new Set(callsUpTo(architecture, tap.call));
  for (const { call } of taps) {
    if (call !== tap.call && own.has(call))
      for (const before of callsUpTo(architecture, call)) own.delete(before);
  }
  return new Set([...own].map((call) => calls[call].layer));
}
