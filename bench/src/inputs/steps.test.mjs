import { layers, models, sequential } from "fovea";
import { expect, test } from "vitest";
import { stepsOf } from "./steps.mjs";

test("a net is spelled out: padding, activations, and which step reads which", () => {
  const steps = stepsOf(models.create("lenet5").architecture);
  expect(steps.map(({ op }) => op)).toEqual([
    ...["input", "conv2d", "relu", "maxPool2d", "conv2d", "relu", "maxPool2d", "flatten"],
    ...["dense", "relu", "dense", "relu", "dense"],
  ]);
  expect(steps[1]).toEqual({
    op: "conv2d",
    name: "conv1",
    inputs: [0],
    bias: true,
    strides: [1, 1],
    padding: [2, 2, 2, 2],
  });
  expect(steps[3]).toEqual({
    op: "maxPool2d",
    inputs: [2],
    window: [2, 2],
    strides: [2, 2],
    padding: [0, 0, 0, 0],
  });
});

test("branches are followed", () => {
  const { architecture } = models.create("resnet18");
  const steps = stepsOf(architecture);
  const sums = steps.filter(({ op }) => op === "add");
  expect(sums).toHaveLength(8);
  // The first block adds its convolutions' result and what the stem's pooling gave.
  expect(sums[0].inputs.map((index) => steps[index].op)).toEqual(["batchNormalization", "maxPool2d"]);
});

test("what no step can say is refused", () => {
  const net = sequential([
    layers.input({ shape: [8, 8, 2] }),
    layers.conv2d({ name: "grouped", filters: 2, kernelSize: 3, groups: 2 }),
  ]);
  expect(() => stepsOf(net.architecture)).toThrow(
    "the bench has no step for groups or dilation (layer grouped)",
  );
});
