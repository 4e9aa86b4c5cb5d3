import { isWholeNumber } from "../options/index.ts";
import { OptionError, TrainingError } from "../tensor/index.ts";

/** Where a run stands: the step that comes next. */
export interface RunPosition {
  /** Counted from 0. */
  readonly epoch: number;
  /** Steps of the epoch that are done. */
  readonly step: number;
  /** Steps of all training of the model that are done. */
  readonly stepsTaken: number;
}

/**
 * What a run is doing: `waiting` before its `fit`, `pausing` while it ends the steps that the engine has been given
 * already, `paused` when nothing is under way, `ended` when its `fit` has come to an end.
 */
export type RunState = "waiting" | "running" | "pausing" | "paused" | "ended";

const where = "run control";

/** How the training loop holds on to a run's control. */
export class Steering {
  #begun = false;
  #ended = false;
  #isPaused = false;
  /** Steps that may still be given to the engine before the next pause. */
  #allowed = Number.POSITIVE_INFINITY;
  #learningRate: number | null = null;
  #rateWasSet = false;
  #position: RunPosition | null = null;
  readonly #abort = new AbortController();
  #wake = () => {};
  #pauseWaiters: (() => void)[] = [];

  get state(): RunState {
    if (this.#ended) return "ended";
    if (!this.#begun) return "waiting";
    if (this.#isPaused) return "paused";
    return this.#allowed === 0 ? "pausing" : "running";
  }

  get position(): RunPosition | null {
    return this.#position;
  }

  set position(position: RunPosition) {
    this.#position = position;
  }

  /** Aborts on {@link stop}. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get allowedSteps(): number {
    return this.#allowed;
  }

  /** In place of the schedule; `null`, the schedule's. */
  get learningRate(): number | null {
    return this.#learningRate;
  }

  set learningRate(rate: number | null) {
    if (rate !== null && (!Number.isFinite(rate) || rate < 0)) {
      throw new TrainingError(`the learning rate must be a number of at least 0, got ${rate}`);
    }
    this.#learningRate = rate;
    this.#rateWasSet = true;
  }

  /** The rate of the run that is resumed, unless another has been asked for. */
  restoreLearningRate(rate: number | null): void {
    if (!this.#rateWasSet) this.#learningRate = rate;
  }

  /**
   * Controls a run from its beginning to its end, well or not.
   *
   * @throws TrainingError when it has had a run already
   */
  async during<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#begin();
    try {
      return await run();
    } finally {
      this.#ended = true;
      this.#tellWaiters();
    }
  }

  #begin(): void {
    if (this.#begun) {
      throw new TrainingError(
        `it has controlled a run already, which ${this.#ended ? "is over" : "goes on"}`,
        {
          where,
          hint: "Make a new one with runControl() for each fit.",
        },
      );
    }
    this.#begun = true;
  }

  /** Steps have been given to the engine. */
  spend(steps: number): void {
    this.#allowed -= steps;
  }

  /** Nothing is under way: waits until steps are allowed again, or the signal aborts. */
  async holdUp(signal: AbortSignal | null): Promise<void> {
    if (this.#allowed > 0 || signal?.aborted === true) return;
    this.#isPaused = true;
    this.#tellWaiters();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#isPaused = false;
  }

  pause(): void {
    this.#allowed = 0;
  }

  resume(): void {
    this.#allow(Number.POSITIVE_INFINITY);
  }

  step(count: number): void {
    if (!isWholeNumber(count, 1)) {
      throw new OptionError(`the number of steps must be a whole number of at least 1, got ${count}`, {
        where: `${where}, step`,
      });
    }
    this.#allow(Number.isFinite(this.#allowed) ? this.#allowed + count : count);
  }

  stop(): void {
    this.#abort.abort();
  }

  async whenPaused(): Promise<RunPosition | null> {
    if (!this.#isPaused && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#pauseWaiters.push(resolve);
      });
    }
    return this.#ended ? null : this.#position;
  }

  #allow(steps: number): void {
    this.#allowed = steps;
    // The state is told rightly at once, not only when the loop has woken up.
    this.#isPaused = false;
    this.#wake();
  }

  #tellWaiters(): void {
    for (const resolve of this.#pauseWaiters.splice(0)) resolve();
  }
}

let steeringWithin: (control: RunControl) => Steering;

/**
 * Steers a run of `fit` from outside while it is under way: made by {@link runControl}, given as `fit(data, { control })`.
 * Pauses and single steps change no bit of the result. While a run is paused, or between its chunks of steps, the model
 * may be looked at: `activations`, `predict`, `evaluate`, `getWeights` and `toBytes` see it as it stands and change nothing.
 */
export class RunControl {
  readonly #steering = new Steering();

  static {
    steeringWithin = (control) => control.#steering;
  }

  /** What the run is doing. */
  get state(): RunState {
    return this.#steering.state;
  }

  /** Where the run stands; `null` before it has begun. */
  get position(): RunPosition | null {
    return this.#steering.position;
  }

  /**
   * The learning rate that has been set in place of the optimizer's schedule; `null` where the schedule holds, as in the
   * beginning. Setting it, also to `null`, counts from the next steps that are given to the engine on (those of about
   * 50 ms may be under way; none while the run is paused). From which step on is kept in `History.rateChanges` and in
   * checkpoints, so that a run is resumed with the rate that it had.
   *
   * @throws TrainingError for a rate that is no number of at least 0
   */
  get learningRate(): number | null {
    return this.#steering.learningRate;
  }

  set learningRate(rate: number | null) {
    this.#steering.learningRate = rate;
  }

  /** Pauses after the steps that are under way; before the first step of a run that has not begun. */
  pause(): void {
    this.#steering.pause();
  }

  /** Goes on. */
  resume(): void {
    this.#steering.resume();
  }

  /**
   * Takes some more steps, then pauses. Of a run that is not paused: some more beside those that are under way.
   *
   * @throws OptionError for what is not a whole number of at least 1
   */
  step(count = 1): void {
    this.#steering.step(count);
  }

  /** Ends training after the steps that are under way, as an aborted `signal` does: `fit` resolves with `interrupted`. */
  stop(): void {
    this.#steering.stop();
  }

  /**
   * Waits until the run is paused (not at all if it is); before a run has begun, for the one that will.
   *
   * @returns where; `null` when the run has ended before
   */
  async whenPaused(): Promise<RunPosition | null> {
    return await this.#steering.whenPaused();
  }
}

/** A control for one run: `fit(data, { control })`. */
export function runControl(): RunControl {
  return new RunControl();
}

/** What a control does to the loop. */
export function steeringOf(control: RunControl): Steering {
  return steeringWithin(control);
}
