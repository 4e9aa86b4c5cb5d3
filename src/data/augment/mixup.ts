import { numberField } from "../../options/index.ts";
import type { RandomStream } from "../../tensor/index.ts";
import { type AugmentationDefinition, type CommonAugmentationOptions, commonFields } from "./definition.ts";

/** Options of {@link mixup}. */
export interface MixupOptions extends CommonAugmentationOptions {
  /** Shares are drawn from a beta distribution with this for both of its numbers; default 0.2. */
  readonly alpha?: number;
}

/**
 * The logarithm of a draw from the gamma distribution of shape `alpha` + 1 (Marsaglia and Tsang: "A simple method for
 * generating gamma variables", 2000).
 */
function logGammaAbove1(random: RandomStream, alpha: number): number {
  const d = alpha + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/**
 * The logarithm of a draw from the gamma distribution of shape `alpha`: that of `alpha` + 1 times u^(1 / alpha). Of small
 * shapes the draws are too small for a number, their logarithms are not.
 */
function logGamma(random: RandomStream, alpha: number): number {
  return logGammaAbove1(random, alpha) + Math.log(1 - random.uniform()) / alpha;
}

/** A draw from the beta distribution of (alpha, alpha), on [0, 1]: x / (x + y) of two gamma draws. */
export function symmetricBeta(random: RandomStream, alpha: number): number {
  const [x, y] = [logGamma(random, alpha), logGamma(random, alpha)];
  return 1 / (1 + Math.exp(y - x));
}

/**
 * Mixup (Zhang, Cisse, Dauphin and Lopez-Paz 2018). An image keeps the greater of the two shares, so that its own label
 * stays the first one; over all pairs of images this is the same as drawing both orders.
 */
export const mixup: AugmentationDefinition<MixupOptions> = {
  fields: { ...commonFields(), alpha: numberField({ above: 0 }, 0.2) },
  draw: ({ alpha }, random, draft) => {
    const share = symmetricBeta(random, alpha);
    draft.share = Math.max(share, 1 - share);
  },
};
