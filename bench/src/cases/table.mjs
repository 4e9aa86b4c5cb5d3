import { layerCases } from "./layers.mjs";
import { netCases } from "./nets.mjs";

/** All cases with competitors, in the order in which they run. @type {readonly import("../types.ts").Case[]} */
export const cases = [...netCases, ...layerCases];

/** What each group of cases measures: the first part of a case's name. */
export const groups = {
  inference: "forward pass of whole nets, batches of several images",
  latency: "forward pass of whole nets, one image at a time",
  training: "training steps of whole nets",
  memory: "peak memory of training steps",
  threads: "two threads against one",
  layers: "single convolutions of VGG-16 and ResNet-50, forward and both gradients",
};

/**
 * Whether a name picks a case: it is a run of parts of the case's name. `training`, `vgg16`, `layers/resnet50`, `forward`.
 *
 * @param {string} pick
 * @param {string} name
 */
export function picks(pick, name) {
  return `/${name}/`.includes(`/${pick}/`);
}
