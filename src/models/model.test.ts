import { expect, test } from "vitest";
import { layers } from "../layers/index.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

test("a separable problem is learnt to the last example, and the saved model predicts the same", async () => {
  const engine = createRoundingEngine();
  const model = sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: [4, 4, 1] }),
      layers.flatten(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 2 }),
    ],
    { name: "thin" },
  );
  model.compile({ optimizer: "adam", engine });
  const data = halves(22);
  const history = await model.fit(data, { epochs: 60, batchSize: 4, seed: 3, validationData: halves(6, 2) });
  expect(history.reason).toBe("completed");
  expect(history.epochs).toHaveLength(60);
  expect(history.epochs.at(-1)?.validation).toMatchObject({ accuracy: 1 });
  expect(await model.evaluate(data)).toMatchObject({ accuracy: 1, examples: 22 });
  const again = Model.fromBytes(await model.toBytes(), { engine });
  expect(await again.predict(data.images)).toEqual(await model.predict(data.images));
  expect(again.classNames).toEqual(["left", "right"]);
});
