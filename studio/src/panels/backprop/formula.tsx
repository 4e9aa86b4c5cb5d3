import type { ChainFactor, FormulaPart } from "fovea";
import type { ComponentChildren } from "preact";
import { exact } from "./format.ts";

/** A line of the walk, what it reuses in blue. */
export function Parts({ of }: { readonly of: readonly FormulaPart[] }) {
  return (
    <span class="numbers">
      {of.map(({ text, reuses }, index) =>
        reuses === null ? <Breakable key={index} text={text} /> : <Known key={index}>{text}</Known>,
      )}
    </span>
  );
}

/** A formula that goes on in the next line behind a factor, rather than within a number. */
function Breakable({ text }: { readonly text: string }) {
  return text.split(/(?<=·)/).map((piece, index) => [index === 0 ? null : <wbr key={index} />, piece]);
}

/** What was worked out before. */
export function Known({ children }: { readonly children: ComponentChildren }) {
  return <mark class="known">{children}</mark>;
}

/** What this step adds. */
export function Added({ children }: { readonly children: ComponentChildren }) {
  return <mark class="added">{children}</mark>;
}

interface ChainProps {
  readonly prefix: readonly ChainFactor[];
  readonly added: ChainFactor | null;
  readonly show: (factor: ChainFactor) => ComponentChildren;
}

/** A chain of factors: those multiplied before in one blue piece, and the new one. */
export function Chain({ prefix, added, show }: ChainProps) {
  return (
    <span class="chain">
      {prefix.length === 0 ? null : (
        <Known>
          {prefix.map((factor, index) => (
            <span key={factor.by}>
              {index === 0 ? null : <span class="times">·</span>}
              {show(factor)}
            </span>
          ))}
        </Known>
      )}
      {added === null ? null : (
        <>
          {prefix.length === 0 ? null : <span class="times">·</span>}
          <Added>{show(added)}</Added>
        </>
      )}
    </span>
  );
}

/** dz/dw, over and under. */
export function Fraction({ of, by }: { readonly of: string; readonly by: string }) {
  return (
    <span class="fraction">
      <span>d{of}</span>
      <span class="visually-hidden">/</span>
      <span>d{by}</span>
    </span>
  );
}

/** A factor as a number, negative ones in brackets. */
export function factorNumber({ value }: ChainFactor): string {
  return value < 0 ? `(${exact(value)})` : exact(value);
}
