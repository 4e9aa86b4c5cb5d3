import type { Model, Shape } from "fovea";

/** What the page knows of a model in the lab. */
export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  /** Where it comes from, for people: "trained here", a file's name, a run's. */
  readonly origin: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly classNames: readonly string[] | null;
  readonly parameters: number;
}

type Listener = (entries: readonly ModelEntry[]) => void;

const kept = new Map<string, { readonly model: Model; readonly entry: ModelEntry }>();
const listeners = new Set<Listener>();
let count = 0;

function tell(): void {
  const entries = [...kept.values()].map(({ entry }) => entry);
  for (const listener of listeners) listener(entries);
}

/**
 * Puts a model into the lab's store, where every panel finds it.
 *
 * @param id - of a model that this one replaces: one that has been trained further
 */
export function keepModel(
  model: Model,
  { name, origin, id }: { readonly name: string; readonly origin: string; readonly id?: string },
): ModelEntry {
  count++;
  const entry: ModelEntry = {
    id: id ?? `model-${count}`,
    name,
    origin,
    inputShape: model.inputShape,
    outputShape: model.outputShape,
    classNames: model.classNames,
    parameters: model.summary().parameters,
  };
  kept.set(entry.id, { model, entry });
  tell();
  return entry;
}

/** A model of the store. @throws Error when it has been taken away */
export function modelOf(id: string): Model {
  const found = kept.get(id);
  if (found === undefined) throw new Error(`the model ${id} is not in the lab any more; choose another`);
  return found.model;
}

/** The lab's side of models. */
export const models = {
  /** Calls back now and at each change. */
  watch(listener: Listener): void {
    listeners.add(listener);
    tell();
  },

  remove(id: string): void {
    kept.delete(id);
    tell();
  },
};
