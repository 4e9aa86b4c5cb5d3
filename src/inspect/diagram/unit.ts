/**
 * Boxes of a drawing: a layer with those that only finish or prepare its work. A convolution has its normalization, activation and
 * dropout with it, and the padding in front of it, so that a drawing shows as many boxes as people count layers.
 */
import type { LayerKind } from "../../layers/index.ts";
import type { Architecture } from "../../models/index.ts";

/** One box: calls of layers, one behind the other. */
export interface Unit {
  /** Indices of calls, in their order. */
  readonly calls: readonly number[];
  /** The call that the box is named after. */
  readonly main: number;
  /** Indices of units whose outputs go in, each once. */
  readonly inputs: readonly number[];
}

/** Layers that finish what another one does. */
const finishing: ReadonlySet<LayerKind> = new Set<LayerKind>([
  ...(["activation", "clip", "leakyRelu", "prelu", "softmax", "logSoftmax"] as const),
  ...(["batchNormalization", "dropout", "rescaling", "scale"] as const),
]);

/** Layers that prepare what another one does, and those that they may prepare. */
const preparing: { readonly [K in LayerKind]?: ReadonlySet<LayerKind> } = {
  zeroPadding2d: new Set(["conv2d", "depthwiseConv2d", "separableConv2d", "maxPool2d", "averagePool2d"]),
  padding2d: new Set(["conv2d", "depthwiseConv2d", "separableConv2d", "maxPool2d", "averagePool2d"]),
  slice: new Set(["concatenate"]),
};

/** Boxes for all calls, heads included, each after its inputs. */
export function unitsOf({ layers, calls }: Architecture): Unit[] {
  const kindOf = (call: number) => layers[calls[call].layer].layer.kind;
  const consumers = calls.map((): number[] => []);
  for (const [index, { inputs }] of calls.entries()) {
    for (const source of new Set(inputs)) consumers[source].push(index);
  }
  /** The call in whose box each call is. */
  const home = calls.map((_, index) => index);
  for (const [index, { inputs }] of calls.entries()) {
    const [source] = inputs;
    const isOnlyUse = source !== undefined && inputs.length === 1 && consumers[source].length === 1;
    // What has several inputs is finished too, by what comes behind it.
    if (isOnlyUse && finishing.has(kindOf(index))) home[index] = home[source];
    for (const prepared of new Set(inputs)) {
      const may = preparing[kindOf(prepared)]?.has(kindOf(index)) ?? false;
      if (may && consumers[prepared].length === 1 && home[prepared] === prepared) home[prepared] = index;
    }
  }
  const members = new Map<number, number[]>();
  for (const [index, at] of home.entries()) {
    const main = home[at];
    members.set(main, [...(members.get(main) ?? []), index]);
  }
  // A unit comes after all of its inputs when it stands where its main call does.
  const mains = [...members.keys()].sort((a, b) => a - b);
  const unitOf = new Map(
    mains.flatMap((main, unit) => (members.get(main) ?? []).map((call) => [call, unit])),
  );
  return mains.map((main, unit) => {
    const own = members.get(main) ?? [];
    const sources = own.flatMap((call) => calls[call].inputs.map((source) => unitOf.get(source) ?? 0));
    return { calls: own, main, inputs: [...new Set(sources)].filter((source) => source !== unit) };
  });
}
