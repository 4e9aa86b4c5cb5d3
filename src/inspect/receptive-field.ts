import { type Node, topologicalOrder } from "../graph/index.ts";
import { type Architecture, buildForward, callNamed, inputShapeOf, type Model } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { checkOptions, nullable, wholeNumberField } from "../options/index.ts";
import { formatShape, OptionError, type Shape, ShapeError } from "../tensor/index.ts";
import { type AxisFigures, type Figures, figuresBehind, pixels } from "./fields/figures.ts";
import { extentOf, isEmpty, joined, one, type Region, union } from "./fields/region.ts";
import { fieldsOf } from "./fields/rules.ts";

/** A unit of a layer; what is left out stands for all. */
export interface UnitPlace {
  /** Row of an output `[H, W, C]`. */
  readonly y?: number | null;
  /** Column of an output `[H, W, C]`. */
  readonly x?: number | null;
  /** Channel of `[H, W, C]`, unit of `[units]`. */
  readonly channel?: number | null;
}

/** The pixels of an image that a unit is computed from: the smallest rectangle that holds them. */
export interface ReceptiveField {
  /** As it was named. */
  readonly layer: string | number;
  /** First row. */
  readonly top: number;
  /** First column. */
  readonly left: number;
  /** The row behind the last. */
  readonly bottom: number;
  /** The column behind the last. */
  readonly right: number;
  /** In pixels: `bottom - top`. */
  readonly height: number;
  /** In pixels: `right - left`. */
  readonly width: number;
  /**
   * How the fields of the layer's units lie, those that reach beyond the image's edges included; `null` for layers without rows and
   * columns, and where fields are not evenly spaced.
   */
  readonly figures: { readonly rows: AxisFigures; readonly columns: AxisFigures } | null;
}

const fields = {
  y: nullable(wholeNumberField(0)),
  x: nullable(wholeNumberField(0)),
  channel: nullable(wholeNumberField(0)),
};

/** A model's graph for one image, and what of it depends on the image. */
interface Traced {
  readonly images: Node;
  /** The output of each call. */
  readonly values: readonly Node[];
  /** Nodes that depend on the image, each after its operands. */
  readonly order: readonly Node[];
  readonly depending: ReadonlySet<Node>;
  readonly figures: ReadonlyMap<Node, Figures | null>;
}

/** Graphs are built once: a field is to be found as often as a mouse moves. */
const traced = new WeakMap<Architecture, Traced>();

/**
 * Finds what a unit of a layer sees of an image: every pixel whose value can change the unit's. Works on any graph, and runs nothing:
 * it walks back from the unit over strides, padding, dilation, pooling and groups; branches that meet again see what either sees.
 * Units behind global pooling and dense layers see the whole image.
 *
 * @param layer - a tap's or a layer's name, or the index of a call of the architecture
 * @throws OptionError for a name that is neither, and a unit that the layer does not have
 * @throws ShapeError for a model whose input is no image
 */
export function receptiveField(model: Model, layer: string | number, place: UnitPlace = {}): ReceptiveField {
  const where = `receptiveField, layer "${layer}"`;
  const resolved = checkOptions<Required<UnitPlace>>("receptiveField", place, fields);
  const { architecture } = model;
  const trace = traced.get(architecture) ?? traceOf(architecture);
  traced.set(architecture, trace);
  const node = trace.values[callNamed(architecture, layer)];
  const region = [one(1, 0), ...placeRegion(node.shape.slice(1), resolved, where)];
  const [, rows, columns] = walkBack(trace, node, region);
  const [[top, bottom], [left, right]] = [extentOf(rows), extentOf(columns)];
  const figures = trace.figures.get(node) ?? null;
  return {
    layer,
    ...{ top, left, bottom, right },
    height: bottom - top,
    width: right - left,
    figures: figures && { rows: figures[0], columns: figures[1] },
  };
}

function traceOf(architecture: Architecture): Traced {
  const shape = inputShapeOf(architecture);
  if (shape.length !== 3) {
    throw new ShapeError(`its input is ${formatShape(shape)}`, {
      where: `receptiveField, model "${architecture.name}"`,
      hint: "Receptive fields are parts of an image: the input must be [height, width, channels].",
    });
  }
  const images = createBuild()("input", [], { name: "images", shape: [1, ...shape], dtype: "float32" });
  const { values } = buildForward(architecture, images, { training: false, key: null });
  const depending = new Set<Node>([images]);
  const figures = new Map<Node, Figures | null>([[images, pixels]]);
  const order = topologicalOrder(values).filter((node) => {
    if (node === images) return true;
    const operands = node.inputs.filter((operand) => depending.has(operand));
    if (operands.length === 0) return false;
    depending.add(node);
    figures.set(
      node,
      figuresBehind(
        node,
        operands.map((operand) => figures.get(operand) ?? null),
      ),
    );
    return true;
  });
  return { images, values, order, depending, figures };
}

/** The elements of a layer's output that a place stands for. */
function placeRegion(shape: Shape, { y, x, channel }: Required<UnitPlace>, where: string): Region {
  if (shape.length === 3) {
    return [
      axisOf(shape[0], y, "y", where),
      axisOf(shape[1], x, "x", where),
      axisOf(shape[2], channel, "channel", where),
    ];
  }
  for (const [name, position] of [["y", y] as const, ["x", x] as const]) {
    // A unit without a place may be said to be at 0, 0.
    if (position !== null && position !== 0) {
      throw new OptionError(
        `${name} is ${position}, but the layer gives ${formatShape(shape)}, which has no rows and columns`,
        {
          where,
          hint: "Name the unit by its channel alone.",
        },
      );
    }
  }
  const last = shape.length - 1;
  return shape.map((size, axis) =>
    axis === last ? axisOf(size, channel, "channel", where) : one(size, null),
  );
}

function axisOf(size: number, position: number | null, name: string, where: string) {
  if (position === null || position < size) return one(size, position);
  throw new OptionError(`${name} must be less than ${size}, got ${position}`, {
    where,
    hint: "Rows, columns and channels are counted from 0.",
  });
}

/** The part of the image that a part of a node is computed from. */
function walkBack({ images, order, depending }: Traced, end: Node, region: Region): Region {
  const seen = new Map<Node, readonly Region[]>([[end, [region]]]);
  for (let at = order.lastIndexOf(end); at >= 0; at--) {
    const node = order[at];
    const own = seen.get(node);
    if (own === undefined || node === images) continue;
    // What is needed no more.
    seen.delete(node);
    for (const part of own) {
      for (const [index, source] of fieldsOf(node, part).entries()) {
        const operand = node.inputs[index];
        // A window may lie in the padding alone.
        if (source === null || !depending.has(operand) || isEmpty(source)) continue;
        seen.set(operand, joined(seen.get(operand) ?? [], source));
      }
    }
  }
  return (seen.get(images) ?? [images.shape.map((size) => new Uint8Array(size))]).reduce(union);
}
