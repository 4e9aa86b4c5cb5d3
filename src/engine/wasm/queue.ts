/**
 * Keeps what is asked of a team in order. Runs follow each other without waiting for the one before to end; whatever
 * touches memory from outside waits for all of them.
 */
export class Queue {
  /** Settles when all before have been handed to the team. */
  #handed: Promise<unknown> = Promise.resolve();
  readonly #underWay = new Set<Promise<unknown>>();

  /**
   * Hands a run over when all that was asked before has been handed over.
   *
   * @param handOver - resolves once the team has the run; `done` settles when the run has ended
   */
  post<T>(handOver: () => Promise<{ readonly done: Promise<T> }>): Promise<T> {
    const handed = this.#handed.then(async () => {
      const run = await handOver();
      this.#track(run.done);
      return run;
    });
    this.#handed = handed.catch(() => {});
    return handed.then(({ done }) => done);
  }

  /** Performs a task when all runs before have ended, and before any that is asked for later starts. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#handed.then(async () => {
      await Promise.allSettled(this.#underWay);
      return task();
    });
    this.#handed = done.catch(() => {});
    return done;
  }

  #track(running: Promise<unknown>): void {
    this.#underWay.add(running);
    const forget = () => void this.#underWay.delete(running);
    running.then(forget, forget);
  }
}
