import type { Scores } from "./events.ts";
import type { StepResult } from "./trainee.ts";
import type { EpochSums } from "./training-state.ts";

/** Running means over the steps of an epoch, each example counting once. Sums are kept in float64. */
export class EpochMeans {
  readonly #metricNames: readonly string[];
  #examples = 0;
  #loss = 0;
  #metrics: number[];

  constructor(metricNames: readonly string[]) {
    this.#metricNames = metricNames;
    this.#metrics = metricNames.map(() => 0);
  }

  /** Counts a step over a batch of `examples`. */
  add(result: StepResult, examples: number): void {
    this.#examples += examples;
    this.#loss += result.loss * examples;
    this.#metrics = this.#metrics.map((sum, index) => sum + (result.metricSums[index] ?? 0));
  }

  /** The means so far; 0 before the first step. */
  scores(): Scores {
    const examples = Math.max(1, this.#examples);
    const metrics = this.#metricNames.map((name, index) => [name, this.#metrics[index] / examples] as const);
    return { loss: this.#loss / examples, metrics: Object.fromEntries(metrics) };
  }

  sums(): EpochSums {
    return { examples: this.#examples, loss: this.#loss, metrics: this.#metrics };
  }

  restore(sums: EpochSums): void {
    this.#examples = sums.examples;
    this.#loss = sums.loss;
    this.#metrics = this.#metricNames.map((_, index) => sums.metrics[index] ?? 0);
  }

  reset(): void {
    this.restore({ examples: 0, loss: 0, metrics: [] });
  }
}
