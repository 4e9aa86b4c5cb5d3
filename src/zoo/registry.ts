import type { Model } from "../models/index.ts";
import { nameHint, OptionError } from "../tensor/index.ts";
import { convnet, convnetGmp } from "./convnet.ts";
import { dense } from "./dense.ts";
import { lenet5 } from "./lenet.ts";
import type { ZooOptions } from "./options.ts";

/** A model of the zoo. */
export interface ZooEntry {
  readonly create: (options?: ZooOptions) => Model;
  /** Parameters with the default options. */
  readonly parameters: number;
  /** What it is, in a line. */
  readonly description: string;
}

/** The name of a model of the zoo. */
export type ZooName = "dense" | "lenet5" | "convnet" | "convnet-gmp";

/** All models by name. */
export const zoo: { readonly [N in ZooName]: ZooEntry } = {
  dense: {
    create: dense,
    parameters: 535_818,
    description: "fully connected, 784-512-256-10",
  },
  lenet5: {
    create: lenet5,
    parameters: 61_706,
    description: "LeNet-5: two 5 x 5 convolutions, three fully connected layers",
  },
  convnet: {
    create: convnet,
    parameters: 34_826,
    description: "two 3 x 3 convolutions, flatten, dropout",
  },
  "convnet-gmp": {
    create: convnetGmp,
    parameters: 19_466,
    description: "two 3 x 3 convolutions with padding, global max pooling",
  },
};

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
export function create(name: ZooName, options?: ZooOptions): Model;
export function create(name: string, options?: ZooOptions): Model;
export function create(name: string, options: ZooOptions = {}): Model {
  if (isZooName(name)) return zoo[name].create(options);
  throw new OptionError(`there is no model "${name}"`, {
    where: "models.create",
    hint: nameHint(name, names),
  });
}
