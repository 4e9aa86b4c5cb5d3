import { describe, expect, test } from "vitest";
import { layers } from "../../layers/index.ts";
import { type Model, sequential } from "../../models/index.ts";
import { drawn } from "../../testing/drawn.ts";
import { messageOf } from "../../testing/error-message.ts";
import { netsOfEveryLayer } from "../../testing/every-layer.ts";
import { exportTfjs } from "./export-tfjs.ts";
import { importKeras } from "./import-keras.ts";

const nets = netsOfEveryLayer();

async function again(model: Model) {
  const files = await exportTfjs(model);
  const sibling = async (name: string) => files.get(name) ?? new Uint8Array(0);
  return importKeras(files.get("model.json") ?? new Uint8Array(0), { name: "model.json", sibling });
}

describe("a written model, read again, predicts the same", () => {
  test.each([...nets.keys()])("%s", async (name) => {
    const model = nets.get(name) ?? sequential([]);
    const { model: read, notes, unused } = await again(model);
    expect({ notes, unused }).toEqual({ notes: [], unused: [] });
    const images = drawn([2, ...model.inputShape], 3);
    const [expected, found] = [await model.predict(images), await read.predict(images)];
    expect(found.shape).toEqual(expected.shape);
    expect(found).toBeCloseToTensor([...expected.data], { absolute: 2e-6 });
  });
});

describe("what TensorFlow.js has no layer for is an error that names the layer", () => {
  const hint = "Export the model as ONNX, or leave the layer away with model.tap().";
  const shape = { inputShape: [4, 4, 4], name: "it" } as const;

  test.each([
    [layers.localResponseNormalization(shape), "it normalizes across channels"],
    [
      layers.conv2d({ ...shape, filters: 4, kernelSize: 1, groups: 2 }),
      "it has 2 groups of several channels",
    ],
    [
      layers.maxPool2d({ ...shape, padding: 1, poolSize: 3 }),
      "its padding counts neither as zeros nor as TensorFlow's does",
    ],
    [layers.adaptiveAveragePool2d({ ...shape, outputSize: 3 }), "its windows are not all of one size"],
    [layers.slice({ ...shape, begin: 1 }), "it cuts a stretch out of axis -1"],
    [layers.resize2d({ ...shape, outputSize: 3 }), "it resizes images"],
    [layers.blurPool2d({ ...shape }), "it mirrors images at their edges"],
    [
      layers.upSampling2d({ ...shape, interpolation: "bilinear" }),
      "it interpolates between the centres of pixels",
    ],
    [layers.padding2d({ ...shape, mode: "edge" }), "it pads with other values than zeros"],
    [layers.arithmetic({ ...shape, operation: "add", shape: [4] }), "its parameter is to add at every place"],
    [layers.logSoftmax({ ...shape, axis: 1 }), "it runs along another axis than the last"],
    [layers.softmax({ ...shape, axis: 2 }), "it runs along another axis than the last"],
    [layers.reduceMean({ ...shape, axes: 3 }), "it is no mean over height and width"],
  ])("%#", async (layer, what) => {
    expect(await messageOf(() => exportTfjs(sequential([layer])))).toBe(
      `FormatError: layer "it" (${layer.kind}): ${what}, which TensorFlow.js has no layer for. ${hint}`,
    );
  });
});

test("names of classes and preprocessing are kept beside the topology", async () => {
  const model = sequential([layers.dense({ units: 2, inputShape: [3] })], {
    classNames: ["a", "b"],
    name: "net",
  });
  const files = await exportTfjs(model);
  const written = JSON.parse(new TextDecoder().decode(files.get("model.json")));
  expect([...files.keys()]).toEqual(["model.json", "group1-shard1of1.bin"]);
  expect(written).toMatchObject({ format: "layers-model", generatedBy: "fovea" });
  expect(JSON.parse(written.userDefinedMetadata.classNames)).toEqual(["a", "b"]);
  expect(JSON.parse(written.userDefinedMetadata.preprocessing)).toEqual(model.preprocessing);
});
