import { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { expect } from "vitest";
import { type ImportOnnxOptions, importOnnx } from "../interop/index.ts";
import type { Model } from "../models/index.ts";
import { type Shape, sameShape, sizeOf, Tensor } from "../tensor/index.ts";
import { drawnValues, type OnnxDraft } from "./onnx-draft.ts";

/** What onnxruntime makes of an input, without any of its own rewriting of the graph: the first output. */
export async function runOnnx(bytes: Uint8Array, input: Tensor<"float32">): Promise<Tensor<"float32">> {
  const [first] = (await runOnnxOutputs(bytes, input)).values();
  return first;
}

/** The same, all outputs by name. */
export async function runOnnxOutputs(
  bytes: Uint8Array,
  input: Tensor<"float32" | "uint8">,
): Promise<Map<string, Tensor<"float32">>> {
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const [name] = session.inputNames;
    const results = await session.run({
      [name]: new RuntimeTensor(input.dtype, input.data, [...input.shape]),
    });
    return new Map(
      session.outputNames.map((output) => {
        const { data, dims } = results[output];
        if (!(data instanceof Float32Array)) throw new Error(`the model gives no float32 as ${output}`);
        return [output, new Tensor("float32", [...dims], data)];
      }),
    );
  } finally {
    await session.release();
  }
}

/** Images [N, C, H, W] as [N, H, W, C]; other values as they are. */
export function channelsLast(tensor: Tensor<"float32">): Tensor<"float32"> {
  if (tensor.shape.length !== 4) return tensor;
  const [count, channels, height, width] = tensor.shape;
  const result = Tensor.zeros("float32", [count, height, width, channels]);
  const pixels = height * width;
  for (let index = 0; index < sizeOf(tensor.shape); index++) {
    const image = Math.floor(index / (channels * pixels));
    const channel = Math.floor(index / pixels) % channels;
    result.data[(image * pixels + (index % pixels)) * channels + channel] = tensor.data[index];
  }
  return result;
}

/** Holds a model against onnxruntime on drawn images, to 1e-4 of the greatest value. @returns the model */
export async function expectAsRuntime(draft: OnnxDraft, options: ImportOnnxOptions = {}): Promise<Model> {
  const bytes = await draft.bytes();
  return await expectFileAsRuntime(bytes, draft.inputShape, options);
}

/** The same for a file. @param shape - of the input, as ONNX has it, with the batch */
export async function expectFileAsRuntime(
  bytes: Uint8Array,
  shape: Shape,
  options: ImportOnnxOptions = {},
): Promise<Model> {
  const input = drawnValues(shape, 99);
  const model = await importOnnx(bytes, options);
  // Files of TensorFlow take their channels last as they are.
  const isOurs = sameShape(input.shape.slice(1), model.inputShape);
  const actual = await model.predict(isOurs ? input : channelsLast(input));
  const expected = channelsLast(await runOnnx(bytes, input));
  const greatest = expected.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(actual).toBeCloseToTensor(expected, { absolute: 1e-4 * Math.max(greatest, 1e-3) });
  return model;
}
