import { fromOutputsFirst, type Order } from "../../formats/layouts.ts";
import type { Layer, SymbolicTensor } from "../../layers/index.ts";
import { layers } from "../../layers/index.ts";
import { type Shape, sameShape, sizeOf, Tensor } from "../../tensor/index.ts";
import { NameBook, nameOfLayer } from "./names.ts";
import type { NodeReader } from "./node.ts";
import { type Activation, type Constant, imageOrder, isIdentity, permute, range } from "./values.ts";

/** What a layer is made with beside its options. */
export interface Placement {
  /** Parameters by their names within the layer. */
  readonly weights?: Readonly<Record<string, Tensor>>;
  /** The initializer that the layer is named after. */
  readonly named?: Constant;
  /** Constants whose identity, with the options, makes the layer one with others that have the same: shared weights. */
  readonly shared?: readonly Constant[];
  /** Added to the name: of a helper before or behind the node's own layer. */
  readonly suffix?: string;
}

/** Makes layers of nodes: keeps their names apart and their weights together. */
export class LayerBuilder {
  readonly weights = new Map<Layer, Readonly<Record<string, Tensor>>>();
  readonly #names = new NameBook();
  readonly #shared = new Map<string, Layer>();
  readonly #identities = new Map<object, number>();

  /** Places the layer that `make` gives for a name. */
  place(
    node: NodeReader,
    inputs: readonly SymbolicTensor[],
    make: (name: string) => Layer,
    { weights, named, shared, suffix = "" }: Placement = {},
  ): SymbolicTensor {
    const key = shared === undefined ? undefined : this.#keyOf(make("any"), shared);
    const known = key === undefined ? undefined : this.#shared.get(key);
    if (known !== undefined) return known.apply(inputs);
    const layer = make(this.#names.claim(`${nameOfLayer(node, named)}${suffix}`));
    if (weights !== undefined) this.weights.set(layer, weights);
    if (key !== undefined) this.#shared.set(key, layer);
    return layer.apply(inputs);
  }

  /** A name that no layer has yet. */
  claim(name: string): string {
    return this.#names.claim(name);
  }

  #keyOf({ kind, options }: Layer, constants: readonly Constant[]): string {
    const identities = constants.map(({ data, shape }) => {
      const identity = this.#identities.get(data) ?? this.#identities.size;
      this.#identities.set(data, identity);
      return [identity, shape];
    });
    return JSON.stringify([kind, options, identities]);
  }

  /** The value with the axes of the layer's output in another order. */
  arrange(node: NodeReader, value: Activation, order: readonly number[]): Activation {
    const plain = this.unmix(node, value);
    if (sameShape(plain.order, order)) return plain;
    // Axis i of the new order stands at this position of the old one.
    const positions = order.map((axis) => plain.order.indexOf(axis));
    const sizes = positions.map((position) => plain.tensor.shape[position]);
    const moved = positions.filter((_, index) => sizes[index] > 1);
    const isView = moved.every((position, index) => index === 0 || position > moved[index - 1]);
    const tensor = isView
      ? this.reshape(node, plain.tensor, sizes)
      : this.place(
          node,
          [plain.tensor],
          (name) => layers.permute({ name, dims: positions.map((position) => position + 1) }),
          { suffix: ".permute" },
        );
    return { ...plain, tensor, order };
  }

  /** The value as images, [H, W, C]. @throws FormatError when it has another number of axes */
  image(node: NodeReader, value: Activation): Activation {
    if (value.shape.length === 3) return this.arrange(node, value, imageOrder);
    throw node.error(
      `takes images [batch, channels, height, width], got a value with ${value.shape.length + 1} axes`,
      "One- and three-dimensional convolutions and poolings are not supported.",
    );
  }

  /** The value with the axes as ONNX has them. */
  plain(node: NodeReader, value: Activation): Activation {
    return this.arrange(node, value, range(value.shape.length));
  }

  /** The value with one axis as the last, where layers have the channels. */
  withLast(node: NodeReader, value: Activation, axis: number): Activation {
    if (value.order.at(-1) === axis) return this.unmix(node, value);
    const others = value.order.filter((other) => other !== axis);
    return this.arrange(node, value, [...others, axis]);
  }

  /** A row that was written out in another order, in ONNX's. */
  unmix(node: NodeReader, value: Activation): Activation {
    const { mixed } = value;
    if (mixed === null) return value;
    const stored = mixed.order.map((axis) => mixed.factors[axis]);
    const factored: Activation = {
      kind: "activation",
      tensor: this.reshape(node, value.tensor, stored),
      shape: mixed.factors,
      order: mixed.order,
      mixed: null,
    };
    const tensor = this.reshape(node, this.plain(node, factored).tensor, value.shape);
    return { ...value, tensor, mixed: null };
  }

  /** A layer's output under another shape, without a layer where it has that shape. */
  reshape(node: NodeReader, tensor: SymbolicTensor, shape: Shape, suffix = ".reshape"): SymbolicTensor {
    if (sameShape(tensor.shape, shape)) return tensor;
    return this.place(
      node,
      [tensor],
      (name) =>
        shape.length === 1 ? layers.flatten({ name }) : layers.reshape({ name, targetShape: [...shape] }),
      { suffix },
    );
  }
}

/** A weight as a parameter: its axes in another order, as float32. */
export function parameterOf(constant: Constant, order: readonly number[], shape: Shape): Tensor {
  const data = new Float32Array(sizeOf(shape));
  if (isIdentity(order) && constant.data instanceof Float32Array) data.set(constant.data);
  else permute(constant.data, constant.shape, order, data);
  return new Tensor("float32", shape, data);
}

/**
 * A kernel with its outputs first, [O, I, ...], as a parameter with them last.
 *
 * @param order - where each input of ours lies in the file; `null` for the same order
 */
export function kernelOf(constant: Constant, shape: Shape, order: Order | null): Tensor {
  const { data } = constant;
  const values = data instanceof Float32Array ? data : Float32Array.from(data, Number);
  return new Tensor("float32", shape, fromOutputsFirst(values, constant.shape[0], order));
}

/** A row of numbers as a parameter, in the order in which the value's row lies. */
export function rowOf(constant: Constant, value: Activation | null = null): Tensor {
  const { length } = constant.data;
  const mixed = value?.mixed ?? null;
  if (mixed === null) return parameterOf({ ...constant, shape: [length] }, [0], [length]);
  return parameterOf({ ...constant, shape: mixed.factors }, mixed.order, [length]);
}
