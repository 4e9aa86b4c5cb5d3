import type { AdamOptions } from "./adam.ts";
import { createOptimizer, type Optimizer } from "./optimizer.ts";
import type { RmspropOptions } from "./rmsprop.ts";
import type { SgdOptions } from "./sgd.ts";

/** Stochastic gradient descent, with momentum and Nesterov's look ahead as options. */
export function sgd(options: SgdOptions = {}): Optimizer<"sgd"> {
  return createOptimizer("sgd", options);
}

/** Adam (Kingma and Ba 2015). */
export function adam(options: AdamOptions = {}): Optimizer<"adam"> {
  return createOptimizer("adam", options);
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
export function adamW(options: AdamOptions = {}): Optimizer<"adamW"> {
  return createOptimizer("adamW", options);
}

/** RMSprop (Tieleman and Hinton 2012). */
export function rmsprop(options: RmspropOptions = {}): Optimizer<"rmsprop"> {
  return createOptimizer("rmsprop", options);
}
