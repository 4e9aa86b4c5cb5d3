import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { LineChart } from "../../ui/line-chart.tsx";
import { heldBackAccuracy, short, shortPercent, trainedAccuracy } from "./format.ts";
import { curveTick, type SessionRun, shown } from "./state.ts";

const isLogarithmic = signal(true);

/** Loss step by step, and accuracy epoch by epoch, of the run that is shown. */
export function CurvesCard() {
  const run = shown.value;
  return (
    <section class="card" aria-label="Curves">
      <div class="train-head">
        <h2>Curves</h2>
        <label class="train-check">
          <input
            type="checkbox"
            checked={isLogarithmic.value}
            onChange={({ currentTarget }) => {
              isLogarithmic.value = currentTarget.checked;
            }}
          />
          logarithmic loss
        </label>
      </div>
      {run === null ? (
        <p class="soft train-empty">Loss and accuracy appear here as soon as a run has begun.</p>
      ) : (
        <div class="curves">
          <LossChart run={run} />
          {run.epochs.length === 0 ? (
            <p class="soft train-empty">Accuracy is told when the first epoch ends.</p>
          ) : (
            <AccuracyChart run={run} />
          )}
        </div>
      )}
    </section>
  );
}

function LossChart({ run: { curve } }: { readonly run: SessionRun }) {
  const tick = curveTick.value;
  const logarithmic = isLogarithmic.value;
  // Drawn at the curves' pace, not at that of all other figures.
  return useMemo(
    () => (
      <LineChart
        title="Loss of each step"
        x={[...curve.steps]}
        xLabel="step"
        logarithmic={logarithmic}
        format={short}
        endLabels
        wholeX
        series={[
          { name: "loss", colour: 6, values: [...curve.losses], faint: true },
          { name: "smoothed", colour: 1, values: [...curve.smoothed] },
        ]}
      />
    ),
    [curve, tick, logarithmic],
  );
}

function AccuracyChart({ run: { epochs } }: { readonly run: SessionRun }) {
  return useMemo(
    () => (
      <LineChart
        title="Accuracy of each epoch"
        x={epochs.map(({ epoch }) => epoch + 1)}
        xLabel="epoch"
        format={shortPercent}
        shares
        endLabels
        wholeX
        series={[
          {
            name: "trained on",
            colour: 6,
            values: epochs.map(trainedAccuracy),
            points: true,
          },
          {
            name: "held back",
            colour: 2,
            values: epochs.map(heldBackAccuracy),
            points: true,
          },
        ]}
      />
    ),
    [epochs],
  );
}
