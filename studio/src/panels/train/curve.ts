import type { RunUpdate } from "../../lab/train/types.ts";

/** Points that a curve holds at most: more than a chart has pixels. */
const mostPoints = 2000;

/** The losses of a run. When there are many points, neighbours become one, so that a long run costs no more than a short one. */
export class Curve {
  #steps: number[] = [];
  #losses: number[] = [];
  #smoothed: number[] = [];

  get steps(): readonly number[] {
    return this.#steps;
  }

  /** Mean losses of steps, or of a few that follow each other. */
  get losses(): readonly number[] {
    return this.#losses;
  }

  get smoothed(): readonly number[] {
    return this.#smoothed;
  }

  add({ steps, losses, smoothed }: Pick<RunUpdate, "steps" | "losses" | "smoothed">): void {
    this.#steps.push(...steps);
    this.#losses.push(...losses);
    this.#smoothed.push(...smoothed);
    if (this.#steps.length > mostPoints) this.#halve();
  }

  #halve(): void {
    const ends = this.#steps.flatMap((_, index) => (index % 2 === 1 ? [index] : []));
    const rest = this.#steps.length % 2 === 1 ? [this.#steps.length - 1] : [];
    const kept = [...ends, ...rest];
    this.#losses = kept.map((end) =>
      rest.includes(end) ? this.#losses[end] : (this.#losses[end - 1] + this.#losses[end]) / 2,
    );
    this.#steps = kept.map((end) => this.#steps[end]);
    this.#smoothed = kept.map((end) => this.#smoothed[end]);
  }
}
