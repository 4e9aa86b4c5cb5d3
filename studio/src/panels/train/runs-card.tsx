import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Segments } from "../../ui/controls.tsx";
import { LineChart, type Series } from "../../ui/line-chart.tsx";
import { count, duration, figure, heldBackAccuracy, percent, rate, short, shortPercent } from "./format.ts";
import { Scroll } from "./scroll.tsx";
import { curveTick, forget, runs, type SessionRun } from "./state.ts";

/** Curves over each other are told apart by six colours, no more. */
const mostShown = 6;
const hidden = signal<ReadonlySet<string>>(new Set());
const measure = signal<"accuracy" | "loss">("accuracy");

interface Column {
  readonly title: string;
  readonly of: (run: SessionRun) => string;
}

/** What a run was made with; columns in which runs differ are marked. */
const settingColumns: readonly Column[] = [
  { title: "Data", of: ({ data }) => data.title },
  { title: "Network", of: ({ network }) => network },
  { title: "Parameters", of: ({ info }) => count(info.parameters) },
  { title: "Optimizer", of: ({ settings }) => settings.optimizer },
  {
    title: "Rate",
    of: ({ settings, result }) =>
      `${rate(settings.learningRate)}${result !== null && result.rateChanges.length > 0 ? " *" : ""}`,
  },
  { title: "Schedule", of: ({ settings }) => settings.schedule },
  { title: "Decay", of: ({ settings }) => String(settings.weightDecay) },
  { title: "Batch", of: ({ settings }) => String(settings.batchSize) },
  { title: "Images", of: ({ settings }) => (settings.limit === 0 ? "all" : count(settings.limit)) },
  { title: "Images changed", of: ({ settings }) => changesOf(settings) },
  { title: "Seed", of: ({ settings }) => String(settings.seed) },
  { title: "Precision", of: ({ settings }) => settings.precision },
];

const resultColumns: readonly Column[] = [
  { title: "Epochs", of: ({ epochs, settings }) => `${epochs.length} / ${settings.epochs}` },
  { title: "Accuracy", of: (run) => shareText(lastAccuracy(run)) },
  { title: "Best", of: (run) => shareText(bestAccuracy(run)) },
  { title: "Loss held back", of: ({ epochs }) => figureText(epochs.at(-1)?.validation?.loss) },
  { title: "Loss trained on", of: ({ epochs }) => figureText(epochs.at(-1)?.loss) },
  { title: "Time", of: ({ update }) => duration(update?.milliseconds ?? 0) },
];

function changesOf({ shift, rotation, flip, cutout }: SessionRun["settings"]): string {
  const list = [
    ...(shift > 0 ? [`moved ${shift}`] : []),
    ...(rotation > 0 ? [`turned ${rotation}°`] : []),
    ...(flip ? ["mirrored"] : []),
    ...(cutout > 0 ? [`covered ${cutout}`] : []),
  ];
  return list.length === 0 ? "no" : list.join(", ");
}

function lastAccuracy({ epochs }: SessionRun): number | null {
  const last = epochs.at(-1);
  return last === undefined ? null : heldBackAccuracy(last);
}

function bestAccuracy({ epochs }: SessionRun): number | null {
  const all = epochs.flatMap((record) => heldBackAccuracy(record) ?? []);
  return all.length === 0 ? null : Math.max(...all);
}

const shareText = (share: number | null) => (share === null ? "–" : percent(share));
const figureText = (value: number | undefined) => (value === undefined ? "–" : figure(value));

/** The runs of this session over each other. */
export function RunsCard() {
  const all = runs.value;
  if (all.length === 0) return null;
  const visible = all.filter(({ info }) => !hidden.value.has(info.id)).slice(-mostShown);
  takeColours(visible);
  return (
    <section class="card" aria-label="Runs of this session">
      <div class="train-head">
        <h2>Runs of this session</h2>
        <Segments
          label="What is compared"
          value={measure.value}
          options={[
            { value: "accuracy", label: "Accuracy" },
            { value: "loss", label: "Loss" },
          ]}
          onChange={(value) => {
            measure.value = value;
          }}
        />
      </div>
      <Comparison of={visible} />
      <RunTable all={all} visible={visible} />
    </section>
  );
}

const colours = [1, 2, 3, 4, 5, 6] as const;
/** The colour of each run that is shown: it keeps it as long as it is, whatever others are. */
const taken = new Map<string, Series["colour"]>();

function takeColours(visible: readonly SessionRun[]): void {
  const ids = visible.map(({ info }) => info.id);
  for (const id of [...taken.keys()]) if (!ids.includes(id)) taken.delete(id);
  for (const id of ids) {
    const free = colours.find((colour) => ![...taken.values()].includes(colour));
    if (!taken.has(id) && free !== undefined) taken.set(id, free);
  }
}

function colourOf({ info }: SessionRun): Series["colour"] {
  return taken.get(info.id) ?? 6;
}

function Comparison({ of }: { readonly of: readonly SessionRun[] }) {
  const isLoss = measure.value === "loss";
  const tick = isLoss ? curveTick.value : 0;
  const which = of.map(({ info, epochs }) => `${info.id}/${epochs.length}`).join();
  return useMemo(() => comparisonOf(of, isLoss), [which, isLoss, tick]);
}

function comparisonOf(of: readonly SessionRun[], isLoss: boolean) {
  const places = of.map((run) => (isLoss ? run.curve.steps : run.epochs.map(({ epoch }) => epoch + 1)));
  const x = [...new Set(places.flat())].sort((one, other) => one - other);
  const series = of.map((run, index): Series => {
    const values = isLoss ? run.curve.smoothed : run.epochs.map(heldBackAccuracy);
    const byPlace = new Map(places[index].map((place, position) => [place, values[position] ?? null]));
    return {
      name: run.name,
      colour: colourOf(run),
      values: x.map((place) => byPlace.get(place) ?? null),
      points: !isLoss,
    };
  });
  if (x.length === 0) return <p class="soft train-empty">Curves appear when the first epoch ends.</p>;
  return (
    <LineChart
      title={isLoss ? "Loss of each step, smoothed" : "Accuracy on what is held back"}
      x={x}
      xLabel={isLoss ? "step" : "epoch"}
      series={series}
      height={220}
      logarithmic={isLoss}
      format={isLoss ? short : shortPercent}
      shares={!isLoss}
      endLabels
      wholeX
    />
  );
}

function RunTable({
  all,
  visible,
}: {
  readonly all: readonly SessionRun[];
  readonly visible: readonly SessionRun[];
}) {
  const differs = (column: Column) => new Set(all.map(column.of)).size > 1;
  // What makes runs different is read first.
  const settings = [
    ...settingColumns.filter(differs),
    ...settingColumns.filter((column) => !differs(column)),
  ];
  return (
    <Scroll class="wide" label="Settings and results">
      <table class="runs-table">
        <thead>
          <tr>
            <th>Run</th>
            {[...resultColumns, ...settings].map((column) => (
              <th
                key={column.title}
                class={settingColumns.includes(column) && differs(column) ? "differs" : ""}
              >
                {column.title}
              </th>
            ))}
            <th>
              <span class="visually-hidden">Delete</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {all.map((run) => (
            <tr key={run.info.id}>
              <th>
                <label class="train-check">
                  <input
                    type="checkbox"
                    checked={visible.includes(run)}
                    onChange={({ currentTarget }) => toggle(run.info.id, currentTarget.checked)}
                  />
                  {visible.includes(run) ? (
                    <i class="swatch" style={{ background: `var(--series-${colourOf(run)})` }} />
                  ) : null}
                  {run.name}
                </label>
              </th>
              {resultColumns.map((column) => (
                <td key={column.title} data-column={column.title}>
                  {column.of(run)}
                </td>
              ))}
              {settings.map((column) => (
                <td key={column.title} data-column={column.title} class={differs(column) ? "differs" : ""}>
                  {column.of(run)}
                </td>
              ))}
              <td>
                <button
                  type="button"
                  class="quiet small"
                  disabled={run.result === null}
                  onClick={() => forget(run.info.id)}
                >
                  Delete
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.some(({ result }) => (result?.rateChanges.length ?? 0) > 0) ? (
        <p class="soft train-note">* changed while it ran</p>
      ) : null}
    </Scroll>
  );
}

function toggle(id: string, isShown: boolean): void {
  const others = [...hidden.peek()].filter((one) => one !== id);
  hidden.value = new Set(isShown ? others : [...others, id]);
}
