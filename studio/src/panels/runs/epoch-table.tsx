import { records } from "./feed.ts";
import { figure, percent } from "./format.ts";
import { curveOf, type EpochPoint } from "./records.ts";

const columns: readonly (readonly [name: string, of: (epoch: EpochPoint) => string])[] = [
  ["Loss", ({ loss }) => figure(loss)],
  ["Accuracy", ({ accuracy }) => percent(accuracy)],
  ["Validation loss", ({ validationLoss }) => figure(validationLoss)],
  ["Validation accuracy", ({ validationAccuracy }) => percent(validationAccuracy)],
  [
    "Learning rate",
    ({ learningRate }) => (learningRate === null ? "–" : String(Number(learningRate.toPrecision(4)))),
  ],
];

/** What the curves show, in figures. */
export function EpochTable({ names }: { readonly names: readonly string[] }) {
  return (
    <details class="runs-epochs">
      <summary>Epoch by epoch</summary>
      <div class="wide">
        {names.map((name) => (
          <table key={name} aria-label={`Epochs of ${name}`}>
            <thead>
              <tr>
                <th scope="col">{name}</th>
                {columns.map(([title]) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {curveOf(records.value.get(name) ?? []).epochs.map((epoch) => (
                <tr key={epoch.x}>
                  <th scope="row">{epoch.x}</th>
                  {columns.map(([title, of]) => (
                    <td key={title}>{of(epoch)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </details>
  );
}
