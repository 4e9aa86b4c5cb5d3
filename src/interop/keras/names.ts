/** What may stand in our names of layers, which are also paths in files. */
const forbidden = /[^A-Za-z0-9_.-]/g;
const longest = 180;

/** Names of layers and models here, made of Keras's, each once. */
export class LayerNames {
  readonly #taken = new Set<string>();

  /** A name for a path of names: `["backbone", "conv1"]` is `backbone.conv1`. */
  claim(path: readonly string[]): string {
    const base = safeName(path.join("."));
    let name = base;
    for (let count = 1; this.#taken.has(name); count++) name = `${base}_${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** A name as our layers and models may have it: slashes become dots, other signs underscores. */
export function safeName(name: string): string {
  const text = name.replaceAll("/", ".").replaceAll(forbidden, "_").slice(-longest);
  return /^[A-Za-z0-9_]/.test(text) ? text : `_${text}`;
}
