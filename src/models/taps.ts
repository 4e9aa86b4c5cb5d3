import { nameHint, OptionError } from "../tensor/index.ts";
import { type Architecture, callsUpTo } from "./architecture.ts";

/**
 * The call that a name stands for: that of a tap, else the last use of a layer. An index of a call stands for itself.
 *
 * @throws OptionError for a name that is neither, and an index of no call
 */
export function callNamed({ name: model, taps, layers, calls }: Architecture, name: string | number): number {
  if (typeof name === "number") {
    if (calls[name] !== undefined) return name;
    throw new OptionError(`there is no call ${name}`, {
      where: `model "${model}"`,
      hint: `Its calls are 0 to ${calls.length - 1}.`,
    });
  }
  const tap = taps.find((candidate) => candidate.name === name);
  if (tap !== undefined) return tap.call;
  const index = calls.findLastIndex((call) => layers[call.layer].name === name);
  if (index >= 0) return index;
  const names = [...taps.map((known) => known.name), ...layers.map((layer) => layer.name)];
  throw new OptionError(`there is no ${taps.length > 0 ? "tap or " : ""}layer "${name}"`, {
    where: `model "${model}"`,
    hint: nameHint(name, names),
  });
}

/** The part of an architecture that a call depends on, and ends in. Layers keep their names; heads are left behind. */
export function truncate(architecture: Architecture, name: string, end: number): Architecture {
  const { layers, calls, input, taps } = architecture;
  const kept = [...callsUpTo(architecture, end)].sort((a, b) => a - b);
  const keptLayers = [...new Set(kept.map((position) => calls[position].layer))].sort((a, b) => a - b);
  const newCall = new Map(kept.map((position, index) => [position, index]));
  const newLayer = new Map(keptLayers.map((position, index) => [position, index]));
  const callOf = (position: number) => newCall.get(position) ?? 0;
  return {
    name,
    layers: keptLayers.map((position) => layers[position]),
    calls: kept.map((position) => ({
      layer: newLayer.get(calls[position].layer) ?? 0,
      inputs: calls[position].inputs.map(callOf),
      shape: calls[position].shape,
    })),
    input: callOf(input),
    output: callOf(end),
    taps: taps.filter(({ call }) => newCall.has(call)).map((tap) => ({ ...tap, call: callOf(tap.call) })),
    auxiliaries: [],
  };
}
