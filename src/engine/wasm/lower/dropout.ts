import { dropoutThreshold } from "../../../ops/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering } from "./lowering.ts";

/** Drawing random words is several times the work of a copy. A multiple of 16, as the kernel wants. */
const PER_CHUNK = ELEMENTS_PER_CHUNK / 4;

export const lowerDropout: Lowering<"dropout"> = (node, context) => {
  const [x, key] = node.inputs.map(context.buffer);
  const y = context.buffer(node);
  const { rate, stream } = node.attributes;
  const count = sizeOf(node.shape);
  context.emit({
    kernel: "dropout",
    arguments: {
      ...{ x, key, y, count, perChunk: PER_CHUNK, stream },
      ...{ threshold: dropoutThreshold(rate), scale: 1 / (1 - rate) },
    },
    chunks: chunksFor(count, PER_CHUNK),
    reads: [x, key],
    writes: [y],
    inPlace: x,
  });
};
