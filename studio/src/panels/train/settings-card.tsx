import { engineInfo } from "../../lab/client.ts";
import type { OptimizerName, RunSettings, ScheduleName } from "../../lab/train/types.ts";
import { NumberField, SelectField } from "../../ui/controls.tsx";
import { isLocked, settings } from "./state.ts";

const optimizers: readonly {
  readonly value: OptimizerName;
  readonly label: string;
  readonly rate: number;
}[] = [
  { value: "sgd", label: "SGD", rate: 0.1 },
  { value: "momentum", label: "SGD, momentum 0.9", rate: 0.02 },
  { value: "adam", label: "Adam", rate: 0.002 },
  { value: "adamW", label: "AdamW", rate: 0.002 },
  { value: "rmsprop", label: "RMSprop", rate: 0.001 },
];

const schedules: readonly { readonly value: ScheduleName; readonly label: string }[] = [
  { value: "constant", label: "constant" },
  { value: "cosine", label: "cosine, down to 0" },
  { value: "oneCycle", label: "one cycle, up and down" },
  { value: "step", label: "three stairs" },
];

/** Settings that are typed as numbers. */
type NumberSetting = Exclude<
  { [K in keyof RunSettings]: RunSettings[K] extends number ? K : never }[keyof RunSettings],
  "threads"
>;

function set(changes: Partial<RunSettings>): void {
  settings.value = { ...settings.peek(), ...changes };
}

/** How a run trains. Fields take what the library takes; what is typed wrongly is marked and changes nothing. */
export function SettingsCard() {
  const now = settings.value;
  const disabled = isLocked.value;
  const most = engineInfo.value?.threads ?? 1;
  const number = (
    name: NumberSetting,
    label: string,
    limits: { readonly min: number; readonly max: number; readonly step?: "any" },
  ) => (
    <NumberField
      label={label}
      value={now[name]}
      step={1}
      {...limits}
      disabled={disabled}
      onChange={(value) => set({ [name]: value })}
    />
  );
  return (
    <section class="card" aria-label="Training">
      <h2>Training</h2>
      <div class="train-stack">
        <div class="train-fields">
          <SelectField
            label="Optimizer"
            value={now.optimizer}
            disabled={disabled}
            options={optimizers}
            onChange={(optimizer) =>
              // Rates of one optimizer are no rates of another: each begins with its usual one.
              set({
                optimizer,
                learningRate: optimizers.find(({ value }) => value === optimizer)?.rate ?? 0.01,
              })
            }
          />
          {number("learningRate", "Learning rate", { min: 0, max: 10, step: "any" })}
          <SelectField
            label="Schedule"
            value={now.schedule}
            disabled={disabled}
            options={schedules}
            onChange={(schedule) => set({ schedule })}
          />
          {number("weightDecay", "Weight decay", { min: 0, max: 1, step: "any" })}
          {number("batchSize", "Batch size", { min: 1, max: 4096 })}
          {number("epochs", "Epochs", { min: 1, max: 1000 })}
          {number("limit", "Images (0: all)", { min: 0, max: 1e7 })}
        </div>
        <details>
          <summary class="train-summary">Random changes of the images</summary>
          <div class="train-fields">
            {number("shift", "Moved by, pixels", { min: 0, max: 16 })}
            {number("rotation", "Turned by, degrees", { min: 0, max: 90 })}
            {number("cutout", "Covered square, pixels", { min: 0, max: 64 })}
            <label class="train-check">
              <input
                type="checkbox"
                checked={now.flip}
                disabled={disabled}
                onChange={({ currentTarget }) => set({ flip: currentTarget.checked })}
              />
              Mirrored, every other one
            </label>
          </div>
        </details>
        <details>
          <summary class="train-summary">Seed and machine</summary>
          <div class="train-fields">
            {number("seed", "Seed", { min: 0, max: 2 ** 31 })}
            <SelectField
              label="Precision"
              value={now.precision}
              disabled={disabled}
              options={[
                { value: "fast", label: "fast" },
                { value: "exact", label: "exact" },
              ]}
              onChange={(precision) => set({ precision })}
            />
            <SelectField
              label="Threads"
              value={String(now.threads)}
              disabled={disabled}
              options={[
                { value: "0", label: `all (${most})` },
                ...Array.from({ length: most }, (_, index) => ({
                  value: String(index + 1),
                  label: String(index + 1),
                })),
              ]}
              onChange={(threads) => set({ threads: Number(threads) })}
            />
          </div>
        </details>
      </div>
    </section>
  );
}
