/** Where the weights are in what was saved: a state dict, or a checkpoint around one. */
import { FormatError } from "../../tensor/errors.ts";
import { clip } from "../format-errors.ts";
import { PickleDict, PickleList, PickleTuple, type PickleValue } from "./pickle-values.ts";
import type { TensorRecord, UnreadableTensor } from "./tensor-record.ts";

type Entry = TensorRecord | UnreadableTensor;

/** The weights of a file, by name, and the way that led to them. */
export interface FoundWeights {
  readonly tensors: ReadonlyMap<string, Entry>;
  /** The keys that were followed into the checkpoint: `["state_dict"]`. */
  readonly path: readonly string[];
  /** What all names began with and do no more: `module.`, or nothing. */
  readonly prefix: string;
}

/** Under which keys training scripts put the state dict, the usual ones first. */
const stateDictKeys = [
  ...[
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
  ],
  ...["model_ema", "ema", "state_dict_ema"],
];
/** State that training keeps beside the weights. */
const notWeights = /optim|sched|scaler|rng|_metadata/i;
/** Before all names when the model was wrapped while it was saved: by DataParallel, by torch.compile. */
const wrappers = ["module.", "_orig_mod."];
/** Deepest nesting, and most values looked at: values may be shared, so that a small file has endlessly many paths. */
const depthLimit = 32;
const valueLimit = 1_000_000;

/** @param file - for errors. @throws FormatError when there are no tensors, or too many */
export function findWeights(root: PickleValue, file: string): FoundWeights {
  const path: string[] = [];
  let value = root;
  for (let depth = 0; depth < depthLimit; depth++) {
    const key = value instanceof PickleDict ? stateDictKey(value) : undefined;
    if (key === undefined || !(value instanceof PickleDict)) break;
    path.push(key);
    value = value.entries.get(key) ?? null;
  }
  const collector = new Collector(file);
  if (isTensor(value)) collector.add("tensor", value);
  else collector.collect(value, "", 0);
  if (collector.tensors.size === 0) {
    throw new FormatError("the file holds no tensors", {
      where: file,
      hint: 'Save a state dict, in Python: torch.save(model.state_dict(), "weights.pth").',
    });
  }
  const { names, prefix } = unwrapped([...collector.tensors.keys()]);
  const entries = [...collector.tensors.values()];
  return { tensors: new Map(names.map((name, index) => [name, entries[index]])), path, prefix };
}

/** The first of the usual keys under which there is a dictionary with tensors, directly or one such key further down. */
function stateDictKey(dict: PickleDict): string | undefined {
  return stateDictKeys.find((key) => {
    const value = dict.entries.get(key);
    if (!(value instanceof PickleDict)) return false;
    return (
      holdsTensors(value) ||
      stateDictKeys.some((inner) => {
        const below = value.entries.get(inner);
        return below instanceof PickleDict && holdsTensors(below);
      })
    );
  });
}

function holdsTensors(dict: PickleDict): boolean {
  for (const value of dict.entries.values()) if (isTensor(value)) return true;
  return false;
}

function isTensor(value: PickleValue): value is Entry {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    (value.kind === "tensor" || value.kind === "unreadable")
  );
}

/** Gathers the tensors of nested dictionaries and lists; their names are the keys on the way, with dots between. */
class Collector {
  readonly tensors = new Map<string, Entry>();
  readonly #file: string;
  #seen = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(name: string, tensor: Entry): void {
    if (this.tensors.has(name)) throw this.#fail(`two tensors have the name "${clip(name)}"`);
    this.tensors.set(name, tensor);
  }

  collect(value: PickleValue, prefix: string, depth: number): void {
    if (depth > depthLimit) throw this.#fail(`its values are nested more than ${depthLimit} deep`);
    for (const [key, item] of itemsOf(value)) {
      if (++this.#seen > valueLimit) throw this.#fail(`it holds more than ${valueLimit} values`);
      // A usual state dict is flat: only around it may there be other things than weights.
      if (isTensor(item)) this.add(prefix + key, item);
      else if (!notWeights.test(key)) this.collect(item, `${prefix}${key}.`, depth + 1);
    }
  }

  #fail(what: string): FormatError {
    return new FormatError(what, {
      where: this.#file,
      hint: 'Save the state dict alone, in Python: torch.save(model.state_dict(), "weights.pth").',
    });
  }
}

function* itemsOf(value: PickleValue): Iterable<[string, PickleValue]> {
  if (value instanceof PickleDict) {
    for (const [key, item] of value.entries) {
      if (typeof key === "string" || typeof key === "number") yield [String(key), item];
    }
  } else if (value instanceof PickleList || value instanceof PickleTuple) {
    for (const [index, item] of value.items.entries()) yield [String(index), item];
  }
}

/** Names without what a wrapper put before all of them; a prefix that some lack is part of the names. */
function unwrapped(names: readonly string[]): { readonly names: readonly string[]; readonly prefix: string } {
  let prefix = "";
  for (;;) {
    const wrapper = wrappers.find((candidate) => names.every((name) => name.startsWith(prefix + candidate)));
    if (wrapper === undefined) return { names: names.map((name) => name.slice(prefix.length)), prefix };
    prefix += wrapper;
  }
}
