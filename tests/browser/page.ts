import { readShortly, type ShortReading } from "../support/read-shortly.ts";
import { type ShortResult, type ShortTraining, trainShortly } from "../support/short-training.ts";

declare global {
  /** Called by the test through the browser's remote control. */
  var trainInPage: (training: ShortTraining) => Promise<ShortResult>;
  /** Likewise. */
  var readInPage: (paths: readonly string[]) => Promise<ShortReading[]>;
}

globalThis.trainInPage = trainShortly;
globalThis.readInPage = readShortly;
