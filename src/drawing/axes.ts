/** Round numbers at axes. */

/** Roughly how many lines go across. */
const wantedTicks = 5;
/** How many names or numbers stand below a chart at most. */
const mostPlaces = 7;

/**
 * Round values that enclose all others, steps of 1, 2 or 5 times a power of ten apart. From 0, but for what is close to its
 * greatest possible value: accuracies of 0.9 and 0.95 are to be told apart, and 0.998 and 0.999 need not be.
 */
export function valueTicks(values: readonly number[], most: number | null): number[] {
  const highest = most ?? Math.max(0, ...values);
  const lowest = most === null ? Math.min(0, ...values) : Math.min(0.9 * most, ...values);
  const span = highest - lowest || Math.abs(highest) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wantedTicks));
  const step = power * ([1, 2, 5].find((factor) => span / (power * factor) <= wantedTicks) ?? 10);
  const first = Math.floor(lowest / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => rounded((first + index) * step));
}

/**
 * At most seven round numbers from the first to the last of those that stand along an axis; of whole numbers every one, every
 * second, every fifth and so on.
 */
export function placeTicks(numbers: readonly number[]): number[] {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const whole = numbers.every(Number.isInteger);
  const step = whole ? wholeStep((high - low + 1) / mostPlaces) : roundStep((high - low) / (mostPlaces - 1));
  if (step === 0) return [low];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => rounded((first + index) * step));
}

/** The least of 1, 2 and 5 times a power of ten that is at least so much. */
function roundStep(least: number): number {
  if (least === 0) return 0;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => power * factor >= least) ?? 10);
}

function wholeStep(least: number): number {
  return Math.max(1, roundStep(least));
}

/** 0.1 + 0.2 as 0.3. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** Pixels to a tenth: files stay small. */
export function place(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}
