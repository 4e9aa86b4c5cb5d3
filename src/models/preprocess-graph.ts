import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import type { Preprocessing } from "./preprocessing.ts";

/**
 * Images as the first layer takes them. Where all channels have the same numbers and stay in order, loading does it
 * all; else bytes are loaded as they are.
 *
 * @param load - scale * byte + offset of a batch of bytes, [N, H, W, C]
 */
export function preprocessed(
  { scale, offset, channelOrder }: Preprocessing,
  build: Build,
  load: (numbers: { readonly scale: number; readonly offset: number }) => Node,
): Node {
  const scales = new Set([scale].flat());
  const offsets = new Set([offset].flat());
  const [onlyScale = 1] = scales;
  const [onlyOffset = 0] = offsets;
  const isUniform = scales.size === 1 && offsets.size === 1;
  const images = load(isUniform ? { scale: onlyScale, offset: onlyOffset } : { scale: 1, offset: 0 });
  const channels = images.shape[images.shape.length - 1] ?? 1;
  if (isUniform && channelOrder === "rgb") return images;
  const factors = isUniform ? 1 : scale;
  const summands = isUniform ? 0 : offset;
  const parts = Array.from({ length: channels }, (_, channel) => {
    const source = channelOrder === "rgb" ? channel : channels - 1 - channel;
    const part = channelOf(build, images, source);
    const [factor, summand] = [numberOf(factors, channel), numberOf(summands, channel)];
    return factor === 1 && summand === 0 ? part : build("affine", [part], { factor, offset: summand });
  });
  const [first] = parts;
  return parts.length === 1 && first !== undefined
    ? first
    : build("concatenate", parts, { axis: images.shape.length - 1 });
}

/** One channel. Shapes: [N, H, W, C] -> [N, H, W, 1]. */
function channelOf(build: Build, images: Node, channel: number): Node {
  const axes = images.shape.length - 1;
  const begin = [...images.shape.slice(0, axes).map(() => 0), channel];
  return build("slice", [images], { begin, size: [...images.shape.slice(0, axes), 1] });
}

function numberOf(value: number | readonly number[], channel: number): number {
  return typeof value === "number" ? value : (value[channel] ?? 0);
}
