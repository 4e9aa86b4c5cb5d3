/**
 * The constant evaluator. Exporters write shapes as programs (Shape -> Gather -> Unsqueeze -> Concat -> Reshape), and
 * weights as constants that are transposed or cast: what does not depend on the examples is worked out here.
 */
import type { OnnxTensor } from "../../formats/index.ts";
import {
  broadcastShapes,
  formatShape,
  type Shape,
  sizeOf,
  stridesOf,
  type Tensor,
} from "../../tensor/index.ts";
import { axisOf, cutsOf, reshapeTarget } from "./axes.ts";
import type { NodeReader } from "./node.ts";
import { batch, type Constant, type Element, permute, range } from "./values.ts";

/** What the evaluator needs beside a node. */
export interface FoldContext {
  /** Counts elements against what the whole file may make; throws beyond it. */
  allot(node: NodeReader, shape: Shape): void;
  /** Reads a tensor that a node holds as an attribute. */
  tensor(node: NodeReader, proto: OnnxTensor): Promise<Tensor>;
}

type Fold = (node: NodeReader, context: FoldContext) => Constant | Promise<Constant>;

/** The data types that are whole numbers, and BOOL. */
const integerTypes: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

/** All ops that can be evaluated. `Shape` also takes values that depend on the examples: only their shape is read. */
const folds: { readonly [op: string]: Fold } = {
  Constant: foldConstant,
  ConstantOfShape: foldConstantOfShape,
  Shape: foldShape,
  Identity: (node) => node.constant(0, "value"),
  Cast: foldCast,
  Reshape: (node) => {
    const data = node.constant(0, "value");
    return { ...data, shape: reshapeTarget(node, node.constant(1, "shape"), data.shape) };
  },
  Squeeze: (node) => {
    const data = node.constant(0, "value");
    const axes = node.numbersOf("axes", 1, 13)?.map((axis) => axisOf(node, axis, data.shape.length));
    const stays = (size: number, axis: number) => (axes === undefined ? size !== 1 : !axes.includes(axis));
    return { ...data, shape: checkedShape(node, data, data.shape.filter(stays)) };
  },
  Unsqueeze: (node) => {
    const data = node.constant(0, "value");
    const axes = node.numbersOf("axes", 1, 13) ?? [];
    const rank = data.shape.length + axes.length;
    const fresh = new Set(axes.map((axis) => axisOf(node, axis, rank)));
    let next = 0;
    const shape = range(rank).map((axis) => (fresh.has(axis) ? 1 : (data.shape[next++] ?? 1)));
    return { ...data, shape: checkedShape(node, data, shape) };
  },
  Transpose: foldTranspose,
  Concat: foldConcat,
  Gather: foldGather,
  Slice: foldSlice,
  ReduceProd: (node) => {
    const data = node.constant(0, "value");
    const product = Array.from(data.data).reduce<Element>((a, b) => combine(node, "Mul", a, b), 1);
    const whole = node.numbersOf("axes", 1, 18)?.length ?? data.shape.length;
    if (whole !== data.shape.length)
      throw node.error("multiplies along some axes only", "Fold it before the export.");
    return { ...data, shape: node.flag("keepdims", true) ? data.shape.map(() => 1) : [], data: [product] };
  },
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Neg: unary((x) => -x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
};

/** Whether a node can be evaluated: nothing that it takes depends on the examples, or their shape alone matters. */
export function canFold(node: NodeReader): boolean {
  if (!Object.hasOwn(folds, node.op)) return false;
  return (
    node.op === "Shape" || node.inputs.every((input) => input === undefined || input.kind === "constant")
  );
}

/** Evaluates a node that {@link canFold}. */
export async function fold(node: NodeReader, context: FoldContext): Promise<Constant> {
  return await folds[node.op](node, context);
}

/** A tensor of the file as a constant. */
export function constantOf(tensor: Tensor, name: string, type: number): Constant {
  return { kind: "constant", shape: tensor.shape, data: tensor.data, integer: integerTypes.has(type), name };
}

async function foldConstant(node: NodeReader, context: FoldContext): Promise<Constant> {
  const name = node.output;
  const proto = node.attribute("value")?.t;
  if (proto !== undefined) return constantOf(await context.tensor(node, proto), name, proto.dataType);
  const list = node.ints("value_ints", undefined) ?? node.floats("value_floats", undefined);
  if (list !== undefined) {
    return { kind: "constant", shape: [list.length], data: list, integer: node.has("value_ints"), name };
  }
  const integer = node.has("value_int");
  const single = integer ? node.int("value_int", 0) : node.float("value_float", 0);
  if (integer || node.has("value_float"))
    return { kind: "constant", shape: [], data: [single], integer, name };
  throw node.error("holds no number", "Texts and sparse tensors have no place in an image classifier.");
}

async function foldConstantOfShape(node: NodeReader, context: FoldContext): Promise<Constant> {
  const shape = node.numbers(0, "sizes") ?? [];
  const proto = node.attribute("value")?.t;
  const value = proto === undefined ? null : await context.tensor(node, proto);
  context.allot(node, shape);
  const data = new Array<Element>(sizeOf(shape)).fill(value?.data[0] ?? 0);
  const integer = proto !== undefined && integerTypes.has(proto.dataType);
  return { kind: "constant", shape, data, integer, name: node.output };
}

function foldShape(node: NodeReader): Constant {
  const [value] = node.inputs;
  if (value === undefined) throw node.error("has no input", "The file is damaged: export it again.");
  const sizes: Element[] = value.kind === "constant" ? [...value.shape] : [batch, ...value.shape];
  // Bounds came with operator set 15; they are drawn in to the rank.
  const data = sizes.slice(node.int("start", 0), node.int("end", sizes.length));
  return { kind: "constant", shape: [data.length], data, integer: true, name: node.output };
}

function foldCast(node: NodeReader, context: FoldContext): Constant {
  const value = node.constant(0, "value");
  const integer = integerTypes.has(node.int("to", 1));
  if (!integer || value.integer) return { ...value, integer };
  context.allot(node, value.shape);
  const data = Array.from(value.data, (element) =>
    typeof element === "number" ? Math.trunc(element) : element,
  );
  return { ...value, data, integer };
}

function foldTranspose(node: NodeReader, context: FoldContext): Constant {
  const value = node.constant(0, "value");
  const rank = value.shape.length;
  const order = (node.ints("perm", undefined) ?? range(rank).reverse()).map((axis) =>
    axisOf(node, axis, rank),
  );
  if (order.length !== rank || new Set(order).size !== rank) {
    throw node.error(
      `has perm [${order.join(", ")}] for ${rank} axes`,
      "The file is damaged: export it again.",
    );
  }
  context.allot(node, value.shape);
  const data = emptyLike(value.data, value.data.length);
  permute(value.data, value.shape, order, data);
  return { ...value, shape: order.map((axis) => value.shape[axis]), data };
}

function foldConcat(node: NodeReader, context: FoldContext): Constant {
  const parts = node.inputs.map((_, index) => node.constant(index, "part"));
  const [first] = parts;
  const axis = axisOf(node, node.int("axis", 0), first.shape.length);
  const fits = ({ shape }: Constant) =>
    shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]);
  if (!parts.every(fits)) {
    const shapes = parts.map(({ shape }) => formatShape(shape)).join(" and ");
    throw node.error(
      `cannot concatenate ${shapes} along axis ${axis}`,
      "The file is damaged: export it again.",
    );
  }
  const total = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = first.shape.map((size, i) => (i === axis ? total : size));
  context.allot(node, shape);
  const outer = sizeOf(shape.slice(0, axis));
  const data: Element[] = [];
  for (let row = 0; row < outer; row++) {
    for (const part of parts) {
      const length = part.data.length / outer;
      for (let index = 0; index < length; index++) data.push(part.data[row * length + index]);
    }
  }
  return { ...first, shape, data, integer: parts.every(({ integer }) => integer) };
}

function foldGather(node: NodeReader, context: FoldContext): Constant {
  const value = node.constant(0, "value");
  const indices = node.constant(1, "indices");
  const axis = axisOf(node, node.int("axis", 0), value.shape.length);
  const size = value.shape[axis];
  const outer = sizeOf(value.shape.slice(0, axis));
  const inner = sizeOf(value.shape.slice(axis + 1));
  const positions = (node.numbers(1, "indices") ?? []).map((index) => axisOf(node, index, size));
  const shape = [...value.shape.slice(0, axis), ...indices.shape, ...value.shape.slice(axis + 1)];
  context.allot(node, shape);
  const data: Element[] = [];
  for (let row = 0; row < outer; row++) {
    for (const position of positions) {
      for (let column = 0; column < inner; column++) {
        data.push(value.data[(row * size + position) * inner + column]);
      }
    }
  }
  return { ...value, shape, data };
}

function foldSlice(node: NodeReader, context: FoldContext): Constant {
  const value = node.constant(0, "value");
  let { shape, data } = value;
  for (const { axis, begin, step, count } of cutsOf(
    node,
    (index) => value.shape[index],
    value.shape.length,
  )) {
    const size = shape[axis];
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    context.allot(node, [outer, count, inner]);
    const part: Element[] = [];
    for (let row = 0; row < outer; row++) {
      for (let index = 0; index < count; index++) {
        const from = (row * size + begin + index * step) * inner;
        for (let column = 0; column < inner; column++) part.push(data[from + column]);
      }
    }
    shape = shape.map((old, i) => (i === axis ? count : old));
    data = part;
  }
  return { ...value, shape, data };
}

function arithmetic(node: NodeReader, context: FoldContext): Constant {
  const a = node.constant(0, "operand");
  const b = node.constant(1, "operand");
  const integer = a.integer && b.integer;
  const shape = broadcastShapes(a.shape, b.shape, node.where);
  context.allot(node, shape);
  const readA = reader(a, shape);
  const readB = reader(b, shape);
  const data = Array.from({ length: sizeOf(shape) }, (_, index) => {
    const value = combine(node, node.op, readA(index), readB(index));
    return integer && typeof value === "number" ? Math.trunc(value) : value;
  });
  return { ...(a.data.length >= b.data.length ? a : b), shape, data, integer };
}

/** Elements of a constant that is broadcast to a shape, by their index there. */
function reader({ shape, data }: Constant, target: Shape): (index: number) => Element {
  if (data.length === 1) return () => data[0];
  const steps = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  const strides = stridesOf(target).slice(target.length - shape.length);
  return (index) => {
    let position = 0;
    for (let axis = 0; axis < steps.length; axis++) {
      position += (Math.floor(index / strides[axis]) % shape[axis]) * steps[axis];
    }
    return data[position];
  };
}

function combine(node: NodeReader, op: string, a: Element, b: Element): Element {
  if (typeof a === "number" && typeof b === "number") {
    if (op === "Add") return a + b;
    if (op === "Sub") return a - b;
    return op === "Mul" ? a * b : a / b;
  }
  // What leaves the size of the batch as it is, or takes it away.
  const neutral = op === "Add" || op === "Sub" ? 0 : 1;
  if (b === neutral) return a;
  if (a === neutral && (op === "Add" || op === "Mul")) return b;
  if (op === "Div" && a === b) return 1;
  throw node.error("computes with the size of the batch", "No layer changes the batch.");
}

function unary(f: (x: number) => number): Fold {
  return (node, context) => {
    const value = node.constant(0, "value");
    context.allot(node, value.shape);
    return { ...value, data: Array.from(value.data, (x) => (typeof x === "number" ? f(x) : x)) };
  };
}

function checkedShape(node: NodeReader, data: Constant, shape: Shape): Shape {
  if (sizeOf(shape) === data.data.length) return shape;
  throw node.error(`cannot make ${formatShape(shape)} of ${formatShape(data.shape)}`, "The file is damaged.");
}

/** Room for as many elements: weights stay in typed arrays, which take a quarter of the memory. */
function emptyLike(
  data: ArrayLike<Element>,
  count: number,
): { [index: number]: Element } & ArrayLike<Element> {
  return data instanceof Float32Array ? new Float32Array(count) : new Array<Element>(count);
}
