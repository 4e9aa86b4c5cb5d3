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
}

/** Curves that grow while one watches. Pointing at it shows the values there in the legend. */
export function LineChart(props: LineChartProps) {
  const { title, x, xLabel, series, height = 190, logarithmic = false } = props;
  const format = props.format ?? ((value: number) => value.toPrecision(3));
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const formatNow = useRef(format);
  formatNow.current = format;
  const dark = isDark.value;
  const looks = JSON.stringify([
    xLabel,
    logarithmic,
    series.map(({ name, colour, dashed, faint }) => [name, colour, dashed, faint]),
  ]);

  // Made anew for another look only; values are set below.
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const styles = getComputedStyle(element);
    const colour = (name: string) => resolveColour(element, styles.getPropertyValue(name));
    const axis = {
      stroke: colour("--soft"),
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui",
    };
    const plot = new uPlot(
      {
        width: Math.max(120, element.clientWidth),
        height,
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { live: true },
        scales: { x: { time: false }, y: logarithmic ? { distr: 3 } : {} },
        axes: [
          { ...axis, label: xLabel, labelSize: 18, labelFont: "12px system-ui", size: 30 },
          {
            ...axis,
            size: 52,
            values: (_, marks) => marks.map((mark) => (mark === null ? "" : formatNow.current(mark))),
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
            points: { show: false },
            value: (_: uPlot, value: number | null) => (value === null ? "–" : formatNow.current(value)),
          })),
        ],
      },
      [[]],
      element,
    );
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

/** `light-dark()` as a colour that a canvas takes. */
function resolveColour(element: HTMLElement, value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
