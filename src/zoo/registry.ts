import type { Model } from "../models/index.ts";
import { nameHint, OptionError } from "../tensor/index.ts";
import { alexNets } from "./alexnet.ts";
import { convnets } from "./convnet.ts";
import { dense } from "./dense.ts";
import { googLeNets } from "./googlenet.ts";
import { leNets } from "./lenet.ts";
import { mobileNetV1s } from "./mobilenet-v1.ts";
import { mobileNetV2s } from "./mobilenet-v2.ts";
import type { ZooWidthOptions } from "./options.ts";
import { resNets } from "./resnet.ts";
import { squeezeNets } from "./squeezenet.ts";
import { vggs } from "./vgg.ts";
import { zfNets } from "./zfnet.ts";

/** All models by name. Names are torchvision's with `-` for `_`; a form other than torchvision's follows a colon. */
export const zoo = {
  dense,
  ...leNets,
  ...convnets,
  ...alexNets,
  ...zfNets,
  ...googLeNets,
  ...vggs,
  ...resNets,
  ...squeezeNets,
  ...mobileNetV1s,
  ...mobileNetV2s,
} as const;

/** The name of a model of the zoo. */
export type ZooName = keyof typeof zoo;

/** The options of a model by its name. */
export type ZooOptionsOf<N extends ZooName> = Parameters<(typeof zoo)[N]["create"]>[0];

/** Names of all models. */
export const names: readonly ZooName[] = Object.keys(zoo).filter(isZooName);

/** Whether a name is a model's. */
export function isZooName(name: string): name is ZooName {
  return Object.hasOwn(zoo, name);
}

/**
 * A model by name, with fresh weights.
 *
 * @throws OptionError for an unknown name, with the nearest known one, or a wrong option
 */
export function create<N extends string>(
  name: N,
  options?: N extends ZooName ? ZooOptionsOf<N> : ZooWidthOptions,
): Model {
  if (isZooName(name)) {
    const entry: { readonly create: (options?: ZooWidthOptions) => Model } = zoo[name];
    return entry.create(options);
  }
  throw new OptionError(`there is no model "${name}"`, {
    where: "models.create",
    hint: nameHint(name, names),
  });
}
