import { signal } from "@preact/signals";
import type { ChainPath, WalkPartial } from "fovea";
import type { NetPicture } from "../../lab/backprop.ts";
import { useWidth } from "../../ui/use-width.ts";
import { exact } from "./format.ts";
import { Added, factorNumber, Known, Parts } from "./formula.tsx";
import { Matrices } from "./matrices.tsx";
import { wideNet } from "./net.ts";
import { Stepper } from "./stepper.tsx";
import { WideDrawing } from "./wide-drawing.tsx";

const at = signal(0);

/** Two layers of three units: a weight's derivative as a sum over ways, and all of them in matrices. */
export function WideWalk({ picture }: { readonly picture: NetPicture }) {
  const [place, width] = useWidth();
  const chosen = wideNet.parameter.value;
  // Biases are looked at in the curve below; the ways are those of a weight.
  const parameter = chosen.startsWith("w") ? chosen : "w1[1,1]";
  const name = `dC/d${parameter}`;
  const paths = picture.chains[name] ?? [];
  const partials = picture.walk.backward.flatMap(({ partials: all }) => all);
  const partial = partials.find((one) => one.name === name);
  const now = Math.min(at.value, paths.length);
  if (partial === undefined) return null;
  const lit = now === paths.length ? paths : paths.slice(now, now + 1);
  const choose = (weight: string) => wideNet.look(weight);
  return (
    <Stepper
      label="Ways from the cost to a weight"
      count={paths.length + 1}
      at={at}
      sentence={sentenceOf(now, paths, parameter, partial)}
      aside={<Matrices walk={picture.walk} parameter={parameter} onChoose={choose} />}
      below={
        <>
          <Ways paths={paths} now={now} partial={partial} />
          <Delta parameter={parameter} partials={partials} partial={partial} />
        </>
      }
    >
      <div ref={place}>
        {width === 0 ? null : (
          <WideDrawing picture={picture} width={width} parameter={parameter} lit={lit} onChoose={choose} />
        )}
      </div>
    </Stepper>
  );
}

function sentenceOf(
  now: number,
  paths: readonly ChainPath[],
  parameter: string,
  partial: WalkPartial,
): string {
  if (now < paths.length) {
    const { factors, value } = paths[now];
    const by = factors[0].by;
    return paths.length === 1
      ? `${parameter} acts on the cost on one way alone, by ${by}: ${exact(value)}.`
      : `Way ${now + 1} of ${paths.length}: ${parameter} acts on the cost by ${by}. The factors along the way give ${exact(value)}.`;
  }
  return paths.length === 1
    ? `With one way there is nothing to add up: ${partial.name} = ${exact(partial.value)}.`
    : `A change of ${parameter} goes all ways at once, so their products add up: ${partial.name} = ${exact(partial.value)}.`;
}

interface WaysProps {
  readonly paths: readonly ChainPath[];
  readonly now: number;
  readonly partial: WalkPartial;
}

/** The sum over the ways, spelled out. */
function Ways({ paths, now, partial }: WaysProps) {
  return (
    <div class="wide">
      <table class="ways numbers">
        <tbody>
          {paths.map(({ factors, value }, index) => (
            <tr key={factors[0].by} class={now === index || now === paths.length ? "lit" : ""}>
              <th scope="row">{index === 0 ? partial.name : ""}</th>
              <td>{index === 0 ? "=" : "+"}</td>
              {factors.map((factor, place) => (
                <td key={factor.by}>
                  {place === 0 ? <Known>{factor.text}</Known> : <Added>{factor.text}</Added>}
                  <br />
                  {factorNumber(factor)}
                  {place === factors.length - 1 ? "" : <span class="times"> ·</span>}
                </td>
              ))}
              <td>= {exact(value)}</td>
            </tr>
          ))}
          <tr class={now === paths.length ? "lit total" : "total"}>
            <th scope="row" colSpan={2 + (paths[0]?.factors.length ?? 0)}>
              {paths.length === 1 ? "the only way" : "sum over all ways"}
            </th>
            <td>
              = <output>{exact(partial.value)}</output>
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

interface DeltaProps {
  readonly parameter: string;
  readonly partials: readonly WalkPartial[];
  readonly partial: WalkPartial;
}

/** What backpropagation does instead: the sum once a unit, as δ, and used for all weights that lead there. */
function Delta({ parameter, partials, partial }: DeltaProps) {
  const [, layer, unit] = /^w(\d)\[(\d),/.exec(parameter) ?? [];
  const names = layer === "1" ? [`dC/da1[${unit}]`, `δ1[${unit}]`] : [`δ2[${unit}]`];
  const lines = [...names.flatMap((name) => partials.find((one) => one.name === name) ?? []), partial];
  return (
    <div class="wide">
      <h3>With δ the sum is worked out once for all weights that lead to the unit</h3>
      <dl class="lines">
        {lines.map(({ name, label, formula, numbers, value }) => (
          <div key={name}>
            <dt class="numbers">{label}</dt>
            <dd>
              <Parts of={formula} />
              <span class="equals"> = </span>
              <Parts of={numbers} />
              <span class="equals"> = </span>
              <span class="numbers value">{exact(value)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p class="soft">
        Nudging {parameter} gives <output class="numbers">{exact(partial.centralDifference)}</output>
        {partial.agrees ? " ✓" : " ✗"}
      </p>
    </div>
  );
}
