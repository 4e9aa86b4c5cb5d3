import type { TrainSettings } from "./config.ts";

/** Settings of `fovea train` that go together. */
export interface Recipe {
  /** What it is for, in a line. */
  readonly description: string;
  readonly settings: TrainSettings;
}

/**
 * Recipes by name. A flag that is given wins over the recipe's setting. `scripts/search-recipe.mjs` looks for better ones
 * around each.
 */
export const recipes = {
  /** Measured in docs/performance.md. */
  fast: {
    description: "MNIST to 99 % test accuracy in a few seconds",
    settings: {
      model: "convnet-bn",
      epochs: 2,
      batchSize: 128,
      optimizer: "adam",
      learningRate: 0.02,
      schedule: "one-cycle",
    },
  },
} as const satisfies Readonly<Record<string, Recipe>>;

/** The name of a recipe. */
export type RecipeName = keyof typeof recipes;

/** Names of all recipes. */
export const recipeNames = Object.keys(recipes) as RecipeName[];

/** A recipe's settings, and those that were given in place of its own. */
export function settingsByRecipe(name: RecipeName | undefined, given: TrainSettings): TrainSettings {
  return name === undefined ? given : { ...recipes[name].settings, ...given };
}
