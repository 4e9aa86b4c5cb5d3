import { expect } from "vitest";
import { type ExportOnnxOptions, exportOnnx, importOnnx } from "../interop/index.ts";
import { type Model, modelParameters } from "../models/index.ts";
import { type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import { drawnValues } from "./onnx-draft.ts";
import { channelsLast, runOnnx } from "./onnx-runtime.ts";

/**
 * Draws what fresh models have alike or as 0 and 1: biases, factors, statistics. A mistake in names, axes or order changes
 * the result then.
 */
export async function unsettle(model: Model): Promise<void> {
  const parameters = modelParameters(model.architecture).filter(({ decays }) => !decays);
  const drawn = parameters.map(({ name, shape }, index) => {
    const { data } = drawnValues(shape, index);
    const isPositive = name.endsWith("running_var");
    const values = isPositive ? data.map((value) => 1.5 + value) : data;
    return [name, new Tensor("float32", shape, values)] as const;
  });
  await model.setWeights(new Map(drawn));
}

/** Images [N, H, W, C] as [N, C, H, W]; other values as they are. */
export function channelsFirst(tensor: Tensor<"float32">): Tensor<"float32"> {
  if (tensor.shape.length !== 4) return tensor;
  const [count, height, width, channels] = tensor.shape;
  const result = Tensor.zeros("float32", [count, channels, height, width]);
  const pixels = height * width;
  for (let index = 0; index < sizeOf(tensor.shape); index++) {
    const channel = index % channels;
    const pixel = Math.floor(index / channels) % pixels;
    const image = Math.floor(index / (channels * pixels));
    result.data[(image * channels + channel) * pixels + pixel] = tensor.data[index];
  }
  return result;
}

/** Drawn images for a model, on [-3, 3]. */
export function imagesFor({ inputShape }: { readonly inputShape: Shape }, count = 2): Tensor<"float32"> {
  const { shape, data } = drawnValues([count, ...inputShape], 99);
  return new Tensor(
    "float32",
    shape,
    data.map((value) => 3 * value),
  );
}

/** Holds values to 1e-4 of the greatest. */
export function expectAlike(actual: Tensor<"float32">, expected: Tensor<"float32">): void {
  const greatest = expected.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(actual).toBeCloseToTensor(expected, { absolute: 1e-4 * Math.max(greatest, 1e-3) });
}

/**
 * Exports a model and holds it against onnxruntime; imports the file, and holds that model and what is exported of it
 * against the first.
 */
export async function expectExport(model: Model, options: ExportOnnxOptions = {}): Promise<Uint8Array> {
  const images = imagesFor(model, options.batch === "dynamic" ? 2 : (options.batch ?? 2));
  const expected = await model.predict(images);
  const bytes = await exportOnnx(model, options);
  expectAlike(channelsLast(await runOnnx(bytes, channelsFirst(images))), expected);
  // Before there was an op for it, gelu was made of erf, which importers do not join again.
  if (hasGelu(model) && (options.opset ?? 17) < 20) return bytes;
  const again = await importOnnx(bytes, { name: `${model.name}.onnx` });
  expectAlike(await again.predict(images), expected);
  const second = await exportOnnx(again, options);
  expectAlike(channelsLast(await runOnnx(second, channelsFirst(images))), expected);
  return bytes;
}

function hasGelu({ architecture }: Model): boolean {
  return architecture.layers.some(
    ({ layer: { options } }) => "activation" in options && options.activation === "gelu",
  );
}
