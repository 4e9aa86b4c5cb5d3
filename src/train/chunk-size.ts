/** How long a chunk of steps should take: long enough that its overhead vanishes, short enough to stop at once. */
const targetMilliseconds = 25;
/** A first measurement may be far off (code is still being optimized): grow by steps. */
const greatestGrowth = 4;

/**
 * How many steps to give the engine at once, from how long the last ones took. It has no effect on results: every step
 * is a pure function of its number.
 */
export class ChunkSize {
  #size = 1;
  readonly #maximum: number;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get steps(): number {
    return this.#size;
  }

  /** Tells how long some steps took. */
  observe(steps: number, milliseconds: number): void {
    const fitting = Math.floor((targetMilliseconds * steps) / Math.max(milliseconds, 1e-3));
    this.#size = Math.max(1, Math.min(fitting, this.#size * greatestGrowth, this.#maximum));
  }
}
