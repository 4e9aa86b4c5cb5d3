import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { NetPicture } from "../../lab/backprop.ts";
import { useWidth } from "../../ui/use-width.ts";
import { exact } from "./format.ts";
import { Added, Chain, Fraction, factorNumber, Known, Parts } from "./formula.tsx";
import { scalarNet } from "./net.ts";
import { ScalarDrawing } from "./scalar-drawing.tsx";
import { Stepper } from "./stepper.tsx";
import { numberOf, stepsOf, type WalkStep } from "./steps.ts";

/** Where the walk is; it stays when the panel is left. */
const at = signal(0);

/** The walk through a net with one unit a layer: drawing and formula side by side. */
export function ScalarWalk({ picture }: { readonly picture: NetPicture }) {
  const [place, width] = useWidth();
  const steps = useMemo(() => stepsOf(picture), [picture]);
  const now = Math.min(at.value, steps.length - 1);
  const step = steps[now];
  return (
    <Stepper
      label="Walk through the net"
      count={steps.length}
      at={at}
      sentence={step.sentence}
      aside={<Formula step={step} />}
    >
      <div ref={place}>
        {width === 0 ? null : (
          <ScalarDrawing
            picture={picture}
            steps={steps}
            at={now}
            width={width}
            parameter={scalarNet.parameter.value}
            onChoose={(parameter) => scalarNet.look(parameter)}
          />
        )}
      </div>
    </Stepper>
  );
}

function Formula({ step }: { readonly step: WalkStep }) {
  const { name, label, formula, numbers, value, prefix, added, phase } = step;
  return (
    <div class="formula" data-step={name}>
      <h2>{phase === "forward" ? "Forward" : "Backward"}</h2>
      <dl class="lines">
        <Line name={label}>
          {formula.length === 0 ? null : (
            <>
              <Parts of={formula} />
              <span class="equals"> = </span>
              <Parts of={numbers} />
            </>
          )}
          {formula.length === 0 ? null : <span class="equals"> = </span>}
          <output class="numbers value">{exact(value)}</output>
        </Line>
        {prefix.length === 0 ? null : (
          <>
            <Line name="the chain rule">
              <Chain prefix={prefix} added={added} show={({ of, by }) => <Fraction of={of} by={by} />} />
            </Line>
            <Line name="here">
              <Chain prefix={prefix} added={added} show={({ text }) => <span class="numbers">{text}</span>} />
            </Line>
            <Line name="in numbers">
              <Chain
                prefix={prefix}
                added={added}
                show={(factor) => <span class="numbers">{factorNumber(factor)}</span>}
              />
            </Line>
          </>
        )}
      </dl>
      {phase === "forward" ? null : (
        <p class="legend soft">
          <Known>blue</Known> was worked out before and is used again, <Added>orange</Added> is new.
        </p>
      )}
      {step.partial === null ? null : <Nudging step={step} />}
    </div>
  );
}

function Line({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt class={/^[a-z]+ /.test(name) || name === "here" ? "soft" : "numbers"}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The derivative once more, by moving the number and looking at the cost. */
function Nudging({ step: { partial } }: { readonly step: WalkStep }) {
  const open = useSignal(false);
  if (partial === null) return null;
  const { nudge, centralDifference, value, relativeError, agrees } = partial;
  const by = numberOf(partial);
  return (
    <details
      class="nudging"
      open={open.value}
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open;
      }}
    >
      <summary>Check by nudging {by}</summary>
      <dl class="lines">
        <Line name="h">
          <span class="numbers">{nudge.step.toPrecision(3)}</span>
        </Line>
        <Line name={`C(${by} + h)`}>
          <span class="numbers">{nudge.above.toPrecision(12)}</span>
        </Line>
        <Line name={`C(${by} - h)`}>
          <span class="numbers">{nudge.below.toPrecision(12)}</span>
        </Line>
        <Line name="their difference, over 2h">
          <output class="numbers">{exact(centralDifference)}</output>
        </Line>
      </dl>
      <p>
        {agrees
          ? `✓ The same as ${exact(value)}, up to ${relativeError.toExponential(0)} of it.`
          : `✗ Not ${exact(value)}: at a kink, as relu has one at 0, there is no derivative to agree on.`}
      </p>
    </details>
  );
}
