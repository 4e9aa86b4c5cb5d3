import type { Architecture } from "../../models/index.ts";
import { type KerasFamily, kerasFamilies } from "./keras-names.ts";
import type { KnownConvention } from "./layouts.ts";
import type { Slot } from "./slots.ts";

/** Which tensors of a file are meant for which parameters, by their names. */
export interface Pairing {
  /** Parameters by the tensors' names. */
  readonly pairs: ReadonlyMap<string, Slot>;
  /** Names that lie beside the model's weights: a checkpoint's optimizer, say. */
  readonly beside: ReadonlySet<string>;
}

/** How a convention names parameters. */
interface Naming {
  readonly pair: (names: readonly string[], slots: readonly Slot[], architecture: Architecture) => Pairing;
  /** The names of all parameters, for writing. */
  readonly names: (slots: readonly Slot[], architecture: Architecture) => ReadonlyMap<Slot, string>;
}

const ownNaming: Naming = {
  pair: (names, slots) => pairWrapped(names, new Map(slots.map((slot) => [slot.parameter.name, slot]))),
  names: (slots) => new Map(slots.map((slot) => [slot, slot.parameter.name])),
};

/** All conventions. Zoo models have torchvision's names: PyTorch's naming is ours. */
export const namings: { readonly [C in KnownConvention]: Naming } = {
  fovea: ownNaming,
  pytorch: ownNaming,
  keras: { pair: pairKeras, names: kerasNames },
};

/** What training scripts wrap around a net, or keep its state dict under. */
const wrappers = new Set([
  "_orig_mod",
  "backbone",
  "ema",
  "model",
  "model_ema",
  "model_state",
  "model_state_dict",
  "module",
  "net",
  "network",
  "params",
  "state_dict",
]);

/** Pairs by name, behind whichever wrapper gives most pairs: `module.conv1.weight` is `conv1.weight`. */
function pairWrapped(names: readonly string[], slots: ReadonlyMap<string, Slot>): Pairing {
  const byWrapper = new Map<string, [name: string, slot: Slot][]>([["", []]]);
  for (const name of names) {
    for (const wrapper of wrappersOf(name)) {
      const slot = slots.get(name.slice(wrapper.length));
      if (slot === undefined) continue;
      const pairs = byWrapper.get(wrapper) ?? [];
      byWrapper.set(wrapper, pairs);
      pairs.push([name, slot]);
    }
  }
  // Of equal ones the first: a checkpoint may hold the weights and their running means.
  const [[wrapper, pairs]] = [...byWrapper].sort(([, a], [, b]) => b.length - a.length);
  const isBeside = (name: string) => !name.startsWith(wrapper);
  return { pairs: new Map(pairs), beside: new Set(names.filter(isBeside)) };
}

/** Nobody wraps a net more often. */
const mostWrappers = 4;

/** Beginnings of a name that are wrappers alone: "", `state_dict.`, `state_dict.module.`. */
function wrappersOf(name: string): string[] {
  const found = [""];
  let end = 0;
  for (const part of name.split(".", mostWrappers + 1).slice(0, mostWrappers)) {
    if (!wrappers.has(part)) break;
    end += part.length + 1;
    found.push(name.slice(0, end));
  }
  return found;
}

/** Names of Keras's variables, and under which names the same are kept here. */
const variables: Readonly<Record<string, readonly string[]>> = {
  kernel: ["weight"],
  depthwise_kernel: ["weight", "depthwise_weight"],
  pointwise_kernel: ["pointwise_weight"],
  bias: ["bias"],
  gamma: ["weight"],
  beta: ["bias"],
  moving_mean: ["running_mean"],
  moving_variance: ["running_var"],
  alpha: ["weight"],
};

/** `conv1/kernel`, `model/conv1/kernel:0`, `conv1/vars/0` as layer and variable. */
function splitKeras(name: string): { readonly layer: string; readonly variable: string } {
  const [, layer = "", variable = name] =
    /^(?:(.*?)\/)?(vars\/\d+|[^/]*)$/.exec(name.replace(/:\d+$/, "")) ?? [];
  return { layer, variable };
}

function pairKeras(names: readonly string[], slots: readonly Slot[], architecture: Architecture): Pairing {
  const families = Object.values(kerasFamilies).map((family) =>
    pairFamily(names, slots, family(architecture)),
  );
  // Of equal ones the first, the names that the layers have themselves.
  const [pairs] = families.sort((a, b) => b.size - a.size);
  return { pairs: pairs ?? new Map(), beside: new Set() };
}

function pairFamily(
  names: readonly string[],
  slots: readonly Slot[],
  layerNames: ReadonlyMap<string, string>,
): ReadonlyMap<string, Slot> {
  const byLayer = new Map<string, Slot[]>();
  for (const slot of slots) {
    const layer = layerNames.get(slot.layer.name);
    if (layer === undefined) continue;
    const own = byLayer.get(layer) ?? [];
    byLayer.set(layer, own);
    own.push(slot);
  }
  return new Map(
    names.flatMap((name) => {
      const { layer, variable } = splitKeras(name);
      // A layer of a model that is a layer: `mobilenet/conv1`.
      const own = byLayer.get(layer) ?? byLayer.get(layer.slice(layer.lastIndexOf("/") + 1));
      const slot = own === undefined ? undefined : slotOf(own, variable);
      return slot === undefined ? [] : [[name, slot] as const];
    }),
  );
}

/** Variables without names are numbered in the order of both Keras's layers and ours. */
function slotOf(slots: readonly Slot[], variable: string): Slot | undefined {
  const number = /^vars\/(\d+)$/.exec(variable);
  if (number !== null) return slots[Number(number[1])];
  const locals = Object.hasOwn(variables, variable) ? variables[variable] : [];
  return slots.find(({ local }) => locals.includes(local));
}

/** The family that knows most of the layers with parameters decides. */
function kerasNames(slots: readonly Slot[], architecture: Architecture): ReadonlyMap<Slot, string> {
  const own = kerasFamilies.own(architecture);
  const known = (names: ReadonlyMap<string, string>) => slots.filter(({ layer }) => names.has(layer.name));
  const others = Object.entries(kerasFamilies).filter(([family]) => family !== ("own" satisfies KerasFamily));
  const complete = others
    .map(([, family]) => family(architecture))
    .find((names) => known(names).length === slots.length);
  const names = complete ?? own;
  return new Map(
    slots.map((slot) => [slot, `${names.get(slot.layer.name) ?? slot.layer.name}/${kerasVariable(slot)}`]),
  );
}

function kerasVariable({ layer: { layer }, local, isKernel }: Slot): string {
  if (isKernel) {
    const separable: Readonly<Record<string, string>> = {
      depthwise_weight: "depthwise_kernel",
      pointwise_weight: "pointwise_kernel",
    };
    return separable[local] ?? "kernel";
  }
  if (layer.kind === "prelu") return "alpha";
  if (layer.kind !== "batchNormalization") return local;
  const ofNormalization: Readonly<Record<string, string>> = {
    weight: "gamma",
    bias: "beta",
    running_mean: "moving_mean",
    running_var: "moving_variance",
  };
  return ofNormalization[local] ?? local;
}
