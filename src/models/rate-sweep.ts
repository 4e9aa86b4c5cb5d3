/** What is read off the losses of a sweep of the learning rate: pure functions of numbers. */

/** Share of the running mean of losses that a step keeps, to tell noise from divergence. */
const kept = 0.9;
/** Training has diverged where the running mean is so many times its lowest. */
const divergence = 4;
/** The mean over a step and its neighbours takes in so many on each side, of a hundred steps. */
const neighboursOfHundred = 5;

/**
 * How many of the losses came before training diverged: before their running mean, corrected for its start at zero, was
 * four times its lowest. All of them, if it did not.
 */
export function stepsBeforeDivergence(losses: readonly number[]): number {
  let sum = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [step, loss] of losses.entries()) {
    sum = kept * sum + (1 - kept) * loss;
    const mean = sum / (1 - kept ** (step + 1));
    if (mean > divergence * lowest) return step;
    lowest = Math.min(lowest, mean);
  }
  return losses.length;
}

/**
 * The mean of each loss and its neighbours on both sides, fewer of them at the ends: unlike a running mean it is not
 * behind.
 *
 * @param steps - of the whole sweep
 */
export function smoothedLosses(losses: readonly number[], steps: number): number[] {
  const most = Math.max(1, Math.round((neighboursOfHundred * steps) / 100));
  return losses.map((_, step) => {
    const reach = Math.min(most, step, losses.length - 1 - step);
    const near = losses.slice(step - reach, step + reach + 1);
    return near.reduce((sum, loss) => sum + loss, 0) / near.length;
  });
}

/** Index of the least; of equal ones the first. */
export function lowestOf(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value < values[best] ? index : best), 0);
}

/**
 * Where the losses fall most steeply from one step to the next but one, on the way to their lowest; `null` if they do not
 * fall.
 */
export function steepestFall(smoothed: readonly number[]): number | null {
  let steepest: number | null = null;
  let fall = 0;
  for (let step = 1; step < lowestOf(smoothed); step++) {
    const own = smoothed[step - 1] - smoothed[step + 1];
    if (own <= fall) continue;
    fall = own;
    steepest = step;
  }
  return steepest;
}
