import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: ComponentChildren;
  /** Below the control: a unit, a range, what the value does. */
  readonly hint?: ComponentChildren;
}

interface NumberFieldProps extends FieldProps {
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  /** Distance of two values, or "any". */
  readonly step?: number | "any";
  readonly disabled?: boolean;
  /** Called with numbers in range only; anything else is marked as invalid and changes nothing. */
  readonly onChange: (value: number) => void;
}

/** A number that is typed. */
export function NumberField({ label, hint, value, onChange, ...limits }: NumberFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...limits}
        id={id}
        type="number"
        value={value}
        onInput={({ currentTarget }) => {
          const valid = currentTarget.value !== "" && currentTarget.validity.valid;
          currentTarget.setAttribute("aria-invalid", String(!valid));
          if (valid) onChange(currentTarget.valueAsNumber);
        }}
        onBlur={({ currentTarget }) => {
          // What was not taken does not stay: the field shows what holds.
          currentTarget.value = String(value);
          currentTarget.setAttribute("aria-invalid", "false");
        }}
      />
      {hint === undefined ? null : <span class="hint">{hint}</span>}
    </div>
  );
}

interface SelectFieldProps<Value extends string> extends FieldProps {
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly disabled?: boolean }[];
  readonly disabled?: boolean;
  readonly onChange: (value: Value) => void;
}

/** One of several values. */
export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { label, hint, value, options, disabled = false, onChange } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          const chosen = options.find((option) => option.value === currentTarget.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
            {option.label}
          </option>
        ))}
      </select>
      {hint === undefined ? null : <span class="hint">{hint}</span>}
    </div>
  );
}

interface SliderFieldProps extends FieldProps {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The value as text, beside the label. */
  readonly shown?: string;
  readonly onChange: (value: number) => void;
}

/** A number that is set by sliding, with its value beside the label. */
export function SliderField({ label, hint, value, shown, onChange, ...range }: SliderFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label} <output class="numbers">{shown ?? value}</output>
      </label>
      <input
        {...range}
        id={id}
        type="range"
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
      {hint === undefined ? null : <span class="hint">{hint}</span>}
    </div>
  );
}

interface SegmentsProps<Value extends string> {
  /** For screen readers. */
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChange: (value: Value) => void;
}

/** A choice of a few, all in sight; arrow keys move through them. */
export function Segments<Value extends string>({ label, value, options, onChange }: SegmentsProps<Value>) {
  const name = useId();
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}

/** Figures with names, in a row. */
export function Stats({
  of,
}: {
  readonly of: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <dl class="stats">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
