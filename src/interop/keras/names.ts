/** What may stand in our names of layers, which are also paths in files. */
const forbidden = /[^A-Za-z0-9_.-]/g;
const longest = 180;

/** Names of layers and models here, made of Keras's, each once. */
export class LayerNames {
  readonly #taken = new Set<string>();
  /** How often a name was asked for: to go on counting from there. */
  readonly #counts = new Map<string, number>();

  /** A name for a path of names: `["backbone", "conv1"]` is `backbone.conv1`. */
  claim(path: readonly string[]): string {
    const base = safeName(path.join("."));
    let count = this.#counts.get(base) ?? 0;
    let name = count === 0 ? base : `${base}_${count}`;
    while (this.#taken.has(name)) name = `${base}_${++count}`;
    this.#taken.add(name);
    this.#counts.set(base, count + 1);
    return name;
  }
}

/** A name as our layers and models may have it: slashes become dots, other signs underscores. */
export function safeName(name: string): string {
  const text = name.replaceAll("/", ".").replaceAll(forbidden, "_").slice(-longest);
  return /^[A-Za-z0-9_]/.test(text) ? text : `_${text}`;
}
