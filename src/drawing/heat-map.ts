import { OptionError } from "../tensor/index.ts";
import { place, valueTicks } from "./axes.ts";
import { heatLevels, heatPrefix } from "./heat-style.ts";
import { type Html, html } from "./html.ts";
import { short } from "./numbers.ts";

/** Names along one side of a heat map. */
export interface HeatAxis {
  readonly title: string;
  readonly names: readonly (string | number)[];
}

/** What a heat map shows. */
export interface HeatMap {
  /** What is measured: `accuracy`. */
  readonly title: string;
  /** By row and column; what is not finite stays empty. */
  readonly values: readonly (readonly number[])[];
  readonly down: HeatAxis;
  readonly across: HeatAxis;
  /** One hue from little to much, or two from a middle that means nothing; default `"sequential"`. */
  readonly kind?: "sequential" | "diverging";
  /**
   * Values of the first and the last colour, so that several maps can be compared; default the least and the greatest, of a
   * diverging map as far from 0 on both sides.
   */
  readonly range?: readonly [low: number, high: number] | null;
  /** How values are written; default with three digits. */
  readonly format?: (value: number) => string;
  /** Whether values stand in the cells; default where there are at most 150. */
  readonly written?: boolean | null;
  /** A cell with a frame around it, by row and column; default `null`. */
  readonly marked?: readonly [row: number, column: number] | null;
}

/** More would be a picture, and a large file. */
const mostCells = 10_000;
const mostWritten = 150;
const margin = { top: 8, left: 52, bottom: 40, right: 70 };
/** Of all cells together. */
const extent = 340;
const legend = { gap: 16, width: 12 };
/** Between names along an axis. */
const nameHeight = 15;

/**
 * Numbers by row and column as coloured cells with a legend, as SVG. Pages that have any need {@link heatStyle}. Each cell says its
 * place and value to who points at it.
 *
 * @throws OptionError for rows of different length, names that do not suit, and more cells than a page should have
 */
export function heatMap(map: HeatMap): Html {
  const { title, values, down, across, kind = "sequential", format = short, marked = null } = map;
  checkCells(map);
  const [rows, columns] = [values.length, across.names.length];
  const cell = Math.min(46, extent / Math.max(rows, columns));
  const range = map.range ?? rangeOf(values.flat(), kind);
  const written = map.written ?? rows * columns <= mostWritten;
  const [width, height] = [columns * cell, rows * cell];
  const x = (column: number) => place(margin.left + column * cell);
  const y = (row: number) => place(margin.top + row * cell);
  const size = place(cell);
  const cells = values.map((row, at) =>
    row.map((value, column) => {
      const level = levelOf(value, range);
      const name = `${across.title} ${across.names[column]}, ${down.title} ${down.names[at]}: ${Number.isFinite(value) ? format(value) : "no value"}`;
      const rect = html`<rect class="cell ${level === null ? "none" : `${heatPrefix[kind]}${level}`}" x="${x(column)}" y="${y(at)}" width="${size}" height="${size}"><title>${name}</title></rect>`;
      if (!written || level === null) return rect;
      return html`${rect}<text class="value t${heatPrefix[kind]}${level}" x="${x(column + 0.5)}" y="${place(margin.top + (at + 0.5) * cell + 4)}">${format(value)}</text>`;
    }),
  );
  const total = [margin.left + width + margin.right, margin.top + Math.max(height, 90) + margin.bottom];
  return html`<svg class="chart heat" viewBox="0 0 ${place(total[0])} ${place(total[1])}" role="img" aria-label="${describe(map, format)}">
${cells}
${marked === null ? null : html`<rect class="mark" x="${x(marked[1])}" y="${y(marked[0])}" width="${size}" height="${size}"/>`}
${named(down.names, cell).map((at) => html`<text class="tick" x="${margin.left - 8}" y="${place(margin.top + (at + 0.5) * cell + 4)}" text-anchor="end">${down.names[at]}</text>`)}
${named(across.names, Math.min(cell, cell)).map((at) => html`<text class="tick" x="${x(at + 0.5)}" y="${place(margin.top + height + 16)}" text-anchor="middle">${across.names[at]}</text>`)}
<text class="tick" x="${place(margin.left + width / 2)}" y="${place(margin.top + height + 34)}" text-anchor="middle">${across.title}</text>
<text class="tick" x="12" y="${place(margin.top + height / 2)}" text-anchor="middle" transform="rotate(-90 12 ${place(margin.top + height / 2)})">${down.title}</text>
${legendOf(range, kind, format, { left: margin.left + width + legend.gap, top: margin.top, height: Math.max(height, 90) })}
<title>${title}</title></svg>`;
}

function checkCells({ values, down, across }: HeatMap): void {
  const where = "heatMap";
  const columns = across.names.length;
  if (values.length !== down.names.length || values.some((row) => row.length !== columns)) {
    throw new OptionError(
      `${down.names.length} rows of ${columns} values were expected, got ${values.length} rows of ${values.map((row) => row.length).join(", ")}`,
      { where, hint: "Give each row and each column a name." },
    );
  }
  if (values.length * columns >= 1 && values.length * columns <= mostCells) return;
  throw new OptionError(`1 to ${mostCells} cells were expected, got ${values.length} x ${columns}`, {
    where,
    hint: "Draw larger maps as pictures: paintMap.",
  });
}

function rangeOf(values: readonly number[], kind: "sequential" | "diverging"): readonly [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (kind === "sequential") return [low, high];
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return [-reach, reach];
}

/** `null` for what has no value. */
function levelOf(value: number, [low, high]: readonly [number, number]): number | null {
  if (!Number.isFinite(value)) return null;
  const share = high === low ? 0.5 : (value - low) / (high - low);
  return Math.round(Math.min(1, Math.max(0, share)) * (heatLevels - 1));
}

/** Indices of the names that have room: all, every second and so on. */
function named(names: readonly (string | number)[], cell: number): number[] {
  const longest = Math.max(...names.map((name) => String(name).length));
  const every = Math.max(1, Math.ceil(Math.max(nameHeight, longest * 7) / cell));
  // An odd number of places has a middle, which is to be named: 0 among -3 to 3.
  const first = Math.floor((names.length - 1) / 2) % every;
  return names.flatMap((_, index) => (index % every === first ? [index] : []));
}

function legendOf(
  [low, high]: readonly [number, number],
  kind: "sequential" | "diverging",
  format: (value: number) => string,
  { left, top, height }: { readonly left: number; readonly top: number; readonly height: number },
): Html {
  const step = height / heatLevels;
  const bar = Array.from(
    { length: heatLevels },
    (_, level) =>
      html`<rect class="${heatPrefix[kind]}${level}" x="${place(left)}" y="${place(top + height - (level + 1) * step)}" width="${legend.width}" height="${place(step + 0.3)}"/>`,
  );
  const y = (value: number) => top + height - (high === low ? 0.5 : (value - low) / (high - low)) * height;
  const ticks = valueTicks([low, high], null).filter((tick) => tick >= low && tick <= high);
  // Where values are close together and far from 0, round ones may all lie outside.
  const shown = ticks.length >= 2 ? ticks : high === low ? [low] : [low, high];
  return html`${bar}<rect class="legend-edge" x="${place(left)}" y="${place(top)}" width="${legend.width}" height="${place(height)}"/>${shown.map(
    (tick) =>
      html`<text class="tick" x="${place(left + legend.width + 5)}" y="${place(y(tick) + 4)}">${format(tick)}</text>`,
  )}`;
}

/** What the map shows, for who does not see it. */
function describe({ title, values, down, across }: HeatMap, format: (value: number) => string): string {
  const finite = values.flat().filter(Number.isFinite);
  const span =
    finite.length === 0
      ? "no values"
      : `from ${format(Math.min(...finite))} to ${format(Math.max(...finite))}`;
  return `${title} by ${across.title} and ${down.title}: ${span}`;
}
