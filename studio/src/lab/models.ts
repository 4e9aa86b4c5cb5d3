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

/** @param unsaved - how many models would lose work if the page were closed now */
type Listener = (entries: readonly ModelEntry[], unsaved: number) => void;

const kept = new Map<string, { readonly model: Model; readonly entry: ModelEntry }>();
/** What people have trained or taught here, and have in no file. A model that changes still is not safe in the file of a moment ago. */
const unsaved = new Map<Model, "changing" | "changed">();
const listeners = new Set<Listener>();
let count = 0;

function tell(): void {
  const entries = [...kept.values()].map(({ entry }) => entry);
  for (const listener of listeners) listener(entries, unsaved.size);
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

/** Notes that a model has what no file has; it is `"changing"` as long as a run goes on. */
export function noteWork(model: Model, work: "changing" | "changed"): void {
  unsaved.set(model, work);
  tell();
}

/** Notes that a file has a model, unless it changed while the file was made. */
export async function noteSaved<File>(model: Model, save: () => Promise<File>): Promise<File> {
  const before = unsaved.get(model);
  const file = await save();
  if (before === "changed") unsaved.delete(model);
  tell();
  return file;
}

/** Gives up the work in a model that somebody lets go of, unless it is in the store. */
export function dropWork(model: Model): void {
  if (![...kept.values()].some((one) => one.model === model)) unsaved.delete(model);
  tell();
}

/** The lab's side of models. */
export const models = {
  /** Calls back now and at each change. */
  watch(listener: Listener): void {
    listeners.add(listener);
    tell();
  },

  remove(id: string): void {
    const found = kept.get(id);
    kept.delete(id);
    if (found !== undefined) dropWork(found.model);
  },
};
