import fc from "fast-check";
import { describe, test } from "vitest";
import { layerKinds } from "../../layers/index.ts";
import { layerDraws, modelOfDraw } from "../../testing/draws/layers.ts";
import { expectExport, unsettle } from "../../testing/onnx-export.ts";

/** The oldest, the usual, those that changed forms, and the newest. */
const opsets = fc.constantFrom(13, 17, 17, 18, 20, 21);

describe.each(layerKinds)("%s", (kind) => {
  const draws = layerDraws[kind];
  test.runIf(draws !== null)("is written as onnxruntime runs it, and read back", async () => {
    if (draws === null) return;
    const property = fc.asyncProperty(draws, opsets, async (draw, opset) => {
      const model = modelOfDraw(draw);
      fc.pre(model !== null);
      if (model === null) return;
      await unsettle(model);
      await expectExport(model, { opset });
    });
    await fc.assert(property, { seed: 4, numRuns: 8 });
  });
});
