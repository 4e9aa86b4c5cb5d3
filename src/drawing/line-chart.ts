import { OptionError } from "../tensor/index.ts";
import { place, placeTicks, valueTicks } from "./axes.ts";
import { type Html, html } from "./html.ts";
import { short } from "./numbers.ts";

/** A line of a chart. */
export interface ChartLine {
  readonly name: string;
  /** One value for each place along the axis; what is not finite is left out. */
  readonly values: readonly number[];
}

/** What a chart has along its lower edge: places by number (epochs, distances), or by name (layers), evenly spaced. */
export type ChartAxis =
  | { readonly title: string; readonly numbers: readonly number[] }
  | { readonly title: string; readonly names: readonly string[] };

/** What a chart shows. */
export interface LineChart {
  /** What is measured: `loss`. */
  readonly title: string;
  /** Six at most. */
  readonly lines: readonly ChartLine[];
  readonly across: ChartAxis;
  /** How values are written; default with three digits. */
  readonly format?: (value: number) => string;
  /** The greatest value that there can be; default `null`: there is no such thing. */
  readonly most?: number | null;
  /** The index of a place that is marked by a dotted line; default `null`. */
  readonly marked?: number | null;
  /** Whether lines are named where they end, so that no legend is needed; default false. */
  readonly named?: boolean;
  /** Width and height in pixels of its own measure: it is drawn as wide as there is room. Default 420 by 230. */
  readonly size?: readonly [width: number, height: number];
}

/** As many as the style has colours and dashes for. */
export const mostLines = 6;
const margin = { top: 14, right: 14, bottom: 38, left: 50 };
/** Of a letter of a name, on average and at most of any usual typeface. */
const letterWidth = 6.6;
/** Between the names of two lines. */
const nameHeight = 14;
/** Names of places are written at a slant. */
const slant = 40;

/** Where values come to lie. */
interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
}

/**
 * Lines over places, as SVG. Each has a dash of its own, so that they are told apart without colours.
 *
 * @throws OptionError for more lines than can be told apart, for lines of another length than the axis, and for none
 */
export function lineChart(chart: LineChart): Html {
  const { title, lines, across, format = short, most = null, marked = null, named = false } = chart;
  const [width, height] = chart.size ?? [420, 230];
  checkLines(chart);
  const ticks = valueTicks(lines.flatMap(({ values }) => values).filter(Number.isFinite), most);
  const frame = frameOf(chart, ticks, width, height);
  const { left, right, top, bottom, x, y } = frame;
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(title, lines, across, format)}">
${ticks.map(
  (
    tick,
  ) => html`<line class="grid" x1="${left}" x2="${place(right)}" y1="${place(y(tick))}" y2="${place(y(tick))}"/>
<text class="tick" x="${left - 8}" y="${place(y(tick) + 4)}" text-anchor="end">${format(tick)}</text>`,
)}
${"names" in across ? nameTicks(across.names, frame) : numberTicks(across.numbers, frame)}
<text class="tick" x="${place((left + right) / 2)}" y="${height - 5}" text-anchor="middle">${across.title}</text>
${marked === null ? null : html`<line class="marked" x1="${place(x(marked))}" x2="${place(x(marked))}" y1="${top}" y2="${place(bottom)}"/>`}
${lines.map((line, index) => drawn(line, `line line${index}`, x, y))}
${named ? lineNames(lines, frame) : null}
</svg>`;
}

function checkLines({ lines, across }: LineChart): void {
  const places = "names" in across ? across.names.length : across.numbers.length;
  const where = "lineChart";
  if (lines.length < 1 || lines.length > mostLines || places === 0) {
    throw new OptionError(
      `1 to ${mostLines} lines over 1 place or more were expected, got ${lines.length} over ${places}`,
      {
        where,
        hint: "More lines cannot be told apart: draw several charts.",
      },
    );
  }
  for (const { name, values } of lines) {
    if (values.length === places) continue;
    throw new OptionError(`the line "${name}" has ${values.length} values for ${places} places`, {
      where,
      hint: "Give one for each place; what is not a number is left out.",
    });
  }
}

function frameOf(
  { lines, across, named = false }: LineChart,
  ticks: readonly number[],
  width: number,
  height: number,
): Frame {
  const longest = (names: readonly string[]) =>
    Math.max(0, ...names.map((name) => name.length)) * letterWidth;
  // The first name goes to the left of its place.
  const [first = ""] = "names" in across ? across.names : [];
  const left = Math.max(margin.left, Math.ceil(longest([first]) * Math.cos((slant * Math.PI) / 180)) + 8);
  const right = width - margin.right - (named ? longest(lines.map(({ name }) => name)) + 6 : 0);
  const top = margin.top;
  const depth = "names" in across ? longest(across.names) * Math.sin((slant * Math.PI) / 180) + 8 : 0;
  const bottom = height - margin.bottom - depth;
  const [low, high] = [ticks[0] ?? 0, ticks[ticks.length - 1] ?? 1];
  const share = shareOf(across);
  return {
    ...{ left, right, top, bottom },
    x: (index) => left + share(index) * (right - left),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

/** How far along the axis a place lies, 0 to 1; a single one lies in the middle. */
function shareOf(across: ChartAxis): (index: number) => number {
  if ("names" in across) {
    const { length } = across.names;
    return (index) => (length === 1 ? 0.5 : index / (length - 1));
  }
  const { numbers } = across;
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return (index) => (high === low ? 0.5 : ((numbers[index] ?? low) - low) / (high - low));
}

function numberTicks(numbers: readonly number[], { x, left, right, bottom }: Frame): Html {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const at = (number: number) =>
    high === low ? x(0) : left + ((number - low) / (high - low)) * (right - left);
  return html`${placeTicks(numbers).map(
    (number) =>
      html`<text class="tick" x="${place(at(number))}" y="${place(bottom + 17)}" text-anchor="middle">${number}</text>`,
  )}`;
}

/** Every name, or every second, third and so on where they would lie on each other. */
function nameTicks(names: readonly string[], { x, left, right, bottom }: Frame): Html {
  const apart = names.length === 1 ? right - left : (right - left) / (names.length - 1);
  const every = Math.max(1, Math.ceil(nameHeight / Math.sin((slant * Math.PI) / 180) / apart));
  return html`${names.map((name, index) => {
    if (index % every > 0) return null;
    const [tickX, tickY] = [place(x(index)), place(bottom + 14)];
    return html`<text class="tick" x="${tickX}" y="${tickY}" text-anchor="end" transform="rotate(-${slant} ${tickX} ${tickY})">${name}</text>`;
  })}`;
}

/** Names where lines end, moved apart where they would lie on each other. */
function lineNames(lines: readonly ChartLine[], { right, bottom, y }: Frame): Html {
  const ends = lines
    .map(({ name, values }) => ({ name, end: values.findLast(Number.isFinite) }))
    .flatMap(({ name, end }) => (end === undefined ? [] : [{ name, at: y(end) }]))
    .sort((a, b) => a.at - b.at);
  let least = Number.NEGATIVE_INFINITY;
  for (const end of ends) {
    end.at = Math.max(end.at, least);
    least = end.at + nameHeight;
  }
  // What was pushed below the frame pushes back.
  let greatest = bottom;
  for (const end of ends.toReversed()) {
    end.at = Math.min(end.at, greatest);
    greatest = end.at - nameHeight;
  }
  return html`${ends.map(({ name, at }) => html`<text class="name" x="${place(right + 6)}" y="${place(at + 4)}">${name}</text>`)}`;
}

/** Paths between what is not finite, a dot where a single value stands alone. */
function drawn(
  { values }: ChartLine,
  name: string,
  x: (index: number) => number,
  y: (value: number) => number,
): Html {
  const points = values.flatMap((value, index) =>
    Number.isFinite(value) ? [`${place(x(index))},${place(y(value))}`] : [],
  );
  const [first] = points;
  if (points.length > 1) return html`<polyline class="${name}" points="${points.join(" ")}"/>`;
  if (first === undefined) return html``;
  const [cx = "0", cy = "0"] = first.split(",");
  return html`<circle class="${name} dot" cx="${cx}" cy="${cy}" r="4"/>`;
}

/** What the chart shows, for who does not see it. */
function describe(
  title: string,
  lines: readonly ChartLine[],
  across: ChartAxis,
  format: (value: number) => string,
): string {
  const ways = lines.map(({ name, values }) => {
    const [first = Number.NaN, last = first] = [values[0], values[values.length - 1]];
    return `${name} from ${format(first)} to ${format(last)}`;
  });
  return `${title} by ${across.title}: ${ways.join(", ")}`;
}

/** The dash and colour of a line, to stand beside its name where lines are not named at their ends. */
export function lineKey(index: number): Html {
  return html`<svg viewBox="0 0 26 8" class="key" aria-hidden="true"><line class="line line${index}" x1="0" x2="26" y1="4" y2="4"/></svg>`;
}
