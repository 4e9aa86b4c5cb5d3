import type { BackpropWalk } from "fovea";
import { exact, short } from "./format.ts";
import { textOf } from "./steps.ts";

interface MatricesProps {
  readonly walk: BackpropWalk;
  readonly parameter: string;
  readonly onChoose: (parameter: string) => void;
}

/** Where a number stands in the entry that is chosen: used for it (blue), new in it (orange), or the entry itself. */
type Mark = "known" | "added" | "chosen" | "";

/** The same for all weights at once, in matrices; an entry of the gradient chooses its weight. */
export function Matrices({ walk, parameter, onChoose }: MatricesProps) {
  const lines = [
    ...walk.forward.flatMap(({ equations }) => equations),
    ...walk.backward.flatMap(({ slopes, partials }) => [...slopes, ...partials]),
  ];
  const values = new Map(lines.map(({ name, value }) => [name, value]));
  const [inputs, units, outputs] = walk.sizes;
  const indices = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const column = (name: (index: number) => string, count: number) =>
    indices(count).map((index) => [values.get(name(index)) ?? Number.NaN]);
  const [, layer, row, place] = /^w(\d)\[(\d),(\d)\]$/.exec(parameter) ?? [];
  const inRow = (of: string, mark: Mark) => (r: number) => (layer === of && String(r) === row ? mark : "");
  const first = layer === "1";
  const delta2 = column((k) => `δ2[${k}]`, outputs);
  const delta1 = column((j) => `δ1[${j}]`, units);
  const gradient = (of: 1 | 2, columns: number) =>
    indices(walk.sizes[of]).map((j) =>
      indices(columns).map((i) => values.get(`dC/dw${of}[${j},${i}]`) ?? Number.NaN),
    );
  const weights2 = indices(units).map((j) =>
    indices(outputs).map((k) => walk.weights[units * inputs + (k - 1) * units + (j - 1)]),
  );
  const cost = textOf(walk.backward[0].partials[0].formula).replaceAll(/\[\d\]/g, "");
  const chosenEntry = (of: string) => (r: number, c: number) =>
    layer === of && String(r) === row && String(c) === place ? "chosen" : "";
  return (
    <div class="matrices">
      <h2>The same in matrices</h2>
      <p class="soft">
        All derivatives of a layer at once. Choose an entry of a gradient to see where it comes from.
      </p>
      <div class="equation">
        <span class="numbers">δ2 = {cost}</span>
        <Matrix name="δ2" rows={delta2} mark={(r) => (first ? "known" : inRow("2", "known")(r))} />
      </div>
      <div class="equation">
        <span class="numbers">dC/dW2 = δ2·a1ᵀ</span>
        <Matrix
          name="dC/dW2"
          rows={gradient(2, units)}
          mark={chosenEntry("2")}
          choose={(r, c) => onChoose(`w2[${r},${c}]`)}
        />
        <span>= δ2 ·</span>
        <Matrix
          name="a1 transposed"
          rows={[indices(units).map((j) => values.get(`a1[${j}]`) ?? Number.NaN)]}
          mark={(_, c) => (layer === "2" && String(c) === place ? "added" : "")}
        />
      </div>
      <div class="equation">
        <span class="numbers">δ1 = (W2ᵀ·δ2) ⊙ s'(z1)</span>
        <Matrix name="δ1" rows={delta1} mark={inRow("1", "known")} />
        <span>=</span>
        <Matrix name="W2 transposed" rows={weights2} mark={(r) => inRow("1", "added")(r)} />
        <span>· δ2 ⊙</span>
        <Matrix name="slopes" rows={column((j) => `s'(z1[${j}])`, units)} mark={inRow("1", "added")} />
      </div>
      <div class="equation">
        <span class="numbers">dC/dW1 = δ1·xᵀ</span>
        <Matrix
          name="dC/dW1"
          rows={gradient(1, inputs)}
          mark={chosenEntry("1")}
          choose={(r, c) => onChoose(`w1[${r},${c}]`)}
        />
        <span>= δ1 ·</span>
        <Matrix
          name="x transposed"
          rows={[[...walk.input]]}
          mark={(_, c) => (first && String(c) === place ? "added" : "")}
        />
      </div>
      <p class="soft">And dC/db1 = δ1, dC/db2 = δ2. ⊙ multiplies entry by entry.</p>
    </div>
  );
}

interface MatrixProps {
  readonly name: string;
  readonly rows: readonly (readonly number[])[];
  readonly mark: (row: number, column: number) => Mark;
  readonly choose?: (row: number, column: number) => void;
}

/** Numbers in square brackets. Rows and columns count from 1. */
function Matrix({ name, rows, mark, choose }: MatrixProps) {
  return (
    <table class="matrix numbers" aria-label={name}>
      <tbody>
        {rows.map((row, r) => (
          <tr key={r}>
            {row.map((value, c) => {
              const looks = mark(r + 1, c + 1);
              return (
                <td key={c} class={looks} title={exact(value)}>
                  {choose === undefined ? (
                    short(value, 3)
                  ) : (
                    <button
                      type="button"
                      aria-pressed={looks === "chosen"}
                      aria-label={`${name}, row ${r + 1}, column ${c + 1}: ${exact(value)}`}
                      onClick={() => choose(r + 1, c + 1)}
                    >
                      {short(value, 3)}
                    </button>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
