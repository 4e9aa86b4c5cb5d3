import type { RunEntry } from "fovea/server";
import {
  duration,
  epochsText,
  figure,
  moment,
  nothing,
  percent,
  settingName,
  settingText,
} from "./format.ts";

interface Row {
  readonly name: string;
  readonly values: readonly string[];
}

const figures: readonly (readonly [name: string, of: (run: RunEntry) => string])[] = [
  ["state", ({ state, problem }) => (problem === null ? state : `${state} (${problem})`)],
  ["epochs", epochsText],
  ["backbone", ({ backbone }) => backbone ?? nothing],
  ["loss", ({ loss }) => figure(loss)],
  ["validation loss", ({ validationLoss }) => figure(validationLoss)],
  ["validation accuracy", ({ validationAccuracy }) => percent(validationAccuracy)],
  ["best validation accuracy", ({ bestValidationAccuracy }) => percent(bestValidationAccuracy)],
  ["test loss", ({ testLoss }) => figure(testLoss)],
  ["test accuracy", ({ testAccuracy }) => percent(testAccuracy)],
  ["time", ({ milliseconds }) => duration(milliseconds)],
  ["began", ({ began }) => moment(began)],
];

/** Runs side by side: their figures, and where what was asked for differs. */
export function RunTable({ of }: { readonly of: readonly RunEntry[] }) {
  const results = figures
    .map(([name, read]) => ({ name, values: of.map(read) }))
    .filter(({ values }) => values.some((value) => value !== nothing));
  const settings = differences(of.map(({ config }) => config));
  const title =
    of.length === 1
      ? "Settings"
      : settings.length === 0
        ? "The settings are the same"
        : "Settings that differ";
  return (
    <div class="wide">
      <table class="runs-table">
        <thead>
          <tr>
            <td />
            {of.map(({ name }, place) => (
              <th key={name} scope="col">
                <span class="runs-dot" data-colour={place + 1} /> {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Rows rows={results} />
        </tbody>
        <tbody>
          <tr>
            <th scope="rowgroup" colSpan={of.length + 1} class="runs-group">
              {title}
            </th>
          </tr>
          <Rows rows={settings} />
        </tbody>
      </table>
    </div>
  );
}

function Rows({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <>
      {rows.map(({ name, values }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          {values.map((value, place) => (
            // Runs keep their places.
            <td key={`${name} ${place}`}>{value}</td>
          ))}
        </tr>
      ))}
    </>
  );
}

/** Fields that are not the same in all; of a single one all that say something. */
function differences(all: readonly Readonly<Record<string, unknown>>[]): Row[] {
  // The version is the file's, not the run's.
  const keys = [...new Set(all.flatMap((fields) => Object.keys(fields)))].filter((key) => key !== "version");
  return keys
    .map((key) => ({ name: settingName(key), values: all.map(({ [key]: value }) => settingText(value)) }))
    .filter(({ values: [first, ...others] }) =>
      others.length === 0 ? first !== nothing : others.some((value) => value !== first),
    );
}
