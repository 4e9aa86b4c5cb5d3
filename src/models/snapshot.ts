import { Tensor, type TensorType } from "../tensor/index.ts";
import type { LazyTensor } from "./weight.ts";

/**
 * Weights as they were at one moment. They stay where they are, and are copied only when someone needs them: whoever
 * takes the snapshot, or the state that they belong to, which is about to change.
 */
export class WeightSnapshot {
  /** Copies, once they have been made. */
  #values: Promise<ReadonlyMap<string, Tensor>> | null = null;
  readonly #types: ReadonlyMap<string, TensorType>;
  readonly #read: (names: readonly string[]) => Promise<ReadonlyMap<string, Tensor>>;

  /**
   * @param types - of the weights, by name
   * @param read - copies of weights as they stand
   */
  constructor(
    types: ReadonlyMap<string, TensorType>,
    read: (names: readonly string[]) => Promise<ReadonlyMap<string, Tensor>>,
  ) {
    this.#types = types;
    this.#read = read;
  }

  /** Copies all weights, unless that has been done: from now on the state may change. */
  async keep(): Promise<void> {
    this.#values ??= this.#read([...this.#types.keys()]);
    await this.#values;
  }

  /** The weights, each copied when it is drawn. */
  weights(): ReadonlyMap<string, LazyTensor> {
    return new Map(
      [...this.#types].map(([name, { shape, dtype }]) => [
        name,
        { shape, dtype, draw: () => this.#draw(name) },
      ]),
    );
  }

  async #draw(name: string): Promise<Tensor> {
    const value = (await (this.#values ?? this.#read([name]))).get(name);
    if (value === undefined) throw new Error(`no variable ${name}`);
    return new Tensor(value.dtype, value.shape, value.data.slice());
  }
}
