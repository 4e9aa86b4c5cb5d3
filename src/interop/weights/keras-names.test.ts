import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Shape } from "../../tensor/index.ts";
import { models, type ZooName } from "../../zoo/index.ts";
import { layouts } from "./layouts.ts";
import { namings } from "./names.ts";
import { slotsOf } from "./slots.ts";

/** Shapes of the weights of Keras's nets, by layer and variable; see scripts/golden/keras-weights.py. */
type Recorded = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Shape>>>>>>;

const recorded: Recorded = JSON.parse(
  readFileSync(new URL("golden/keras-applications.json", import.meta.url), "utf8"),
);

describe("Keras's own nets", () => {
  test.each(Object.entries(recorded))("%s: every weight is a parameter's, and goes back", (name, byLayer) => {
    const { architecture } = models.create(name as ZooName);
    const shapes = new Map(
      Object.entries(byLayer).flatMap(([layer, variables]) =>
        Object.entries(variables).map(
          ([variable, shape]) => [`${layer}/${variable}` as string, shape] as const,
        ),
      ),
    );
    const slots = slotsOf(architecture);
    const { keras } = layouts;
    const { pairs } = namings.keras.pair([...shapes.keys()], slots, architecture);
    expect([...shapes.keys()].filter((key) => !pairs.has(key))).toEqual([]);
    expect(new Set(pairs.values()).size).toBe(slots.length);
    for (const [key, slot] of pairs) expect(keras.shape(slot), key).toEqual(shapes.get(key));
    const names = namings.keras.names(slots, architecture);
    expect(new Set(names.values())).toEqual(new Set(shapes.keys()));
  });
});
