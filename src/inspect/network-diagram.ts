import type { LayerKind } from "../layers/index.ts";
import {
  type Architecture,
  callsUpTo,
  inferenceCalls,
  type Model,
  modelParameters,
} from "../models/index.ts";
import { booleanField, checkOptions } from "../options/index.ts";
import { type Shape, sizeOf } from "../tensor/index.ts";
import { type BoxSize, placeSegment } from "./diagram/block.ts";
import { inColumns, type Stack } from "./diagram/columns.ts";
import {
  commonPrefix,
  countText,
  familyOf,
  finishOf,
  fontSize,
  type LayerFamily,
  namesOf,
  shapeText,
  titleOf,
  widthOf,
} from "./diagram/describe.ts";
import { framed, type Placed, type Point, simplified, stacked } from "./diagram/placed.ts";
import { type Segment, type Stretch, segmentsOf, stretchesOf } from "./diagram/segments.ts";
import { type Unit, unitsOf } from "./diagram/unit.ts";

/** What is drawn. */
export interface NetworkDiagramOptions {
  /** Whether blocks that look the same, one behind the other, are drawn once with their number, in large nets; default true. */
  readonly groupRepeats?: boolean;
}

/** A box: a layer, and those that finish or prepare its work. */
export interface DiagramNode {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Names of all layers that it stands for, those of repetitions included. */
  readonly layers: readonly string[];
  /** Of the layer that it is mainly about. */
  readonly kind: LayerKind;
  readonly family: LayerFamily;
  /** `conv 3\u00d73, 64, /2`. */
  readonly title: string;
  /** `batch norm \u00b7 ReLU`; "" where there is nothing more. */
  readonly finish: string;
  /** Names as they are shown, without what they share with the frame around them. */
  readonly names: string;
  /** Shape of its output. */
  readonly shape: Shape;
  /** Weights and statistics of one repetition. */
  readonly parameters: number;
  /** What else is to be said: `to aux1`. */
  readonly note: string | null;
}

/** A line from a box to another one, down and sideways. */
export interface DiagramEdge {
  /** Index of a node. */
  readonly from: number;
  /** Index of a node. */
  readonly to: number;
  readonly points: readonly Point[];
}

/** A frame around a block: `layer3.1 \u2026 layer3.5`, five times. */
export interface DiagramFrame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** How many parts of the net look like this, one behind the other. */
  readonly repeats: number;
}

/** A drawing of a network as data. Lengths are in pixels of a letter height of 11. */
export interface NetworkDiagram {
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
  readonly frames: readonly DiagramFrame[];
  readonly labels: readonly { readonly text: string; readonly x: number; readonly y: number }[];
}

const fields = { groupRepeats: booleanField(true) };

/** In nets of fewer boxes every one is drawn. */
const largeNet = 48;
const boxPadding = 8;
/** Height of a line of text in a box. */
export const boxLine = 14;
const narrowest = 64;
const widest = 230;

/**
 * Lays a network out from top to bottom: branches side by side, what repeats itself once, and in as many columns as make it largest
 * on a page. The layout depends on the architecture alone.
 *
 * @throws OptionError for a wrong option
 */
export function networkDiagram(
  model: Pick<Model, "architecture">,
  options: NetworkDiagramOptions = {},
): NetworkDiagram {
  const { groupRepeats } = checkOptions<Required<NetworkDiagramOptions>>("networkDiagram", options, fields);
  return new Drawing(model.architecture, groupRepeats).diagram();
}

/** Everything but its place. */
type Described = Omit<DiagramNode, "x" | "y" | "width" | "height">;

class Drawing {
  readonly #architecture: Architecture;
  readonly #units: readonly Unit[];
  readonly #groupRepeats: boolean;
  /** Numbers of each layer. */
  readonly #parameters: ReadonlyMap<number, number>;
  readonly #described = new Map<number, Described>();

  constructor(architecture: Architecture, groupRepeats: boolean) {
    this.#architecture = architecture;
    this.#units = unitsOf(architecture);
    this.#groupRepeats = groupRepeats;
    const parameters = new Map<number, number>();
    for (const { layer, shape } of modelParameters(architecture)) {
      parameters.set(layer, (parameters.get(layer) ?? 0) + sizeOf(shape));
    }
    this.#parameters = parameters;
  }

  diagram(): NetworkDiagram {
    const { units: boxes, edges, frames, labels, width, height } = inColumns(this.#stacks());
    const indexOf = new Map(boxes.map(({ unit }, index) => [unit, index]));
    return {
      model: this.#architecture.name,
      ...{ width, height, frames, labels },
      nodes: boxes.map(({ unit, ...box }) => ({ ...box, ...this.#describedUnit(unit) })),
      edges: edges.flatMap(({ from, to, points }) => {
        const [begin, end] = [indexOf.get(from ?? -1), indexOf.get(to)];
        return begin === undefined || end === undefined
          ? []
          : [{ from: begin, to: end, points: simplified(points) }];
      }),
    };
  }

  /** The net, and each auxiliary head. */
  #stacks(): Stack[] {
    const { auxiliaries } = this.#architecture;
    const main = inferenceCalls(this.#architecture);
    const stacks = [
      { parts: this.#parts(this.#members((call) => main.has(call))), label: null as string | null },
    ];
    const drawn = new Set(main);
    for (const { name, output } of auxiliaries) {
      const own = callsUpTo(this.#architecture, output);
      const members = this.#members((call) => own.has(call) && !drawn.has(call));
      for (const call of own) drawn.add(call);
      const [first] = members;
      if (first === undefined) continue;
      for (const source of this.#units[first].inputs) this.#note(source, `to ${name}`);
      stacks.push({
        parts: this.#parts(members),
        label: `${name}, from ${this.#sourceName(first)} \u00b7 in training only`,
      });
    }
    return stacks;
  }

  #members(isIn: (call: number) => boolean): number[] {
    return [...this.#units.keys()].filter((unit) => isIn(this.#units[unit].main));
  }

  #parts(members: readonly number[]): Placed[] {
    const segments = segmentsOf(this.#units, members);
    const looks = segments.map((segment, index) =>
      this.#lookOf(segment, index === 0 ? null : segments[index - 1].end),
    );
    const groups = this.#groupRepeats && this.#units.length >= largeNet;
    const stretches: Stretch[] = groups
      ? stretchesOf(
          segments,
          looks,
          segments.map(({ inner }) => inner.length + 1),
        )
      : segments.map((segment) => ({ segments: [segment], copies: [[segment]] }));
    return stretches.map((stretch) => this.#placeStretch(stretch));
  }

  #placeStretch({ segments, copies }: Stretch): Placed {
    const unitsIn = (list: readonly Segment[]) => list.flatMap(({ inner, end }) => [...inner, end]);
    const own = unitsIn(segments);
    const prefixes = copies.map((copy) => commonPrefix(unitsIn(copy).flatMap((unit) => this.#names(unit))));
    const [first, last] = [prefixes[0], prefixes[prefixes.length - 1]];
    for (const [index, unit] of own.entries()) {
      const names = copies.flatMap((copy) => this.#names(unitsIn(copy)[index]));
      const isFramed = own.length > 1 || copies.length > 1;
      this.#described.set(unit, { ...this.#describe(unit, isFramed ? first : ""), layers: names });
    }
    const placed = stacked(
      segments.map((segment) => placeSegment(this.#units, segment, (unit) => this.#sizeOf(unit))),
    );
    if (copies.length === 1 && (first === "" || own.length === 1)) return placed;
    const title = first === last ? first : `${first} \u2026 ${last}`;
    const words = copies.length > 1 ? `${title}  \u00d7 ${copies.length}` : title;
    return framed(placed, title, widthOf(words, fontSize + 1), copies.length);
  }

  #names(unit: number): string[] {
    const { layers, calls } = this.#architecture;
    return this.#units[unit].calls.map((call) => layers[calls[call].layer].name);
  }

  /** What the boxes of a segment say, but for names, and how they hang together. */
  #lookOf({ inner, end }: Segment, before: number | null): string {
    const order = new Map([...inner, end].map((unit, index) => [unit, index]));
    const { calls } = this.#architecture;
    const inputShape = before === null ? [] : calls[this.#units[before].calls.at(-1) ?? 0].shape;
    return JSON.stringify([
      inputShape,
      [...inner, end].map((unit) => {
        const { title, finish, shape, parameters } = this.#describe(unit, "");
        const sources = this.#units[unit].inputs.map((source) => order.get(source) ?? -1);
        return [title, finish, shape, parameters, sources];
      }),
    ]);
  }

  #note(unit: number, note: string): void {
    const described = this.#describedUnit(unit);
    this.#described.set(unit, {
      ...described,
      note: described.note === null ? note : `${described.note}, ${note}`,
    });
  }

  #describedUnit(unit: number): Described {
    return this.#described.get(unit) ?? this.#describe(unit, "");
  }

  #sourceName(unit: number): string {
    const [source = unit] = this.#units[unit].inputs;
    return this.#names(source)[0];
  }

  #describe(unit: number, prefix: string): Described {
    const { layers, calls } = this.#architecture;
    const { calls: own, main } = this.#units[unit];
    const layerOf = (call: number) => layers[calls[call].layer].layer;
    const others = own.filter((call) => call !== main);
    const names = this.#names(unit);
    const isOfTwo = own.some((call) => calls.findIndex(({ layer }) => layer === calls[call].layer) !== call);
    const counted = new Set(own.map((call) => calls[call].layer));
    return {
      layers: names,
      kind: layerOf(main).kind,
      family: familyOf(layerOf(main).kind),
      title: titleOf(layerOf(main), calls[calls[main].inputs[0] ?? main].shape.at(-1) ?? 0),
      finish: finishOf(layerOf(main), others.map(layerOf)),
      names: namesOf([...new Set([this.#nameOf(main), ...names])], prefix),
      shape: calls[own[own.length - 1]].shape,
      // A layer that is used again has the same weights.
      parameters: isOfTwo
        ? 0
        : [...counted].reduce((sum, layer) => sum + (this.#parameters.get(layer) ?? 0), 0),
      note: null,
    };
  }

  #nameOf(call: number): string {
    const { layers, calls } = this.#architecture;
    return layers[calls[call].layer].name;
  }

  #sizeOf(unit: number): BoxSize {
    const lines = boxLines(this.#describedUnit(unit));
    const width = Math.max(
      ...lines.map(
        ({ kind, text, right }) =>
          widthOf(text, fontSize, kind === "title") + (right === "" ? 0 : widthOf(right) + 14),
      ),
    );
    // Even, so that middles lie on whole pixels.
    const outer = 2 * Math.ceil((width + 2 * boxPadding) / 2);
    return [Math.min(widest, Math.max(narrowest, outer)), lines.length * boxLine + 10];
  }
}

/** A line of text in a box: to the left, and to the right. */
export interface BoxLine {
  readonly kind: "title" | "finish" | "names" | "figures";
  readonly text: string;
  readonly right: string;
}

/** What stands in a box, from top to bottom. */
export function boxLines({ title, finish, names, shape, parameters }: Described): BoxLine[] {
  const lines: BoxLine[] = [
    { kind: "title", text: title, right: "" },
    { kind: "finish", text: finish, right: "" },
    { kind: "names", text: names, right: "" },
    { kind: "figures", text: shapeText(shape), right: parameters === 0 ? "" : countText(parameters) },
  ];
  // A name that says no more than the kind: `flatten`, `add`.
  return lines.filter(({ kind, text }) => text !== "" && !(kind === "names" && text === title));
}
