import type { NonLinearity, WalkCost } from "fovea";
import { SelectField, SliderField } from "../../ui/controls.tsx";
import { short } from "./format.ts";
import type { Net } from "./net.ts";

const nonLinearityLabels: { readonly [N in NonLinearity]: string } = {
  sigmoid: "sigmoid: 1 / (1 + e^-z)",
  tanh: "tanh",
  relu: "relu: max(z, 0)",
  gelu: "gelu: z·Φ(z)",
};

const costLabels: { readonly [C in WalkCost]: string } = {
  squared: "squared error: (y - t)²",
  "half-squared": "half of it: ½·(y - t)²",
  "cross-entropy": "cross-entropy of σ(y)",
};

function optionsOf<Value extends string>(labels: Readonly<Record<Value, string>>) {
  const values = Object.keys(labels) as Value[];
  return values.map((value) => ({ value, label: labels[value] }));
}

/** What the net is, and all its numbers. */
export function Numbers({ net }: { readonly net: Net }) {
  const picture = net.picture.value;
  const options = net.options.value;
  if (picture === null) return null;
  const { sizes, weights, biases, input, target } = { ...picture.walk, ...options };
  const isScalar = sizes.every((size) => size === 1);
  const { depth = 3, nonLinearity = "sigmoid", cost = "squared" } = options;
  const names = (kind: string) =>
    [...picture.walk.backward]
      .reverse()
      .flatMap(({ partials }) => partials.map(({ name }) => name.replace("dC/d", "")))
      .filter((name) => name.startsWith(kind));
  const each = (kind: "weights" | "biases", values: readonly number[]) =>
    names(kind[0]).map((name, index) => (
      <NumberSlider
        key={name}
        name={name}
        value={values[index] ?? 0}
        onChange={(value) => net.setParameter(kind, index, value)}
      />
    ));
  const named = (name: string, values: readonly number[], index: number) =>
    values.length === 1 ? name : `${name}[${index + 1}]`;
  const parameters = [...each("weights", weights), ...each("biases", biases)];
  return (
    <div class="card">
      <h2>The net and its numbers</h2>
      <div class="choices">
        {isScalar ? (
          <SelectField
            label="Layers"
            value={String(depth)}
            options={["1", "2", "3", "4"].map((value) => ({ value, label: value }))}
            onChange={(value) => net.redraw({ depth: Number(value) })}
          />
        ) : null}
        <SelectField
          label="Non-linearity s"
          value={nonLinearity}
          options={optionsOf(nonLinearityLabels)}
          onChange={(value) => net.change({ nonLinearity: value })}
        />
        <SelectField
          label="Cost C"
          value={cost}
          options={optionsOf(costLabels)}
          onChange={(value) =>
            net.change({
              cost: value,
              // A target of cross-entropy is a probability.
              target: value === "cross-entropy" ? target.map((t) => Math.min(1, Math.max(0, t))) : target,
            })
          }
        />
      </div>
      <div class="sliders">
        {input.map((value, index) => (
          <NumberSlider
            key={named("x", input, index)}
            name={named("x", input, index)}
            value={value}
            onChange={(changed) => net.change({ input: input.with(index, changed) })}
          />
        ))}
        {target.map((value, index) => (
          <NumberSlider
            key={named("t", target, index)}
            name={named("t", target, index)}
            value={value}
            {...(cost === "cross-entropy" ? { from: 0, to: 1 } : {})}
            onChange={(changed) => net.change({ target: target.with(index, changed) })}
          />
        ))}
        {isScalar ? parameters : null}
      </div>
      {isScalar ? null : (
        <details>
          <summary>All weights and biases</summary>
          <div class="sliders">{parameters}</div>
        </details>
      )}
      <div class="row">
        <button type="button" onClick={() => net.redraw({ seed: (options.seed ?? 1) + 1 })}>
          Other weights and biases
        </button>
      </div>
    </div>
  );
}

interface NumberSliderProps {
  readonly name: string;
  readonly value: number;
  readonly from?: number;
  readonly to?: number;
  readonly onChange: (value: number) => void;
}

/** Steps of gradient descent may leave the usual range, which then is wider. */
function NumberSlider({ name, value, from = -3, to = 3, onChange }: NumberSliderProps) {
  return (
    <SliderField
      label={name}
      value={value}
      min={Math.min(from, Math.floor(value))}
      max={Math.max(to, Math.ceil(value))}
      step={0.01}
      shown={short(value)}
      onChange={onChange}
    />
  );
}
