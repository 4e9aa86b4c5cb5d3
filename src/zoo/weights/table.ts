/** Published weights of all models, in one closed table: a new model must say which there are, if none. */
import { nameHint, OptionError } from "../../tensor/index.ts";
import type { ZooName } from "../registry.ts";
import { kerasWeights } from "./keras.ts";
import { type PublishedWeights, weightsLabel } from "./published.ts";
import { torchvisionWeights } from "./torchvision.ts";

const none: readonly PublishedWeights[] = [];

const published: { readonly [N in ZooName]: readonly PublishedWeights[] } = {
  dense: none,
  lenet5: none,
  "lenet5:1998": none,
  convnet: none,
  "convnet-gmp": none,
  "convnet-blur": none,
  "convnet-gmp-blur": none,
  "convnet-bn": none,
  alexnet: torchvisionWeights.alexnet,
  "alexnet:paper": none,
  zfnet: none,
  "zfnet:512": none,
  googlenet: torchvisionWeights.googlenet,
  "googlenet:paper": none,
  vgg11: torchvisionWeights.vgg11,
  "vgg11-bn": torchvisionWeights["vgg11-bn"],
  vgg13: torchvisionWeights.vgg13,
  "vgg13-bn": torchvisionWeights["vgg13-bn"],
  vgg16: [...torchvisionWeights.vgg16, ...kerasWeights.vgg16],
  "vgg16-bn": torchvisionWeights["vgg16-bn"],
  vgg19: [...torchvisionWeights.vgg19, ...kerasWeights.vgg19],
  "vgg19-bn": torchvisionWeights["vgg19-bn"],
  resnet18: torchvisionWeights.resnet18,
  resnet34: torchvisionWeights.resnet34,
  resnet50: torchvisionWeights.resnet50,
  resnet101: torchvisionWeights.resnet101,
  resnet152: torchvisionWeights.resnet152,
  "resnet18:v1": none,
  "resnet34:v1": none,
  "resnet50:v1": kerasWeights["resnet50:v1"],
  "resnet101:v1": kerasWeights["resnet101:v1"],
  "resnet152:v1": kerasWeights["resnet152:v1"],
  "squeezenet1-0": torchvisionWeights["squeezenet1-0"],
  "squeezenet1-1": torchvisionWeights["squeezenet1-1"],
  "mobilenet-v1": kerasWeights["mobilenet-v1"],
  "mobilenet-v1-0.75": kerasWeights["mobilenet-v1-0.75"],
  "mobilenet-v1-0.5": kerasWeights["mobilenet-v1-0.5"],
  "mobilenet-v1-0.25": kerasWeights["mobilenet-v1-0.25"],
  "mobilenet-v2": torchvisionWeights["mobilenet-v2"],
};

/**
 * The weights that are published for a model, each source's best first; none for most nets of papers.
 *
 * @throws OptionError for a name that is no model's
 */
export function publishedWeights(name: ZooName): readonly PublishedWeights[] {
  if (Object.hasOwn(published, name)) return published[name];
  throw new OptionError(`there is no model "${name}"`, {
    where: "models.publishedWeights",
    hint: nameHint(name, Object.keys(published)),
  });
}

/**
 * Weights of a model by the word for them: `torchvision` (its best), `torchvision:v1`, `keras`.
 *
 * @throws OptionError when there are none of that name, with those that there are
 */
export function findWeights(name: ZooName, word: string): PublishedWeights {
  const all = published[name];
  const found = all.find((weights) => weights.source === word || weightsLabel(weights) === word);
  if (found !== undefined) return found;
  const known = [...new Set(all.flatMap((weights) => [weights.source, weightsLabel(weights)]))];
  throw new OptionError(`there are no weights "${word}" for ${name}`, {
    where: "weights",
    hint:
      known.length === 0
        ? "None are published for this model: give a file of weights."
        : `${nameHint(word, known)} Or give a file, or an address (https://...).`,
  });
}

/** Whether a word is meant as the name of published weights, of whatever model, and not as a file. */
export function isWeightsWord(word: string): boolean {
  return /^(torchvision|keras)(:[\w.-]*)?$/.test(word);
}

/** The names of the classes that weights tell apart, in the order of their outputs. */
export async function classNamesOf(classes: PublishedWeights["classes"]): Promise<readonly string[]> {
  switch (classes) {
    case "imagenet-1k":
      return (await import("./imagenet-labels.ts")).imageNetLabels;
  }
}
