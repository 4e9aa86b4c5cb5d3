/** Where the parts of the scalar net lie: in a row where there is room, else in a column. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A number of the net in the drawing. */
export interface Placed extends Point {
  readonly name: string;
  readonly kind: "state" | "parameter";
  /** Where the derivative of the cost by it is written. */
  readonly badge: Point;
}

/** How one number acts on another. */
export interface Edge {
  /** As factors of the chain have it: `z2<w2`. */
  readonly key: string;
  readonly from: Placed;
  readonly to: Placed;
  /** What the map between two states is, for edges along the chain. */
  readonly map: string | null;
  /** Where the map's name is written, and where its factor. */
  readonly mapAt: Point;
  readonly factorAt: Point;
}

/** The drawing of a scalar net. */
export interface ScalarLayout {
  readonly width: number;
  readonly height: number;
  readonly isRow: boolean;
  readonly nodes: readonly Placed[];
  readonly edges: readonly Edge[];
}

export const stateRadius = 27;
export const parameterHalf = { x: 23, y: 20 };

/** The states from the input to the cost: x, z1, a1, z2, ..., y, C. */
function stateNames(depth: number): string[] {
  const inner = Array.from({ length: depth - 1 }, (_, layer) => [`z${layer + 1}`, `a${layer + 1}`]).flat();
  return ["x", ...inner, "y", "C"];
}

/** @param width - that there is, in pixels */
export function layoutOf(depth: number, width: number): ScalarLayout {
  const names = stateNames(depth);
  const isRow = width >= 84 * names.length;
  const gap = isRow ? Math.min(128, (width - 2 * stateRadius - 16) / (names.length - 1)) : 96;
  const across = isRow ? 166 : 190;
  const start = isRow ? (width - gap * (names.length - 1)) / 2 : 36;
  // Along the chain, and across it: parameters on one side, derivatives on the other.
  const at = (along: number, off: number): Point =>
    isRow ? { x: start + along * gap, y: across + off } : { x: across + off, y: start + along * gap };
  const states = names.map<Placed>((name, index) => ({
    name,
    kind: "state",
    ...at(index, 0),
    badge: isRow ? at(index, 94) : at(index, 94),
  }));
  const byName = new Map(states.map((state) => [state.name, state]));
  const stateOf = (name: string): Placed => byName.get(name) ?? states[0];
  const parameter = (name: string, by: string, side: number): Placed => {
    const { x, y } = stateOf(by);
    const place = isRow ? { x: x + side * 27, y: y - 104 } : { x: x - 80, y: y + side * 22 };
    const badge = isRow ? { x: place.x + side * 6, y: place.y - 43 } : { x: place.x - 76, y: place.y };
    return { name, kind: "parameter", ...place, badge };
  };
  const outOf = (layer: number) => (layer === depth ? "y" : `z${layer}`);
  const layers = Array.from({ length: depth }, (_, index) => index + 1);
  const weights = layers.map((layer) => parameter(`w${layer}`, outOf(layer), -1));
  const biases = layers.map((layer) => parameter(`b${layer}`, outOf(layer), 1));
  const target = parameter("t", "C", 0);
  const along = states.slice(1).map<Edge>((to, index) => {
    const from = states[index];
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    return {
      key: `${to.name}<${from.name}`,
      from,
      to,
      map: to.name === "C" ? "cost" : to.name.startsWith("a") ? "s" : "linear",
      mapAt: isRow ? { x: middle.x, y: middle.y - 8 } : { x: middle.x + 8, y: middle.y + 4 },
      factorAt: isRow ? { x: middle.x, y: middle.y + 46 } : { x: middle.x + 68, y: middle.y },
    };
  });
  const into = [...weights, ...biases, target].map<Edge>((from) => {
    const to = stateOf(from.name === "t" ? "C" : outOf(Number(from.name.slice(1))));
    const side = Math.sign(from.x - to.x);
    const factorAt = isRow
      ? { x: from.x + side * 42, y: (from.y + to.y) / 2 - 2 }
      : { x: (from.x + to.x) / 2, y: to.y + Math.sign(from.y - to.y) * 60 };
    return { key: `${to.name}<${from.name}`, from, to, map: null, mapAt: to, factorAt };
  });
  return {
    width,
    height: isRow ? across + 124 : start + gap * (names.length - 1) + 40,
    isRow,
    nodes: [...states, ...weights, ...biases, target],
    edges: [...along, ...into],
  };
}

/** The line of an edge, from one outline to the other. */
export function lineOf({ from, to }: Pick<Edge, "from" | "to">): readonly [Point, Point] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const unit = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const reach = ({ kind }: Placed) => {
    if (kind === "state") return stateRadius;
    const { x, y } = parameterHalf;
    return Math.min(x / Math.abs(unit.x || 1e-9), y / Math.abs(unit.y || 1e-9));
  };
  const start = reach(from) + 1;
  const end = reach(to) + 3;
  return [
    { x: from.x + unit.x * start, y: from.y + unit.y * start },
    { x: to.x - unit.x * end, y: to.y - unit.y * end },
  ];
}
