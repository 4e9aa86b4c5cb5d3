import { useMemo } from "preact/hooks";
import { SliderField } from "../../ui/controls.tsx";
import { LineChart } from "../../ui/line-chart.tsx";
import { Notice } from "../../ui/notice.tsx";
import { exact, short } from "./format.ts";
import type { Net } from "./net.ts";

/** Steps of gradient descent, and how the cost falls, or does not. */
export function Descent({ net }: { readonly net: Net }) {
  const picture = net.picture.value;
  const costs = net.costs.value;
  const parameter = net.parameter.value;
  const shown = costs.length === 0 && picture !== null ? [picture.walk.cost.value] : costs;
  const x = useMemo(() => shown.map((_, step) => step), [shown]);
  const series = useMemo(() => [{ name: "C", colour: 1 as const, values: shown }], [shown]);
  if (picture === null) return null;
  const taken = Math.max(0, costs.length - 1);
  const rose = costs.length > 1 && costs[costs.length - 1] > costs[costs.length - 2];
  return (
    <div class="card">
      <h2>Gradient descent</h2>
      <p class="numbers rule">
        {net.alone.value ? parameter : "w"} ← {net.alone.value ? parameter : "w"} - {short(net.rate.value)}
        ·dC/d
        {net.alone.value ? parameter : "w"}
      </p>
      <SliderField
        label="Learning rate"
        // Rates differ by factors, so that the slider's steps are factors, too.
        value={Math.log10(net.rate.value)}
        min={-3}
        max={1.5}
        step={0.05}
        shown={short(net.rate.value, 3)}
        onChange={(logarithm) => net.setRate(Number((10 ** logarithm).toPrecision(3)))}
      />
      <label class="row">
        <input
          type="checkbox"
          checked={net.alone.value}
          onChange={({ currentTarget }) => {
            net.alone.value = currentTarget.checked;
          }}
        />
        change {parameter} alone
      </label>
      <div class="row">
        <button type="button" class="primary" onClick={() => void net.step(1)}>
          One step
        </button>
        <button type="button" onClick={() => void net.step(10)}>
          Ten steps
        </button>
        <button type="button" disabled={costs.length === 0} onClick={() => net.reset()}>
          Reset
        </button>
      </div>
      <p role="status">
        {taken === 1 ? "1 step" : `${taken} steps`}, C ={" "}
        <output class="numbers">{exact(picture.walk.cost.value)}</output>
        {rose ? ": it rose, the step was too long here" : ""}
      </p>
      {net.failure.value === null ? null : <Notice kind="error">{net.failure.value}</Notice>}
      {taken === 0 ? (
        <p class="soft">Take a step, and the curve of the cost begins here.</p>
      ) : (
        <LineChart
          title="The cost after each step"
          x={x}
          xLabel="step"
          series={series}
          height={150}
          format={(value) => short(value, 3)}
        />
      )}
    </div>
  );
}
