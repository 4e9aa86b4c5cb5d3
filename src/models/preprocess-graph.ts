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
  const ordered = channelOrder === "rgb" ? images : reversed(build, images);
  if (isUniform) return ordered;
  const channels = images.shape[images.shape.length - 1] ?? 1;
  return build("channelAffine", [ordered], {
    factors: listOf(scale, channels),
    offsets: listOf(offset, channels),
  });
}

/** The channels in the other order. */
function reversed(build: Build, images: Node): Node {
  const axis = images.shape.length - 1;
  const channels = images.shape[axis] ?? 1;
  const parts = Array.from({ length: channels }, (_, channel) =>
    channelOf(build, images, channels - 1 - channel),
  );
  return build("concatenate", parts, { axis });
}

/** One channel. Shapes: [N, H, W, C] -> [N, H, W, 1]. */
function channelOf(build: Build, images: Node, channel: number): Node {
  const axes = images.shape.length - 1;
  const begin = [...images.shape.slice(0, axes).map(() => 0), channel];
  return build("slice", [images], { begin, size: [...images.shape.slice(0, axes), 1] });
}

function listOf(value: number | readonly number[], length: number): readonly number[] {
  return typeof value === "number" ? Array.from({ length }, () => value) : value;
}
