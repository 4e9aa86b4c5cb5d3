import { describe, expect, it } from "vitest";
import { configFromFlags } from "./config.ts";
import { modelNames } from "./names.ts";
import { recipeNames, recipes, settingsByRecipe } from "./recipes.ts";

describe("recipes", () => {
  it.each(recipeNames)("%s is a configuration of a known model", (name) => {
    const { settings } = recipes[name];
    expect(configFromFlags(settings)).toMatchObject({ ...settings, data: "mnist", seed: 1 });
    expect(modelNames).toContain(settings.model);
  });

  it("give way to flags, and are none when none is named", () => {
    const given = { epochs: 7, seed: 3 };
    expect(settingsByRecipe("fast", given)).toEqual({ ...recipes.fast.settings, ...given });
    expect(settingsByRecipe(undefined, given)).toBe(given);
  });
});
