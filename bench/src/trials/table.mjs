import { measureAccuracy } from "./accuracy.mjs";

/** @typedef {(settings: { threads: number, say: (text: string) => void }) => Promise<import("../report.mjs").TrialReport>} Trial */

/** What is measured of ours alone, on the Node at hand. @type {Readonly<Record<string, { what: string, run: Trial }>>} */
export const trials = {
  accuracy: { what: "test accuracy on MNIST after 5 epochs, mean of 3 seeds", run: measureAccuracy },
};
