import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../../tensor/index.ts";
import { expectFileAsRuntime } from "../../testing/onnx-runtime.ts";
import { recordedImages } from "../../testing/recorded-weights.ts";
import recorded from "./golden/outputs.json" with { type: "json" };
import { importOnnx } from "./import.ts";

const { nets } = recorded;
const names = ["residual", "mobile", "inception"] as const;
/** Traced with all layers as they are, traced and folded, and by the newer exporter. */
const exports = ["kept", "traced", "dynamo"] as const;

const read = (name: string) => new Uint8Array(readFileSync(new URL(`golden/${name}.onnx`, import.meta.url)));

describe.each(names)("%s, as PyTorch exports it", (net) => {
  const { input, scores } = nets[net];
  const [channels, height, width] = input;

  test.each(exports)("%s: PyTorch's scores", async (kind) => {
    const model = await importOnnx(read(`${net}-${kind}`), { name: `${net}.onnx` });
    expect(model.inputShape).toEqual([height, width, channels]);
    const output = await model.predict(recordedImages(2, [height, width, channels]));
    expect(output).toBeCloseToTensor(Tensor.from(scores.flat(), [2, 5]), { absolute: 2e-5 });
  });

  test.each(exports)("%s: onnxruntime's scores, for another batch", async (kind) => {
    await expectFileAsRuntime(read(`${net}-${kind}`), [3, channels, height, width]);
  });

  test("kept: the parameters of the state dict, by their names", async () => {
    const model = await importOnnx(read(`${net}-kept`));
    expect([...(await model.getWeights()).keys()].sort()).toEqual(nets[net].parameters);
  });
});
