import { type ShortResult, type ShortTraining, trainShortly } from "../support/short-training.ts";

declare global {
  /** Called by the test through the browser's remote control. */
  var trainInPage: (training: ShortTraining) => Promise<ShortResult>;
}

globalThis.trainInPage = trainShortly;
