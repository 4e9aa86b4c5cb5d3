import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { isKind } from "../graph/index.ts";
import { buildForward, modelParameters } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { create, names, zoo } from "./registry.ts";

test("the registry is complete", () => {
  expect(names).toEqual(["dense", "lenet5", "convnet", "convnet-gmp"]);
});

describe.each(names)("%s", (name) => {
  test("has its published number of parameters, 10 logits, and its name", () => {
    const model = create(name);
    expect(model.summary().parameters).toBe(zoo[name].parameters);
    expect(model).toMatchObject({ name, inputShape: [28, 28, 1], outputShape: [10] });
  });

  test("takes other images and other numbers of classes", () => {
    expect(create(name, { classes: 3, inputShape: [32, 40, 3] })).toMatchObject({
      inputShape: [32, 40, 3],
      outputShape: [3],
    });
  });

  test("every parameter receives a gradient", () => {
    const { architecture } = create(name);
    const build = createBuild();
    const images = build("input", [], { name: "images", shape: [2, 28, 28, 1], dtype: "float32" });
    const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
    const { output, variables } = buildForward(architecture, images, { training: true, key });
    const labels = build("input", [], { name: "labels", shape: [2], dtype: "int32" });
    const losses = build("softmaxCrossEntropy", [output, labels], { labelSmoothing: 0 });
    const loss = build("reduceSum", [losses], { axes: [0], keepDimensions: true });
    const trained = modelParameters(architecture).filter(({ trainable }) => trainable);
    const wanted = trained.flatMap((parameter) => variables.get(parameter.name) ?? []);
    expect(wanted).toHaveLength(trained.length);
    for (const gradient of gradients(loss, wanted)) expect(isKind(gradient, "constant")).toBe(false);
  });
});

test("figures of the papers and of this project", () => {
  expect(names.map((name) => zoo[name].parameters)).toEqual([535_818, 61_706, 34_826, 19_466]);
});

test("unknown names and options are refused", async () => {
  expect(await messageOf(() => create("lenet"))).toBe(
    'OptionError: models.create: there is no model "lenet". Did you mean "lenet5"? Known: dense, lenet5, convnet, convnet-gmp.',
  );
  expect(await messageOf(() => create("dense", { classes: 1 }))).toBe(
    'OptionError: models.create("dense"): option "classes" must be a whole number of at least 2, got 1.',
  );
  expect(await messageOf(() => create("lenet5", { inputShape: [8, 8, 1] }))).toMatch(
    /^ShapeError: layer "conv2" \(conv2d\): a window of height 5 does not fit into an image of shape \[4, 4, 6\]/,
  );
});
