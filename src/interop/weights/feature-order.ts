import { channelsFirstOrder, type Order } from "../../formats/layouts.ts";
import type { LayerKind } from "../../layers/index.ts";
import type { Architecture, Call } from "../../models/index.ts";
import { sameShape } from "../../tensor/index.ts";

/** Layers that leave each value where it is. */
const elementwise: ReadonlySet<LayerKind> = new Set([
  "activation",
  "add",
  "arithmetic",
  "average",
  "batchNormalization",
  "clip",
  "divide",
  "dropout",
  "leakyRelu",
  "logSoftmax",
  "multiply",
  "prelu",
  "rescaling",
  "scale",
  "softmax",
  "subtract",
]);

/**
 * For the output of each call: where its values lie in the same net with channels first, if that is elsewhere. A flattened
 * image [H, W, C] is in another order there, and so is all that is made of it value by value; a dense layer ends it.
 */
export function featureOrders(architecture: Architecture): readonly (Order | null)[] {
  const orders: (Order | null)[] = [];
  for (const call of architecture.calls) orders.push(orderOf(architecture, call, orders));
  return orders;
}

function orderOf(
  { layers, calls }: Architecture,
  call: Call,
  orders: readonly (Order | null)[],
): Order | null {
  const { kind } = layers[call.layer].layer;
  const [source] = call.inputs;
  if (source === undefined) return null;
  if (kind === "flatten" || kind === "reshape") {
    const { shape } = calls[source];
    if (call.shape.length !== 1) return null;
    if (shape.length === 1) return orders[source];
    // An image whose channels were moved to the front is flattened as it is there.
    return shape.length === 3 && !isPermuted({ layers, calls }, source) ? channelsFirstOrder(shape) : null;
  }
  if (kind === "concatenate" && call.shape.length === 1) return joined(call, calls, orders);
  if (!elementwise.has(kind)) return null;
  // Of several operands all have the same order, or the net could not be written with channels first.
  const like = call.inputs.find(
    (input) => sameShape(calls[input].shape, call.shape) && orders[input] !== null,
  );
  return like === undefined ? null : orders[like];
}

/** Whether a value is a permuted image, possibly changed value by value since. */
function isPermuted({ layers, calls }: Pick<Architecture, "layers" | "calls">, position: number): boolean {
  for (let at: number | undefined = position; at !== undefined; [at] = calls[at].inputs) {
    const { kind } = layers[calls[at].layer].layer;
    if (kind === "permute") return true;
    if (!elementwise.has(kind)) return false;
  }
  return false;
}

/** Several rows of values one after the other. */
function joined(
  { inputs, shape }: Call,
  calls: readonly Call[],
  orders: readonly (Order | null)[],
): Order | null {
  if (inputs.every((input) => orders[input] === null)) return null;
  const order = new Int32Array(shape[0] ?? 0);
  let begin = 0;
  for (const input of inputs) {
    const own = orders[input];
    const size = calls[input].shape[0] ?? 0;
    for (let index = 0; index < size; index++)
      order[begin + index] = begin + (own === null ? index : own[index]);
    begin += size;
  }
  return order;
}
