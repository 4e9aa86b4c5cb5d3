import { measureAccuracy } from "./accuracy.mjs";
import { measureAlgorithms } from "./algorithms.mjs";
import { measureFinetune } from "./finetune.mjs";
import { measureMnist } from "./mnist99.mjs";
import { measurePhotos } from "./photos.mjs";
import { measureService } from "./service.mjs";
import { measureStartUp } from "./start-up.mjs";
import { measureStudio } from "./studio.mjs";

/**
 * @callback Trial
 * @param {object} settings
 * @param {number} settings.threads
 * @param {readonly import("../competitors/fovea.mjs").ChosenNode[]} settings.nodes
 * @param {(text: string) => void} settings.say
 * @returns {Promise<import("../report.mjs").TrialReport>}
 */

/** What is measured of ours alone. @type {Readonly<Record<string, { what: string, run: Trial }>>} */
export const trials = {
  "start-up": { what: "fovea predict with lenet5, start to end", run: measureStartUp },
  mnist99: { what: "MNIST to 99 % with fovea train, start to end, mean of 5 seeds", run: measureMnist },
  algorithms: {
    what: "the choice between Winograd's filtering and the implicit product, against both measured",
    run: measureAlgorithms,
  },
  accuracy: {
    what: "test accuracy on MNIST after 5 epochs, mean of 3 seeds, on the Node at hand",
    run: measureAccuracy,
  },
  photos: {
    what: "10,000 photos of mixed sizes streamed through ResNet-18: memory, and how busy the engine is",
    run: measurePhotos,
  },
  finetune: {
    what: "a classifier of cats and dogs on MobileNetV1-0.25, over seeds; and of 100,000 files (needs FOVEA_DATA)",
    run: measureFinetune,
  },
  service: {
    what: "fovea serve with MobileNetV1-0.25: photos a second and waiting, for 1, 64 and 1,000 clients",
    run: measureService,
  },
  studio: {
    what: "Studio in Debian's chromium: LeNet to 98 % of MNIST from the press of the button, and the first load",
    run: measureStudio,
  },
};
