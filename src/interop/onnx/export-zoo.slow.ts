import { expect, test } from "vitest";
import { channelsFirst, expectAlike, imagesFor, unsettle } from "../../testing/onnx-export.ts";
import { runOnnx } from "../../testing/onnx-runtime.ts";
import { models, type ZooName } from "../../zoo/index.ts";
import { exportOnnx } from "./export.ts";
import { importOnnx } from "./import.ts";

// The nets with many layers, or with weights of hundreds of megabytes, on images as they are meant for.

const names: readonly ZooName[] = ["alexnet", "resnet50", "resnet50:v1", "mobilenet-v1"];

test.each(names)("%s gives onnxruntime's logits, and is read back", async (name) => {
  const model = models.create(name);
  await unsettle(model);
  const images = imagesFor(model, 1);
  const expected = await model.predict(images);
  const bytes = await exportOnnx(model);
  // The weights, and little else.
  expect(bytes.length / (4 * model.summary().parameters)).toBeLessThan(1.02);
  expectAlike(await runOnnx(bytes, channelsFirst(images)), expected);
  expectAlike(await (await importOnnx(bytes)).predict(images), expected);
});
