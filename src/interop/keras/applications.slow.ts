import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { drawn } from "../../testing/drawn.ts";
import { exportTfjs } from "./export-tfjs.ts";
import { importKeras } from "./import-keras.ts";

const folder = process.env["FOVEA_KERAS_APPLICATIONS"] ?? "";
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".keras")) : [];

// Skipped where scripts/golden/keras-applications.py has not been run: it makes 800 MB, and says how.
describe.skipIf(files.length === 0)("networks of keras.applications predict as in Keras", () => {
  test.each(files)("%s", async (name) => {
    const recorded: { readonly input: readonly number[]; readonly values: readonly number[] } = JSON.parse(
      readFileSync(join(folder, name.replace(".keras", ".json")), "utf8"),
    );
    const { model, notes, unused } = await importKeras(new Uint8Array(readFileSync(join(folder, name))), {
      name,
    });
    expect({ notes, unused }).toEqual({ notes: [], unused: [] });
    const { data } = await model.predict(drawn(recorded.input, 0));
    const errors = recorded.values.map((value, index) => Math.abs(value - data[index]));
    expect(Math.max(...errors) / Math.max(...recorded.values)).toBeLessThan(1e-5);
    expect((await exportTfjs(model)).has("model.json")).toBe(true);
  });
});
