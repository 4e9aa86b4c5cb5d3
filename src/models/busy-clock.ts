/** Measures how long at least one of several overlapping pieces of work has been under way. */
export class BusyClock {
  #underWay = 0;
  #since = 0;
  #before = 0;

  /** Milliseconds so far. */
  get milliseconds(): number {
    return this.#before + (this.#underWay > 0 ? performance.now() - this.#since : 0);
  }

  /** Counts until the work has ended, well or not. */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    if (this.#underWay++ === 0) this.#since = performance.now();
    try {
      return await work;
    } finally {
      if (--this.#underWay === 0) this.#before += performance.now() - this.#since;
    }
  }
}
