import { layers } from "../layers/index.ts";
import { functional, input, type Model, modelParameters, sequential } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { drawn } from "./drawn.ts";

/** The nets of scripts/golden/attribution.py. */
export const attributionNets = {
  plain: () =>
    sequential([
      layers.conv2d({ filters: 5, kernelSize: 3, padding: "same", inputShape: [8, 8, 3] }),
      layers.batchNormalization({ name: "normal", epsilon: 1e-3 }),
      layers.activation({ activation: "relu" }),
      layers.maxPool2d({ name: "pool" }),
      layers.conv2d({ name: "second", filters: 6, kernelSize: 3, padding: "same", activation: "relu" }),
      layers.flatten(),
      layers.dense({ units: 4 }),
    ]),
  residual: () => {
    const image = input({ shape: [8, 8, 3] });
    const conv = { filters: 4, kernelSize: 3, padding: "same" } as const;
    const stem = layers.conv2d({ ...conv, activation: "relu" }).apply(image);
    const sum = layers.add().apply([stem, layers.conv2d(conv).apply(stem)]);
    const end = layers.activation({ activation: "relu" }).apply(sum);
    const mean = layers.globalAveragePool2d().apply(end);
    const outputs = layers.dense({ units: 3, activation: "softmax" }).apply(mean);
    return functional({ inputs: image, outputs, taps: { stem, sum: end } });
  },
  branches: () => {
    const image = input({ shape: [9, 9, 1] });
    const first = layers.conv2d({ filters: 6, kernelSize: 3, padding: "same" });
    const steep = layers.rescaling({ scale: 4 }).apply(first.apply(image));
    const capped = layers.activation({ activation: "relu6" }).apply(steep);
    const y = layers.maxPool2d({ poolSize: 3, strides: 2 }).apply(capped);
    const left = layers.conv2d({ filters: 3, kernelSize: 1, activation: "relu" }).apply(y);
    const mean = layers.averagePool2d({ poolSize: 2, strides: 1 }).apply(y);
    const right = layers.conv2d({ filters: 4, kernelSize: 2, padding: 1, activation: "relu" }).apply(mean);
    const both = layers.concatenate().apply([left, right]);
    const outputs = layers.dense({ units: 3 }).apply(layers.flatten().apply(both));
    return functional({ inputs: image, outputs, taps: { both } });
  },
} as const;

/** Parameters as the script draws them, in the order of the model. */
export async function drawParameters(model: Model): Promise<Model> {
  const weights = modelParameters(model.architecture).map(({ name, shape }, index) => {
    const { data } = drawn(shape, index + 2);
    const values = name.endsWith("running_var") ? data.map((value) => Math.abs(value) + 0.5) : data;
    return [name, new Tensor("float32", shape, values)] as const;
  });
  await model.setWeights(new Map(weights));
  return model;
}
