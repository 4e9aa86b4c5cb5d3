import { encodeImage, type ImageFormat } from "fovea";
import { readShortly, type ShortReading } from "../support/read-shortly.ts";
import { type ShortResult, type ShortTraining, trainShortly } from "../support/short-training.ts";

declare global {
  /** Called by the test through the browser's remote control. */
  var trainInPage: (training: ShortTraining) => Promise<ShortResult>;
  /** Likewise. */
  var readInPage: (paths: readonly string[]) => Promise<ShortReading[]>;
  /** The same for image files: bytes in and out, of an RGB image of that width. */
  var encodeInPage: (pixels: readonly number[], width: number, format: ImageFormat) => Promise<number[]>;
}

globalThis.trainInPage = trainShortly;
globalThis.readInPage = readShortly;
globalThis.encodeInPage = async (pixels, width, format) => {
  const extent = { width, height: pixels.length / 3 / width, channels: 3 } as const;
  return [...(await encodeImage(Uint8Array.from(pixels), extent, format, { quality: 95 }))];
};
