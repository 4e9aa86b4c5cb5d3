import type { Node } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering, type LoweringContext } from "./lowering.ts";

/** What every map of one operand takes: x, y, and how many elements there are in all and in a chunk. */
function mapCall(node: Node, context: LoweringContext, perChunk = ELEMENTS_PER_CHUNK) {
  const x = context.buffer(node.inputs[0]);
  const y = context.buffer(node);
  const count = sizeOf(node.shape);
  return {
    arguments: { x, y, count, perChunk },
    chunks: chunksFor(count, perChunk),
    reads: [x],
    writes: [y],
    inPlace: x,
  };
}

export const lowerAffine: Lowering<"affine"> = (node, context) => {
  const { factor, offset } = node.attributes;
  const call = mapCall(node, context);
  context.emit({ kernel: "affine", ...call, arguments: { ...call.arguments, factor, offset } });
};

/** Numbers as the words of a table. */
function floatWords(values: readonly number[]): Int32Array {
  return new Int32Array(Float32Array.from(values).buffer);
}

/** Tables as long as this at least, so that their beginning is not looked for every few vectors. */
const SHORTEST_TABLE = 48;

export const lowerChannelAffine: Lowering<"channelAffine"> = (node, context) => {
  const { factors, offsets } = node.attributes;
  const channels = factors.length;
  let times = Math.ceil(SHORTEST_TABLE / channels);
  while ((times * channels) % 4 !== 0) times++;
  const period = times * channels;
  const repeated = (values: readonly number[]) =>
    context.table(floatWords(Array.from({ length: period }, (_, index) => values[index % channels])));
  const tables = { factors: repeated(factors), offsets: repeated(offsets) };
  const call = mapCall(node, context, period * Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / period)));
  context.emit({
    kernel: "channelAffine",
    ...call,
    arguments: { ...call.arguments, ...tables, period },
    reads: [...call.reads, tables.factors, tables.offsets],
  });
};

export const lowerClip: Lowering<"clip"> = (node, context) => {
  const { minimum, maximum } = node.attributes;
  const call = mapCall(node, context);
  context.emit({ kernel: "clip", ...call, arguments: { ...call.arguments, minimum, maximum } });
};

export const lowerClipGradient: Lowering<"clipGradient"> = (node, context) => {
  const [y, dy] = node.inputs.map(context.buffer);
  const dx = context.buffer(node);
  const count = sizeOf(node.shape);
  const { minimum, maximum } = node.attributes;
  context.emit({
    kernel: "clipGradient",
    arguments: { y, dy, dx, count, perChunk: ELEMENTS_PER_CHUNK, minimum, maximum },
    chunks: chunksFor(count),
    reads: [y, dy],
    writes: [dx],
    inPlace: dy,
  });
};
