/** How pages write numbers. */

/** `97.5 %`, in one piece. All of them is `100 %`, and nothing less is. */
export function percent(share: number): string {
  const tenths = Math.round(share * 1000);
  const shown = share < 1 && tenths === 1000 ? 999 : share > 0 && tenths === 0 ? 1 : tenths;
  return `${shown % 10 === 0 ? shown / 10 : (shown / 10).toFixed(1)}\u00a0%`;
}

/** `1 photo`, `1,250 photos`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : more}`;
}

/** `1,250`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** `850 ms`, `12.3 s`, `4 min 10 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Three significant digits. */
export function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "not a number";
}

/**
 * Between which shares the true one lies with 95 % probability, when `right` of `all` were right by chance of the choice (Wilson
 * 1927):
 *
 *   (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
 */
export function wilsonInterval(right: number, all: number): readonly [low: number, high: number] {
  if (all === 0) return [0, 1];
  const z = 1.959964;
  const p = right / all;
  const middle = p + (z * z) / (2 * all);
  const reach = z * Math.sqrt((p * (1 - p)) / all + (z * z) / (4 * all * all));
  const scale = 1 + (z * z) / all;
  return [Math.max(0, (middle - reach) / scale), Math.min(1, (middle + reach) / scale)];
}
