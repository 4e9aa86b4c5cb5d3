import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { isDark } from "../theme.ts";

/** A curve. */
export interface Series {
  readonly name: string;
  /** Of the six series colours, 1 to 6. */
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6;
  /** Shapes: as long as the chart's `x`; `null` where there is no value. */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
  /** Thin and pale: what a smoothed curve is made from. */
  readonly faint?: boolean;
  /** Marks each value: for curves of few. */
  readonly points?: boolean;
}

interface LineChartProps {
  /** For screen readers, and above the chart. */
  readonly title: string;
  /** Ascending. */
  readonly x: readonly number[];
  readonly xLabel: string;
  readonly series: readonly Series[];
  readonly height?: number;
  /** How numbers on the y axis and in the legend read. */
  readonly format?: (value: number) => string;
  readonly logarithmic?: boolean;
  /** Writes each curve's name where it ends, in place of a legend below; pointing at the chart shows the values there instead. */
  readonly endLabels?: boolean;
  /** Whether the x axis has whole numbers only: epochs, steps. */
  readonly wholeX?: boolean;
  /** Whether values are shares: the y axis goes no further than 0 and 1, of a single value either. */
  readonly shares?: boolean;
}

/** Room for names at the ends of curves, in CSS pixels: about so many for each letter. */
const letterRoom = 6.6;
const wholeSteps = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power));

const usualHeight = 190;
const threeDigits = (value: number) => value.toPrecision(3);

/** uPlot's own room around the values, but none below 0 and above 1. */
function rangeOfShares(_: uPlot, least: number | null, most: number | null): uPlot.Range.MinMax {
  if (least === null || most === null) return [0, 1];
  const [from, to] = uPlot.rangeNum(least, most, 0.1, true);
  return [Math.max(0, from ?? 0), Math.min(1, to ?? 1)];
}

/** Curves that grow while one watches. Pointing at it shows the values there in the legend. */
export function LineChart(props: LineChartProps) {
  const { title, x, xLabel, series, height = usualHeight } = props;
  const { logarithmic, endLabels, wholeX, shares, format = threeDigits } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const formatNow = useRef(format);
  formatNow.current = format;
  const dark = isDark.value;
  const looks = JSON.stringify([
    xLabel,
    logarithmic,
    endLabels,
    wholeX,
    shares,
    series.map(({ name, colour, dashed, faint, points }) => [name, colour, dashed, faint, points]),
  ]);

  // Made anew for another look only; values are set below.
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const plot = new uPlot(optionsOf(props, element, formatNow), [[]], element);
    chart.current = plot;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [looks, height, dark]);

  useEffect(() => {
    chart.current?.setData([[...x], ...series.map(({ values }) => [...values])]);
  }, [x, series, looks, height, dark]);

  return (
    <figure class="chart" aria-label={title}>
      <figcaption>{title}</figcaption>
      <div ref={place} />
    </figure>
  );
}

/**
 * How uPlot draws a chart in an element.
 *
 * @param format - read at each drawing, as a new one does not make the chart anew
 */
function optionsOf(
  props: LineChartProps,
  element: HTMLElement,
  format: { readonly current: (value: number) => string },
): uPlot.Options {
  const { xLabel, series, height = usualHeight, logarithmic = false } = props;
  const { endLabels = false, wholeX = false, shares = false } = props;
  const styles = getComputedStyle(element);
  const colour = (name: string) => resolveColour(element, styles.getPropertyValue(name));
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui",
  };
  return {
    width: Math.max(120, element.clientWidth),
    height,
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { live: true, show: !endLabels },
    ...(endLabels ? labelsOf(series, format) : {}),
    scales: {
      x: { time: false },
      y: logarithmic ? { distr: 3 } : shares ? { range: rangeOfShares } : {},
    },
    axes: [
      {
        ...axis,
        ...(wholeX ? { incrs: wholeSteps.toSorted((one, other) => one - other) } : {}),
        ...{ label: xLabel, labelSize: 18, labelFont: "12px system-ui", size: 30 },
      },
      {
        ...axis,
        size: (_, marks) =>
          Math.max(40, 14 + letterRoom * Math.max(0, ...(marks ?? []).map(({ length }) => length))),
        values: (_, marks) => marks.map((mark) => (mark === null ? "" : format.current(mark))),
      },
    ],
    series: [
      { label: xLabel },
      ...series.map((one) => ({
        label: one.name,
        stroke: colour(`--series-${one.colour}`),
        width: one.faint === true ? 1 : 2,
        alpha: one.faint === true ? 0.4 : 1,
        spanGaps: true,
        ...(one.dashed === true ? { dash: [6, 4] } : {}),
        points: { show: one.points === true, size: 6 },
        value: (_: uPlot, value: number | null) => (value === null ? "–" : format.current(value)),
      })),
    ],
  };
}

/** What a chart needs for names at the ends of its curves. */
function labelsOf(series: readonly Series[], format: { readonly current: (value: number) => string }) {
  const letters = Math.max(8, ...series.map(({ name }) => Math.min(22, name.length)));
  const room = 22 + letterRoom * letters;
  return {
    padding: [8, room, 0, 0] as [number, number, number, number],
    hooks: {
      draw: [(plot: uPlot) => drawLabels(plot, room, format.current)],
      setCursor: [(plot: uPlot) => plot.redraw(false, false)],
    },
  };
}

/** Writes names where curves end, in the colour of text, with a dot of the curve's; those that would overlap move apart. */
function drawLabels(plot: uPlot, room: number, format: (value: number) => string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const lineHeight = 15 * ratio;
  const ends = plot.series.slice(1).flatMap((series, index) => {
    const values = plot.data[index + 1] ?? [];
    const last = values.findLastIndex((value) => value !== null && value !== undefined);
    const value = values[last];
    if (value === null || value === undefined || series.show === false) return [];
    const { stroke } = series;
    const colour = typeof stroke === "function" ? stroke(plot, index + 1) : stroke;
    const x = plot.valToPos(plot.data[0][last], "x", true);
    const pointed = plot.cursor.idx == null ? null : values[plot.cursor.idx];
    const label = pointed == null ? String(series.label) : format(pointed);
    return [{ label, colour, x, y: plot.valToPos(value, "y", true) }];
  });
  ends.sort((one, other) => one.y - other.y);
  const most = bbox.top + bbox.height - lineHeight / 2;
  const rows = ends.map(({ y }) => Math.min(y, most));
  for (let row = rows.length - 2; row >= 0; row--)
    rows[row] = Math.min(rows[row], rows[row + 1] - lineHeight);
  // Those that were moved beyond the top come down again.
  for (let row = 0; row < rows.length; row++)
    rows[row] = Math.max(rows[row], row === 0 ? bbox.top + lineHeight / 2 : rows[row - 1] + lineHeight);
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const ink = resolveColour(plot.root, getComputedStyle(plot.root).getPropertyValue("--ink"));
  const edge = 10 * ratio;
  const left = bbox.left + bbox.width + edge;
  for (const [index, { label, colour, x, y }] of ends.entries()) {
    // Only from the chart's edge: elsewhere the line would look like a part of the curve.
    if (left - x < 2 * edge) {
      ctx.strokeStyle = String(colour);
      ctx.globalAlpha = 0.5;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(left - 4 * ratio, rows[index]);
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
    ctx.fillStyle = String(colour);
    ctx.beginPath();
    ctx.arc(left, rows[index], 3 * ratio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.fillStyle = ink;
    ctx.fillText(label, left + 8 * ratio, rows[index], (room - 20) * ratio);
  }
  ctx.restore();
}

/** `light-dark()` as a colour that a canvas takes. */
function resolveColour(element: HTMLElement, value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
