import fc from "fast-check";
import type { UpdateAttributes, UpdateKind } from "../../graph/index.ts";
import type { Shape } from "../../tensor/index.ts";
import { seeds, shapes } from "./draw.ts";

/** A variable's shape and the numbers of an update; values come from the seed. */
export interface UpdateDraw<K extends UpdateKind> {
  readonly attributes: UpdateAttributes[K];
  readonly shape: Shape;
  readonly seed: number;
}

const weightDecay = fc.constantFrom(0, 0.01);

function draws<A>(attributes: fc.Arbitrary<A>) {
  return fc.record({ attributes, shape: shapes("large"), seed: seeds });
}

/** Generators of every kind of update: a kind without one is a compile error. */
export const updateDraws: { readonly [K in UpdateKind]: fc.Arbitrary<UpdateDraw<K>> } = {
  sgd: draws(fc.record({ weightDecay })),
  momentum: draws(fc.record({ weightDecay, momentum: fc.constantFrom(0, 0.9), nesterov: fc.boolean() })),
  adam: draws(
    fc.record({
      weightDecay,
      beta1: fc.constant(0.9),
      beta2: fc.constantFrom(0.99, 0.999),
      epsilon: fc.constant(1e-7),
    }),
  ),
  rmsprop: draws(fc.record({ weightDecay, rho: fc.constant(0.9), epsilon: fc.constantFrom(1e-7, 1e-3) })),
  movingAverage: draws(fc.record({ momentum: fc.constantFrom(0, 0.9, 0.99) })),
  accumulate: draws(fc.constant({})),
};
