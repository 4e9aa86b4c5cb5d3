/** A map over another one: what is known there is found and changed there, what is new is its own. */
export class LayeredMap<Value> {
  readonly own = new Map<string, Value>();
  readonly #base: LayeredMap<Value> | null;

  constructor(base: LayeredMap<Value> | null) {
    this.#base = base;
  }

  get(key: string): Value | undefined {
    return this.own.get(key) ?? this.#base?.get(key);
  }

  set(key: string, value: Value): this {
    if (this.#base?.get(key) !== undefined) this.#base.set(key, value);
    else this.own.set(key, value);
    return this;
  }

  all(): Map<string, Value> {
    return new Map([...(this.#base?.all() ?? []), ...this.own]);
  }
}
