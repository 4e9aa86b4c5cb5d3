import { type Html, html } from "./html.ts";
import { short } from "./numbers.ts";

/** A line of a chart. */
export interface ChartLine {
  readonly name: string;
  /** One value an epoch; what is not finite is left out. */
  readonly values: readonly number[];
}

/** What a chart shows. */
export interface LineChart {
  /** What is measured: `loss`. */
  readonly title: string;
  readonly lines: readonly ChartLine[];
  /** How values are written at the axis. */
  readonly format: (value: number) => string;
  /** The greatest value that there can be; `null` when there is no such thing. */
  readonly most: number | null;
  /** An epoch that is marked, counted from 0. */
  readonly marked: number | null;
}

const width = 420;
const height = 230;
const margin = { top: 14, right: 14, bottom: 38, left: 50 };
/** Roughly how many lines go across. */
const wantedTicks = 5;

/** Lines over epochs, as SVG; the second is dashed, so that they are told apart without colours. */
export function lineChart({ title, lines, format, most, marked }: LineChart): Html {
  const epochs = Math.max(...lines.map(({ values }) => values.length));
  const ticks = valueTicks(lines.flatMap(({ values }) => values).filter(Number.isFinite), most);
  const [low, high] = [ticks[0] ?? 0, ticks[ticks.length - 1] ?? 1];
  const x = (epoch: number) =>
    margin.left + (epochs === 1 ? 0.5 : epoch / (epochs - 1)) * (width - margin.left - margin.right);
  const y = (value: number) =>
    height - margin.bottom - ((value - low) / (high - low)) * (height - margin.top - margin.bottom);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(title, lines, format)}">
${ticks.map(
  (
    tick,
  ) => html`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${place(y(tick))}" y2="${place(y(tick))}"/>
<text class="tick" x="${margin.left - 8}" y="${place(y(tick) + 4)}" text-anchor="end">${format(tick)}</text>`,
)}
${epochTicks(epochs).map(
  (epoch) =>
    html`<text class="tick" x="${place(x(epoch))}" y="${height - margin.bottom + 17}" text-anchor="middle">${epoch + 1}</text>`,
)}
<text class="tick" x="${(margin.left + width - margin.right) / 2}" y="${height - 5}" text-anchor="middle">epoch</text>
${marked === null ? null : html`<line class="marked" x1="${place(x(marked))}" x2="${place(x(marked))}" y1="${margin.top}" y2="${height - margin.bottom}"/>`}
${lines.map((line, index) => drawn(line, `line line${index}`, x, y))}
</svg>`;
}

/** A path, or a dot where there is a single epoch. */
function drawn(
  { values }: ChartLine,
  name: string,
  x: (epoch: number) => number,
  y: (value: number) => number,
): Html {
  const points = values.flatMap((value, epoch) =>
    Number.isFinite(value) ? [`${place(x(epoch))},${place(y(value))}`] : [],
  );
  const [first = ""] = points;
  if (points.length > 1) return html`<polyline class="${name}" points="${points.join(" ")}"/>`;
  const [cx = "0", cy = "0"] = first.split(",");
  return html`<circle class="${name} dot" cx="${cx}" cy="${cy}" r="4"/>`;
}

/** What the chart shows, for who does not see it. */
function describe(title: string, lines: readonly ChartLine[], format: (value: number) => string): string {
  const ways = lines.map(({ name, values }) => {
    const [first = Number.NaN, last = first] = [values[0], values[values.length - 1]];
    return `${name} from ${format(first)} to ${format(last)}`;
  });
  return `${title} by epoch: ${ways.join(", ")}`;
}

/** Pixels to a tenth: files stay small. */
function place(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}

/**
 * Round values that enclose all others, steps of 1, 2 or 5 times a power of ten apart. From 0, but for what is close to its
 * greatest possible value: accuracies of 0.9 and 0.95 are to be told apart, and 0.998 and 0.999 need not be.
 */
export function valueTicks(values: readonly number[], most: number | null): number[] {
  const highest = most ?? Math.max(0, ...values);
  const lowest = most === null ? 0 : Math.min(0.9 * most, ...values);
  const span = highest - lowest || Math.abs(highest) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wantedTicks));
  const step = power * ([1, 2, 5].find((factor) => span / (power * factor) <= wantedTicks) ?? 10);
  const first = Math.floor(lowest / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** At most seven epochs, counted from 0: every one, every second, every fifth and so on, as they are counted from 1. */
export function epochTicks(epochs: number): number[] {
  const step = roundStep(epochs / 7);
  return Array.from({ length: Math.floor(epochs / step) }, (_, index) => (index + 1) * step - 1);
}

/** The least of 1, 2 and 5 times a power of ten that is at least so much; of whole numbers, where it is one epoch or more. */
function roundStep(least: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return power * ([1, 2, 5].find((factor) => power * factor >= least) ?? 10);
}

/** Three digits. */
export const shortTick = (value: number): string => short(value);
