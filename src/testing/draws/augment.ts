import fc from "fast-check";
import { warpRecordLength } from "../../ops/index.ts";
import { batches, type DrawScale, floats, type OpDraws, seeds, sides, wholes } from "./draw.ts";

type Kinds = "warpImages" | "mixExamples";

/** Generators for what changes images in a training step. */
export function augmentDraws(scale: DrawScale): OpDraws<Kinds> {
  return {
    warpImages: fc
      .record({
        stored: fc.integer({ min: 1, max: 9 }),
        batch: batches(scale),
        height: sides(scale),
        width: sides(scale),
        outputSize: fc.tuple(sides(scale), sides(scale)),
        channels: fc.constantFrom(1, 2, 3, 5),
        offset: fc.constantFrom(0, -0.5),
        fill: fc.constantFrom(0, 97),
        seed: seeds,
      })
      .map(({ stored, batch, height, width, outputSize, channels, offset, fill, seed }) => ({
        attributes: { outputSize, scale: 1 / 255, offset, fill },
        operands: [
          wholes([stored, height, width, channels], "uint8", 256, seed),
          wholes([batch], "int32", stored, seed + 1),
          { shape: [batch, warpRecordLength], dtype: "float32", fill: { kind: "warps", seed: seed + 2 } },
        ],
      })),
    mixExamples: fc
      .record({ batch: batches(scale), rest: fc.array(sides(scale), { maxLength: 3 }), seed: seeds })
      .map(({ batch, rest, seed }) => ({
        attributes: {},
        operands: [
          floats([batch, ...rest], seed),
          wholes([batch], "int32", batch, seed + 1),
          floats([batch], seed + 2),
        ],
      })),
  };
}
