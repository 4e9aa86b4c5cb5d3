import type { ChainFactor, FormulaPart, WalkPartial } from "fovea";
import type { NetPicture } from "../../lab/backprop.ts";
import { exact } from "./format.ts";

/** A step of the walk: one number is worked out, going forward and then backward. */
export interface WalkStep {
  /** The number's name: `a1`, `δ2`, `dC/dw2`, `s'(z1)`. */
  readonly name: string;
  readonly label: string;
  readonly phase: "forward" | "backward";
  readonly formula: readonly FormulaPart[];
  readonly numbers: readonly FormulaPart[];
  readonly value: number;
  /** Factors of the chain that were multiplied before. */
  readonly prefix: readonly ChainFactor[];
  /** The factor that comes with this step. */
  readonly added: ChainFactor | null;
  /** With its check, for a partial derivative. */
  readonly partial: WalkPartial | null;
  /** The step in words. */
  readonly sentence: string;
}

/** The steps of a net with one unit a layer: the input, every line forward, every line backward. */
export function stepsOf({ walk, chains }: NetPicture): WalkStep[] {
  const forward = [...walk.forward.flatMap(({ equations }) => equations), walk.cost];
  const lastLayer = walk.sizes.length - 1;
  const steps: WalkStep[] = [
    {
      ...plainStep("forward"),
      name: "x",
      label: "x",
      formula: [],
      numbers: [],
      value: walk.input[0],
      sentence: `The input is x = ${exact(walk.input[0])}. From here each map takes what the one before it made.`,
    },
    ...forward.map((line) => ({
      ...plainStep("forward"),
      ...line,
      sentence: forwardSentence(line.name, textOf(line.numbers), line.value, lastLayer),
    })),
  ];
  for (const { layer, slopes, partials } of walk.backward) {
    // dC/da first, then s'(z), so that δ comes right after its two factors.
    const isState = ({ name }: { readonly name: string }) => name.startsWith("dC/da");
    const ordered = [...partials.filter(isState), ...slopes, ...partials.filter((one) => !isState(one))];
    for (const line of ordered) {
      const factors = chains[line.name]?.[0].factors ?? [];
      const slope: ChainFactor = {
        of: `a${layer}`,
        by: `z${layer}`,
        text: line.name,
        value: line.value,
      };
      const added = factors.at(-1) ?? slope;
      steps.push({
        ...line,
        phase: "backward",
        prefix: factors.slice(0, -1),
        added,
        partial: partials.find(({ name }) => name === line.name) ?? null,
        sentence: backwardSentence(line.name, layer, lastLayer, added, line.value),
      });
    }
  }
  return steps;
}

const plainStep = (phase: WalkStep["phase"]) => ({ phase, prefix: [], added: null, partial: null }) as const;

function forwardSentence(name: string, numbers: string, value: number, lastLayer: number): string {
  const is = `${name} = ${numbers} = ${exact(value)}.`;
  if (name === "C") return `The cost says how far the output is from the target: ${is}`;
  if (name === "y") {
    return `Layer ${lastLayer} is linear, and the last one: what it makes is the output. ${is}`;
  }
  return name.startsWith("z")
    ? `Layer ${name.slice(1)} is linear: the weight times what comes in, plus the bias. ${is}`
    : `The non-linearity bends it, as otherwise all layers together would be one linear map. ${is}`;
}

function backwardSentence(
  name: string,
  layer: number,
  lastLayer: number,
  added: ChainFactor,
  value: number,
): string {
  const out = layer === lastLayer ? "y" : `z${layer}`;
  const comes = `That gives ${exact(value)}.`;
  if (name.startsWith("s'")) {
    return `How steep is the non-linearity at z${layer}? s'(z${layer}) = ${exact(value)}: the next factor back.`;
  }
  if (name.startsWith("dC/da")) {
    return `One layer back: a${layer} acts on the cost by way of ${added.of} alone, with the weight ${added.text}. Known times new: δ${layer + 1} times ${added.text}. ${comes}`;
  }
  if (name.startsWith("dC/dw")) {
    return `The weight w${layer} acts by way of ${out}. Known is δ${layer}; new is how ${out} answers to w${layer}: by ${added.text}, the number that w${layer} weighs. ${comes}`;
  }
  if (name.startsWith("dC/db")) {
    return `The bias b${layer} is added as it is, so ${out} answers one for one, and dC/db${layer} is δ${layer} itself: ${exact(value)}.`;
  }
  return layer === lastLayer
    ? `Now backwards, from the cost. If y grows a little, C changes ${exact(value)} times as much. This is δ${layer}, the first factor of every chain.`
    : `Back through the non-linearity: dC/da${layer} is known, s'(z${layer}) is new. Their product is δ${layer}. ${comes}`;
}

/** The number that a derivative is by: `δ2` is dC/dz2, or dC/dy of the last layer. */
export function numberOf({ name, label }: Pick<WalkPartial, "name" | "label">): string {
  return (label.includes("=") ? label.split("= ")[1] : name).replace("dC/d", "");
}

export function textOf(parts: readonly FormulaPart[]): string {
  return parts.map(({ text }) => text).join("");
}
