import { type Backpropagation, backpropagate, gradients } from "../autodiff/index.ts";
import { evaluate } from "../engine/reference/index.ts";
import { isKind, type Node } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { type Nudge, nudges } from "./central-difference.ts";
import {
  type Expression,
  evaluateExpression,
  type FormulaPart,
  formatNumber,
  formulaParts,
  plainText,
  reusedIn,
} from "./expression.ts";
import { formulaOf, type NodeName, type Notation, type Position, slopeAt, symbolAt } from "./formula.ts";
import {
  applyNonLinearity,
  buildSmallNet,
  buildTail,
  type LayerNodes,
  type NonLinearity,
  type SmallNet,
  type SmallNetGraph,
} from "./small-net.ts";

/** A line of the walk: `label = formula = numbers = value`. */
export interface WalkEquation {
  /** What formulas call it: `a1`, `δ2`, `w2[1,2]`. */
  readonly name: string;
  /** The name with what it stands for, where that helps: `δ2 = dC/dz2`. */
  readonly label: string;
  readonly formula: readonly FormulaPart[];
  /** The formula with its numbers put in. */
  readonly numbers: readonly FormulaPart[];
  readonly value: number;
}

/** A partial derivative of the cost, and how it compares with a central difference. */
export interface WalkPartial extends WalkEquation {
  /** The partial derivatives, worked out before, that it is made from. */
  readonly reuses: readonly string[];
  /**
   * The chain rule in full where all is scalar: the product worked out before (`reused`), and the factors that this
   * line adds (`added`); null where it is a sum, or reuses nothing.
   */
  readonly chain: { readonly reused: string; readonly added: string } | null;
  /** (C(v + h) - C(v - h)) / 2h. */
  readonly centralDifference: number;
  /** The two costs that the central difference is made from. */
  readonly nudge: Nudge;
  /** |value - centralDifference| over the greater of both. */
  readonly relativeError: number;
  /** Whether the two agree as well as a central difference in float64 can tell. */
  readonly agrees: boolean;
}

/** The lines of one layer going forward; layers count from 1. */
export interface ForwardLayer {
  readonly layer: number;
  readonly equations: readonly WalkEquation[];
}

/** The lines of one layer going backward. */
export interface BackwardLayer {
  readonly layer: number;
  /** s'(z) of each unit; none for the last layer. */
  readonly slopes: readonly WalkEquation[];
  /** dC/da (not for the last layer, whose a is its z), then dC/dz, dC/dw and dC/db. */
  readonly partials: readonly WalkPartial[];
}

/** The feeds of a net's graph, by name. */
export type Values = Record<string, Float64Array>;

/** One net's graph, its gradients, and the values of both. */
export class Walk {
  readonly graph: SmallNetGraph;
  readonly backpropagation: Backpropagation;
  readonly #net: SmallNet;
  readonly #feeds: Values;
  readonly #notation: Notation;
  readonly #cost: number;
  /** The chain of each partial derivative in full, by its name. */
  readonly #chains = new Map<string, string>();

  constructor(net: SmallNet) {
    this.#net = net;
    this.graph = buildSmallNet(net);
    this.#feeds = feedsOf(net);
    const states = this.graph.layers.flatMap(({ w, b, z, a }) => [w, b, z, a]);
    this.backpropagation = backpropagate(this.graph.cost, states);
    const inner = this.graph.layers.slice(0, -1);
    const slopes = new Map(inner.map(({ z }) => [z, slopeOf(net.nonLinearity, z)]));
    const all = [...new Set([...states, ...this.backpropagation.gradients.values(), ...slopes.values()])];
    const leaves = [this.graph.x, this.graph.t, this.graph.cost];
    const values = evaluate([...leaves, ...all], this.#feeds);
    const byNode = new Map([...leaves, ...all].map((node, index) => [node, values[index]]));
    this.#notation = {
      names: this.#nameNodes(),
      slopes,
      values: (node) => byNode.get(node) ?? evaluate([node], this.#feeds)[0],
    };
    this.#cost = values[2][0];
    // From the last layer to the first, as the chains grow.
    for (let layer = net.layers.length - 1; layer >= 0; layer--) this.#chainLayer(layer);
  }

  forwardLayer(layer: number): ForwardLayer {
    const { z, a } = this.graph.layers[layer];
    const last = z === a;
    const nodes = last ? [z] : [z, a];
    const equations = nodes.flatMap((node) =>
      positionsOf(node).map((position) => {
        const name = this.#nameAt(node, position);
        return this.equation(node, last ? `z${layer + 1}${name.slice(1)} = ${name}` : name, position, name);
      }),
    );
    return { layer: layer + 1, equations };
  }

  /** The line of one element of a node. */
  equation(node: Node, label: string, position: Position, name = label): WalkEquation {
    const expression = formulaOf(node, position, this.#notation);
    const value = this.#valueAt(node, position);
    return { name, label, ...printed(expression), value };
  }

  backwardLayer(layer: number): BackwardLayer {
    const { w, b, z, a } = this.graph.layers[layer];
    const last = z === a;
    const partials = [...(last ? [] : [this.#partials(a, layer, "a")]), this.#partials(z, layer, "z")];
    const parameters = [this.#partials(w, layer, "w"), this.#partials(b, layer, "b")];
    return {
      layer: layer + 1,
      slopes: last ? [] : positionsOf(z).map((position) => this.#slope(this.graph.layers[layer], position)),
      partials: [...partials, ...parameters].flat(),
    };
  }

  #slope({ z, a }: LayerNodes, position: Position): WalkEquation {
    const slope = slopeAt(z, position, this.#notation);
    const name = plainText(slope, "symbols");
    const write = (zText: string, aText: string) => {
      const text = slopeFormulas[this.#net.nonLinearity].replace(/\b[az]\b/g, (s) =>
        s === "z" ? zText : aText,
      );
      return [{ text, reuses: null }];
    };
    const numberOf = (node: Node) => {
      const text = formatNumber(this.#valueAt(node, position));
      return text.startsWith("-") ? `(${text})` : text;
    };
    const formula = write(this.#nameAt(z, position), this.#nameAt(a, position));
    const numbers = write(numberOf(z), numberOf(a));
    return { name, label: name, formula, numbers, value: evaluateExpression(slope) };
  }

  /** The lines of dC/d(state), an element each. */
  #partials(node: Node, layer: number, state: "z" | "a" | "w" | "b"): WalkPartial[] {
    const differences = this.#differences(node, layer, state);
    const gradient = this.#gradientOf(node);
    return positionsOf(node).map((position, index) => {
      const expression = formulaOf(gradient, position, this.#notation);
      const value = this.#valueAt(gradient, position);
      const name = this.#partialName(node, position);
      const partial = `dC/d${this.#nameAt(node, position)}`;
      const nudge = differences[index];
      const centralDifference = nudge.slope;
      return {
        name,
        label: name === partial ? name : `${name} = ${partial}`,
        ...printed(expression),
        value,
        reuses: [...new Set(reusedIn(expression).map((symbol) => symbol.name))],
        chain: this.#chainOf(expression),
        centralDifference,
        nudge,
        ...compare(value, centralDifference, this.#cost),
      };
    });
  }

  #differences(node: Node, layer: number, state: "z" | "a" | "w" | "b"): Nudge[] {
    if (state === "w" || state === "b") {
      const name = isKind(node, "variable") ? node.attributes.name : "";
      return nudges(this.graph.cost, name, this.#feeds);
    }
    const tail = buildTail(this.#net, this.graph, layer, state);
    const at = Float64Array.from(this.#notation.values(node));
    return nudges(tail, "state", { ...this.#feeds, state: at });
  }

  /** Remembers the chains of a layer's dC/da and dC/dz, which the layers before it reuse. */
  #chainLayer(layer: number): void {
    const { z, a } = this.graph.layers[layer];
    for (const node of z === a ? [z] : [a, z]) {
      if (sizeOf(node.shape) > 1) continue;
      const position = node.shape.map(() => 0);
      const expression = formulaOf(this.#gradientOf(node), position, this.#notation);
      const chain = this.#chainOf(expression);
      const full = chain === null ? plainText(expression, "symbols") : `${chain.reused}${chain.added}`;
      this.#chains.set(this.#partialName(node, position), full);
    }
  }

  /** Splits a product into what was worked out before and what it adds. */
  #chainOf(expression: Expression): WalkPartial["chain"] {
    const factors = expression.kind === "product" ? expression.factors : [expression];
    const [first, ...rest] = factors;
    if (first.kind !== "symbol" || !first.reused) return null;
    const reused = this.#chains.get(first.name);
    if (reused === undefined) return null;
    return { reused, added: rest.map((factor) => `·${plainText(factor, "symbols")}`).join("") };
  }

  #nameNodes(): Map<Node, NodeName> {
    const names = new Map<Node, NodeName>([
      [this.graph.x, { name: "x", reused: false, batched: true }],
      [this.graph.t, { name: "t", reused: false, batched: true }],
    ]);
    for (const [index, { w, b, z, a }] of this.graph.layers.entries()) {
      const number = index + 1;
      const last = z === a;
      names.set(w, { name: `w${number}`, reused: false, batched: false });
      names.set(b, { name: `b${number}`, reused: false, batched: false });
      names.set(z, { name: last ? "y" : `z${number}`, reused: false, batched: true });
      if (!last) names.set(a, { name: `a${number}`, reused: false, batched: true });
      names.set(this.#gradientOf(z), { name: `δ${number}`, reused: true, batched: true });
      if (!last) names.set(this.#gradientOf(a), { name: `dC/da${number}`, reused: true, batched: true });
    }
    return names;
  }

  #gradientOf(node: Node): Node {
    const gradient = this.backpropagation.gradients.get(node);
    if (gradient === undefined) throw new Error(`the cost does not depend on a ${node.kind} of the net`);
    return gradient;
  }

  #named(node: Node): NodeName {
    const named = this.#notation.names.get(node);
    if (named === undefined) throw new Error(`a ${node.kind} of the net has no name`);
    return named;
  }

  #nameAt(node: Node, position: Position): string {
    return plainText(symbolAt(node, this.#named(node), position, this.#notation), "symbols");
  }

  /** `δ2[1]`, or `dC/dw2[1,2]` for what has no name of its own. */
  #partialName(node: Node, position: Position): string {
    const gradient = this.#gradientOf(node);
    return this.#notation.names.has(gradient)
      ? this.#nameAt(gradient, position)
      : `dC/d${this.#nameAt(node, position)}`;
  }

  #valueAt(node: Node, position: Position): number {
    const value = symbolAt(node, { name: "", reused: false, batched: false }, position, this.#notation);
    return evaluateExpression(value);
  }
}

/** s'(z) as a textbook writes it, with a = s(z). The numbers beside it come from the gradient rule. */
const slopeFormulas: { readonly [N in NonLinearity]: string } = {
  sigmoid: "a·(1 - a)",
  tanh: "1 - a²",
  relu: "1 if z > 0, else 0",
  gelu: "Φ(z) + z·φ(z)",
};

function printed(expression: Expression): Pick<WalkEquation, "formula" | "numbers"> {
  return { formula: formulaParts(expression, "symbols"), numbers: formulaParts(expression, "numbers") };
}

/** s'(z) as the gradient rule has it: the gradient of the sum of s(z). */
function slopeOf(nonLinearity: NonLinearity, z: Node): Node {
  const activated = applyNonLinearity(nonLinearity, z);
  const total = createBuild()("reduceSum", [activated], { axes: [0, 1], keepDimensions: false });
  const [slope] = gradients(total, [z]);
  return slope;
}

/** A fresh copy of a net's numbers, as its graph is fed. */
export function feedsOf({ input, target, layers }: SmallNet): Values {
  const parameters = layers.flatMap(({ weights, biases }, index): [string, Float64Array][] => [
    [`w${index + 1}`, weights.slice()],
    [`b${index + 1}`, biases.slice()],
  ]);
  return { x: input, t: target, ...Object.fromEntries(parameters) };
}

/** Every position of a node's tensor, in row-major order. */
function positionsOf(node: Node): Position[] {
  return node.shape.reduce<number[][]>(
    (positions, size) =>
      positions.flatMap((position) => Array.from({ length: size }, (_, index) => [...position, index])),
    [[]],
  );
}

function compare(value: number, difference: number, cost: number) {
  const error = Math.abs(value - difference);
  const scale = Math.max(Math.abs(value), Math.abs(difference));
  // The difference of two costs keeps about eps C / h of them as rounding noise, hence the second term.
  const agrees = error <= 1e-6 * scale + 1e-8 * Math.max(1, Math.abs(cost));
  return { relativeError: scale === 0 ? 0 : error / scale, agrees };
}
