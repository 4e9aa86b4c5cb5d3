import { useMemo } from "preact/hooks";
import { LineChart, type Series } from "../../ui/line-chart.tsx";
import { records } from "./feed.ts";
import { figure } from "./format.ts";
import { curveOf, type EpochPoint, type RunCurve } from "./records.ts";

const colours = [1, 2, 3, 4, 5, 6] as const;
type Measure = Exclude<keyof EpochPoint, "x">;

/** A curve of each run: dashed on what it was trained on, whole on what was held back. */
interface Chart {
  readonly title: string;
  readonly parts: readonly { readonly measure: Measure; readonly dashed: boolean }[];
  readonly format: (value: number) => string;
  readonly shares?: boolean;
  readonly logarithmic?: boolean;
}

const charts: readonly Chart[] = [
  {
    title: "Loss",
    parts: [
      { measure: "validationLoss", dashed: false },
      { measure: "loss", dashed: true },
    ],
    format: (value) => value.toPrecision(3),
    logarithmic: true,
  },
  {
    title: "Accuracy",
    parts: [
      { measure: "validationAccuracy", dashed: false },
      { measure: "accuracy", dashed: true },
    ],
    format: (value) => `${(100 * value).toFixed(1)} %`,
    shares: true,
  },
  {
    title: "Learning rate",
    parts: [{ measure: "learningRate", dashed: false }],
    format: figure,
  },
];

/** The curves of runs over each other. */
export function RunCharts({ names }: { readonly names: readonly string[] }) {
  const all = records.value;
  const curves = useMemo(() => names.map((name) => curveOf(all.get(name) ?? [])), [all, names]);
  const x = useMemo(() => {
    const longest = Math.max(0, ...curves.map(({ epochs }) => epochs.length));
    return Array.from({ length: longest }, (_, index) => index + 1);
  }, [curves]);
  if (x.length === 0) return <p class="soft">Curves appear when the first epoch ends.</p>;
  return (
    <>
      <div class="runs-charts">
        {charts.map((chart) => (
          <RunChart key={chart.title} chart={chart} names={names} curves={curves} x={x} />
        ))}
      </div>
      {curves.map(({ unfrozenFrom }, run) =>
        unfrozenFrom === null ? null : (
          <p key={names[run]} class="soft">
            {names[run]}: up to epoch {unfrozenFrom} the last layer alone, then layers of the backbone with
            it.
          </p>
        ),
      )}
    </>
  );
}

interface RunChartProps {
  readonly chart: Chart;
  readonly names: readonly string[];
  readonly curves: readonly RunCurve[];
  readonly x: readonly number[];
}

function RunChart({ chart, names, curves, x }: RunChartProps) {
  const { title, parts, format, shares = false, logarithmic = false } = chart;
  const series = useMemo(
    () =>
      curves.flatMap(({ epochs }, run) => {
        const drawn = parts.filter(({ measure }) => epochs.some((epoch) => epoch[measure] !== null));
        return drawn.map(({ measure, dashed }): Series => {
          const of = dashed && drawn.length > 1 ? " (training)" : "";
          return {
            name:
              names.length === 1 && drawn.length > 1
                ? dashed
                  ? "training"
                  : "validation"
                : `${names[run]}${of}`,
            colour: colours[run],
            values: x.map((place) => epochs[place - 1]?.[measure] ?? null),
            dashed: dashed && drawn.length > 1,
            points: x.length <= 30,
          };
        });
      }),
    [curves, names, parts, x],
  );
  if (series.length === 0) return null;
  // A rate that was never above 0 has no logarithm.
  const isPositive = series.every(({ values }) => values.every((value) => value === null || value > 0));
  return (
    <LineChart
      title={title}
      x={x}
      xLabel="epoch"
      series={series}
      format={format}
      shares={shares}
      logarithmic={logarithmic && isPositive}
      endLabels
      wholeX
      height={230}
    />
  );
}
