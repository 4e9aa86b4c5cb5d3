import { formatMetric, formatSeconds, formatStepTime } from "./numbers.ts";
import type { Colors } from "./terminal.ts";

/** What a progress line shows. */
export interface ProgressState {
  /** Steps of the epoch that are done. */
  readonly step: number;
  readonly steps: number;
  /** Time since the epoch began. */
  readonly milliseconds: number;
  /** Mean time of a step; null before the first one. */
  readonly stepMilliseconds: number | null;
  /** Means by name, in the order in which they print. */
  readonly metrics: Readonly<Record<string, number>>;
}

const widestBar = 20;
const narrowestBar = 5;

/**
 * A line in Keras's manner: `468/469 ━━━━━━━━━━━━━━━━━━━━ 3s 7ms/step - accuracy: 0.9312 - loss: 0.2143`. While an epoch
 * runs, the time is what is still to come.
 *
 * @param columns - width of the screen; the bar shrinks, and the line is cut, so that it never wraps while it is drawn
 *   again and again; the line of a finished epoch is whole
 */
export function progressLine(state: ProgressState, columns: number, colors: Colors): string {
  const { step, steps } = state;
  const counter = `${String(step).padStart(String(steps).length)}/${steps}`;
  const rest = `${timeText(state)}${metricsText(state.metrics)}`;
  const room = columns - 1 - counter.length - rest.length - 2;
  const width = Math.max(narrowestBar, Math.min(widestBar, room));
  const filled = Math.min(width, Math.floor((step / Math.max(1, steps)) * width));
  const spare = columns - 1 - counter.length - width - 2;
  const shown = step < steps && rest.length > spare ? `${rest.slice(0, Math.max(0, spare - 1))}…` : rest;
  return `${counter} ${colors.green("━".repeat(filled))}${colors.dim("━".repeat(width - filled))} ${shown}`;
}

/** ` - accuracy: 0.9312 - loss: 0.2143`. */
export function metricsText(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => ` - ${name}: ${formatMetric(value)}`)
    .join("");
}

/** `3s 7ms/step`. */
export function timeText({ step, steps, milliseconds, stepMilliseconds }: ProgressState): string {
  if (stepMilliseconds === null) return "…";
  const shown = step >= steps ? milliseconds : stepMilliseconds * (steps - step);
  return `${formatSeconds(shown)} ${formatStepTime(stepMilliseconds)}/step`;
}
