import { describe, expect, test } from "vitest";
import { readTensors } from "../../formats/index.ts";
import { expectAlike, expectExport, imagesFor, unsettle } from "../../testing/onnx-export.ts";
import { models, type ZooName } from "../../zoo/index.ts";
import { isComplete, loadWeights } from "../weights/index.ts";
import type { ExportOnnxOptions } from "./export.ts";

interface Net {
  readonly name: ZooName;
  /** Height and width of the images: as small as they may be. */
  readonly size: number;
  readonly channels: number;
  readonly options?: ExportOnnxOptions;
}

/** Nets of every family that takes small images; the others are in export-zoo.slow.ts. */
const nets: readonly Net[] = [
  { name: "dense", size: 28, channels: 1 },
  { name: "lenet5", size: 28, channels: 1, options: { batch: 2 } },
  { name: "convnet", size: 28, channels: 1 },
  { name: "convnet-gmp", size: 28, channels: 1 },
  { name: "convnet-blur", size: 28, channels: 1 },
  { name: "convnet-bn", size: 28, channels: 1 },
  { name: "resnet18", size: 40, channels: 3 },
  { name: "squeezenet1-0", size: 35, channels: 3 },
  { name: "squeezenet1-1", size: 32, channels: 3, options: { opset: 21 } },
  { name: "googlenet", size: 32, channels: 3 },
  { name: "googlenet:paper", size: 48, channels: 3 },
  { name: "mobilenet-v1-0.25", size: 32, channels: 3 },
  { name: "mobilenet-v2", size: 33, channels: 3, options: { opset: 13 } },
];

describe.each(nets)("$name", ({ name, size, channels, options = {} }) => {
  test("gives onnxruntime's logits, and is read back as a model and as weights", async () => {
    const shape = { classes: 10, inputShape: [size, size, channels] };
    const model = models.create(name, shape);
    await unsettle(model);
    const bytes = await expectExport(model, options);
    const another = models.create(name, shape);
    const report = await loadWeights(another, await readTensors(bytes, { name: "model.onnx" }));
    // Auxiliary heads, which the file does without, may be missing.
    expect(isComplete(report)).toBe(true);
    expect(report.unused).toEqual([]);
    const images = imagesFor(model);
    expectAlike(await another.predict(images), await model.predict(images));
  });
});
