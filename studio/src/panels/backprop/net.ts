import { signal } from "@preact/signals";
import type { BackpropOptions } from "fovea";
import { messageOf } from "../../errors.ts";
import type { NetPicture } from "../../lab/backprop.ts";
import { lab } from "../../lab/client.ts";
import { latest } from "../../latest.ts";

/** Numbers that a step of gradient descent changes. */
type Parameters = Pick<Required<BackpropOptions>, "weights" | "biases">;

/** Beyond it a net tells nothing any more, and what follows would be no numbers. */
const largest = 1e9;

/** A small net that one can change: what it is, what the library says of it, and its descent so far. */
export class Net {
  readonly options = signal<BackpropOptions>({});
  /** What the library says of the options; the picture of the options before until it has. */
  readonly picture = signal<NetPicture | null>(null);
  readonly failure = signal<string | null>(null);
  readonly rate = signal(0.1);
  /** The parameter whose derivative and curve are looked at. */
  readonly parameter = signal("");
  /** Whether steps change that parameter alone. */
  readonly alone = signal(false);
  /** The cost before the first step and after each. */
  readonly costs = signal<readonly number[]>([]);
  readonly #first: (options: BackpropOptions) => string;
  #start: Parameters | null = null;
  /** Asks the lab what it says of the net as it is by then. */
  readonly #refresh = latest(
    async () => {
      const options = { ...this.options.peek(), learningRate: this.rate.peek() };
      this.picture.value = await lab.backprop.picture(options, this.parameter.peek());
      this.failure.value = null;
    },
    (error) => {
      this.failure.value = messageOf(error);
    },
  );

  /** @param first - of a net the parameter to look at before another is chosen */
  constructor(options: BackpropOptions, first: (options: BackpropOptions) => string) {
    this.#first = first;
    this.options.value = options;
    this.parameter.value = first(options);
  }

  /** Other numbers in the same net, or, with weights and biases left out, another net. A descent begins anew. */
  change(options: BackpropOptions): void {
    this.options.value = { ...this.options.peek(), ...options };
    this.costs.value = [];
    this.#start = null;
    this.#refresh();
  }

  /** Another net, with weights and biases that the library draws. */
  redraw(options: BackpropOptions): void {
    const { weights: _, biases: __, ...rest } = this.options.peek();
    this.options.value = rest;
    this.parameter.value = this.#first({ ...rest, ...options });
    this.change(options);
  }

  setParameter(kind: "weights" | "biases", index: number, value: number): void {
    const now = this.#parameters();
    if (now !== null) this.change({ ...now, [kind]: now[kind].with(index, value) });
  }

  look(parameter: string): void {
    this.parameter.value = parameter;
    this.#refresh();
  }

  setRate(rate: number): void {
    this.rate.value = rate;
    this.#refresh();
  }

  /** What the library says, now if it has not been asked. */
  ask(): void {
    if (this.picture.peek() === null) this.#refresh();
  }

  async step(count: number): Promise<void> {
    const before = this.#parameters();
    if (before === null) return;
    this.failure.value = null;
    try {
      const { steps, after } = await lab.backprop.descend({
        ...this.options.peek(),
        ...before,
        learningRate: this.rate.peek(),
        steps: count,
        only: this.alone.peek() ? this.parameter.peek() : null,
      });
      // Numbers that were changed meanwhile win.
      if (JSON.stringify(this.#parameters()) !== JSON.stringify(before)) return;
      const lost = steps.findIndex(({ cost }) => !(cost < largest));
      if (lost >= 0 || [...after.weights, ...after.biases].some((value) => !(Math.abs(value) < largest))) {
        this.failure.value = `After ${lost < 0 ? count : lost} of these steps the cost is beyond ${largest}: the steps are too long. Take a smaller rate.`;
        return;
      }
      this.#start ??= before;
      const known = this.costs.peek();
      const costs = steps.map(({ cost }) => cost);
      this.costs.value = known.length === 0 ? costs : [...known, ...costs.slice(1)];
      this.options.value = { ...this.options.peek(), ...after };
      this.#refresh();
    } catch (error) {
      this.failure.value = messageOf(error);
    }
  }

  /** Back to before the first step. */
  reset(): void {
    if (this.#start !== null) this.change(this.#start);
  }

  #parameters(): Parameters | null {
    const { weights, biases } = this.options.peek();
    const walk = this.picture.peek()?.walk;
    if (weights !== undefined && biases !== undefined) return { weights, biases };
    return walk === undefined ? null : { weights: walk.weights, biases: walk.biases };
  }
}

/** The net with one unit in each layer. */
export const scalarNet = new Net(
  { depth: 3, nonLinearity: "sigmoid", cost: "squared", input: [0.5], target: [1], seed: 1 },
  // The last weight: the cost is a parabola along it.
  ({ depth }) => `w${depth}`,
);

/** The net of two layers of three units. */
export const wideNet = new Net(
  {
    depth: 2,
    width: 3,
    nonLinearity: "sigmoid",
    cost: "squared",
    input: [0.5, -1],
    target: [1, 0, 0.5],
    seed: 4,
  },
  () => "w1[1,1]",
);
