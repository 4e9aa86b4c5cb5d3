import { OptionError } from "../tensor/index.ts";
import type { BackpropWalk } from "./backprop.ts";
import type { FormulaPart } from "./expression.ts";

/** A factor of the chain rule: how a number answers to one right before it. */
export interface ChainFactor {
  /** The number that answers: `z2`; the output is `y`, the cost `C`. */
  readonly of: string;
  /** The number it answers to: `w2`. */
  readonly by: string;
  /** The derivative as a formula: `a1`, `s'(z2)`, `2·(y - t)`; `1` for a bias. */
  readonly text: string;
  readonly value: number;
}

/** A way from the cost back to a number: its factors, the cost's own first, and their product. */
export interface ChainPath {
  readonly factors: readonly ChainFactor[];
  readonly value: number;
}

/** More are no picture. */
const mostPaths = 1000;

/**
 * The chain rule in full: every way on which a number acts on the cost, and the derivatives along it. The partial derivative is
 * the sum over the ways of the product along each. Backpropagation comes to the same without going them one by one.
 *
 * @param name - of a partial derivative of the walk: `dC/dw1`, `δ2[1]`
 * @throws OptionError for a partial derivative that the walk does not have, or one with more than 1000 ways
 */
export function chainPaths(walk: BackpropWalk, name: string): ChainPath[] {
  const partials = walk.backward.flatMap(({ partials: all }) => all);
  const found = partialPattern.exec(name)?.groups;
  if (found === undefined || partials.every((partial) => partial.name !== name)) {
    throw new OptionError(`the walk has no partial derivative ${name}`, {
      where: "backprop",
      hint: `It has ${partials[0].name} to ${partials[partials.length - 1].name}.`,
    });
  }
  const layer = Number(found["layer"]);
  const { sizes } = walk;
  // From a bias or a z on there is a choice of units in each layer behind; an a has all units of the next layer, too.
  const ways = sizes.slice(layer + 1).reduce((product, units) => product * units, 1);
  if (ways > mostPaths) {
    throw new OptionError(`${name} acts on the cost on ${ways} ways; at most ${mostPaths} are listed`, {
      where: "backprop",
      hint: "Take fewer layers or units, or a parameter of a later layer.",
    });
  }
  const unit = Number(found["unit"] ?? 1) - 1;
  return new Chain(walk).paths(stateOf(found), layer, unit, Number(found["input"] ?? 1) - 1);
}

type State = "z" | "a" | "w" | "b";

const partialPattern = /^(?:δ|dC\/d(?<state>[awb]))(?<layer>\d+)(?:\[(?<unit>\d+)(?:,(?<input>\d+))?\])?$/;

function stateOf({ state }: Readonly<Record<string, string | undefined>>): State {
  return state === "a" || state === "w" || state === "b" ? state : "z";
}

class Chain {
  readonly #walk: BackpropWalk;
  readonly #lines: ReadonlyMap<string, { readonly value: number; readonly formula: readonly FormulaPart[] }>;

  constructor(walk: BackpropWalk) {
    this.#walk = walk;
    const forward = walk.forward.flatMap(({ equations }) => equations);
    const backward = walk.backward.flatMap(({ slopes, partials }) => [...slopes, ...partials]);
    this.#lines = new Map([...forward, ...backward].map((line) => [line.name, line]));
  }

  paths(state: State, layer: number, unit: number, input: number): ChainPath[] {
    if (state === "a") {
      const units = Array.from({ length: this.#units(layer + 1) }, (_, behind) => behind);
      return units.flatMap((behind) => {
        const { text, value } = this.#weight(layer + 1, behind, unit);
        const factor = { of: this.#z(layer + 1, behind), by: this.#a(layer, unit), text, value };
        return longer(this.paths("z", layer + 1, behind, 0), factor);
      });
    }
    const z = this.#z(layer, unit);
    if (state === "z") {
      if (layer === this.#walk.sizes.length - 1) {
        const { formula, value } = this.#line(`δ${layer}${this.#subscript(layer, unit)}`);
        const text = formula.map((part) => part.text).join("");
        return [{ factors: [{ of: "C", by: z, text, value }], value }];
      }
      const text = `s'(${z})`;
      const factor = { of: this.#a(layer, unit), by: z, text, value: this.#line(text).value };
      return longer(this.paths("a", layer, unit, 0), factor);
    }
    if (state === "b") {
      const by = `b${layer}${this.#subscript(layer, unit)}`;
      return longer(this.paths("z", layer, unit, 0), { of: z, by, text: "1", value: 1 });
    }
    const text = this.#a(layer - 1, input);
    const value = layer === 1 ? this.#walk.input[input] : this.#line(text).value;
    const factor = { of: z, by: this.#weight(layer, unit, input).text, text, value };
    return longer(this.paths("z", layer, unit, 0), factor);
  }

  #units(layer: number): number {
    return this.#walk.sizes[layer];
  }

  /** `[2]`, counted from 1; nothing for the only unit of its layer. */
  #subscript(layer: number, unit: number): string {
    return this.#units(layer) === 1 ? "" : `[${unit + 1}]`;
  }

  #z(layer: number, unit: number): string {
    const isLast = layer === this.#walk.sizes.length - 1;
    return `${isLast ? "y" : `z${layer}`}${this.#subscript(layer, unit)}`;
  }

  #a(layer: number, unit: number): string {
    return `${layer === 0 ? "x" : `a${layer}`}${this.#subscript(layer, unit)}`;
  }

  #weight(layer: number, unit: number, input: number) {
    const { sizes, weights } = this.#walk;
    const before = sizes.slice(0, layer - 1).reduce((sum, size, at) => sum + size * sizes[at + 1], 0);
    const inputs = sizes[layer - 1];
    const subscript = inputs * sizes[layer] === 1 ? "" : `[${unit + 1},${input + 1}]`;
    return { text: `w${layer}${subscript}`, value: weights[before + unit * inputs + input] };
  }

  #line(name: string) {
    const line = this.#lines.get(name);
    if (line === undefined) throw new Error(`the walk has no line ${name}`);
    return line;
  }
}

function longer(paths: readonly ChainPath[], factor: ChainFactor): ChainPath[] {
  return paths.map(({ factors, value }) => ({
    factors: [...factors, factor],
    value: value * factor.value,
  }));
}
