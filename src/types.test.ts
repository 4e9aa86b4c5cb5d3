import { expect, test } from "vitest";
import {
  type Callback,
  functional,
  input,
  layers,
  losses,
  metrics,
  models,
  optimizers,
  schedules,
  sequential,
} from "./index.ts";

/** Never called: what stands in it is for the compiler, and `npm run types` fails when one of the lines is accepted. */
function wrongOptions(): void {
  // @ts-expect-error: filters is missing
  layers.conv2d({ kernelSize: 3 });
  // @ts-expect-error: the option is called filters
  layers.conv2d({ filter: 3, kernelSize: 3 });
  // @ts-expect-error: not a padding
  layers.conv2d({ filters: 3, kernelSize: 3, padding: "full" });
  // @ts-expect-error: two sizes at most
  layers.conv2d({ filters: 3, kernelSize: [3, 3, 3] });
  // @ts-expect-error: not an activation
  layers.dense({ units: 3, activation: "rlu" });
  // @ts-expect-error: not an initializer
  layers.dense({ units: 3, kernelInitializer: "he" });
  // @ts-expect-error: the options have no defaults
  layers.dense();
  // @ts-expect-error: flatten has no such option
  layers.flatten({ units: 3 });
  // @ts-expect-error: ResNet has no dropout
  models.create("resnet18", { dropout: 0.5 });
  // @ts-expect-error: the option is called classes
  models.create("vgg16", { numClasses: 10 });
  // @ts-expect-error: a rate is a number
  layers.dropout({ rate: "0.5" });
  // @ts-expect-error: the option is called beta1
  optimizers.adam({ beta_1: 0.9 });
  // @ts-expect-error: sgd has no beta1
  optimizers.sgd({ beta1: 0.9 });
  // @ts-expect-error: decaySteps is missing
  schedules.cosine({ initialLearningRate: 0.1 });
  // @ts-expect-error: not an option of this loss
  losses.meanSquaredError({ fromLogits: true });
  // @ts-expect-error: k is a number
  metrics.topKAccuracy({ k: "5" });
  const x = input({ shape: [4, 4, 1] });
  // @ts-expect-error: a shape is a list
  input({ shape: 4 });
  const model = functional({ inputs: x, outputs: layers.flatten().apply(x) });
  // @ts-expect-error: an optimizer, not a layer
  model.compile({ optimizer: layers.flatten() });
  // @ts-expect-error: not an optimizer
  model.compile({ optimizer: "adagrad" });
  // @ts-expect-error: not a metric
  model.compile({ metrics: ["acuracy"] });
  // @ts-expect-error: layers, not symbolic tensors
  sequential([x]);
  // @ts-expect-error: the option is called classes
  models.create("dense", { classNumber: 3 });
  // @ts-expect-error: there is no such event
  const callback: Callback = { onBatchEnd: () => {} };
  void callback;
}

test("right options are accepted", () => {
  expect(typeof wrongOptions).toBe("function");
  expect(
    layers.conv2d({ filters: 3, kernelSize: [3, 1], padding: { top: 0, bottom: 0, left: 0, right: 0 } }).kind,
  ).toBe("conv2d");
  expect(optimizers.sgd({ learningRate: schedules.constant({ learningRate: 1 }) }).kind).toBe("sgd");
});
