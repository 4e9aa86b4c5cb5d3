import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { isKind, type Node } from "../graph/index.ts";
import { type InitializerOption, initializers } from "../layers/index.ts";
import { buildForward, modelParameters } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import type { Shape } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { create, isZooName, names, type ZooName, zoo } from "./registry.ts";

/** The nets for digits; all others are ImageNet's. */
const digitNets: readonly ZooName[] = [
  "dense",
  "lenet5",
  "lenet5:1998",
  "convnet",
  "convnet-gmp",
  "convnet-blur",
  "convnet-gmp-blur",
  "convnet-bn",
];

/** The smallest images that nets refuse to go below, by how their names begin: the last that fits counts. */
const smallest: readonly (readonly [family: string, size: number])[] = [
  ["alexnet", 63],
  ["alexnet:paper", 67],
  ["zfnet", 47],
  ["zfnet:512", 49],
  ["googlenet", 15],
  ["googlenet:paper", 47],
  ["vgg", 32],
  ["squeezenet1-0", 21],
  ["squeezenet1-1", 17],
  ["mobilenet-v1", 32],
];

/** An image that all of its nets, and MNIST's, can take. */
function smallestImage(name: ZooName, channels: number): Shape {
  const size = Math.max(28, smallest.findLast(([family]) => name.startsWith(family))?.[1] ?? 0);
  return [size, size, channels];
}

test("the registry is complete", () => {
  expect(names).toEqual([
    ...digitNets,
    ...["alexnet", "alexnet:paper"],
    ...["zfnet", "zfnet:512", "googlenet", "googlenet:paper"],
    ...["vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn", "vgg19", "vgg19-bn"],
    ...["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"],
    ...[
      "resnet18:v1",
      "resnet34:v1",
      "resnet50:v1",
      "resnet101:v1",
      "resnet152:v1",
      "squeezenet1-0",
      "squeezenet1-1",
    ],
    ...["mobilenet-v1", "mobilenet-v1-0.75", "mobilenet-v1-0.5", "mobilenet-v1-0.25", "mobilenet-v2"],
  ]);
  expect(isZooName("resnet20")).toBe(false);
});

describe.each(names)("%s", (name) => {
  const size = name === "alexnet:paper" ? 227 : 224;
  const [inputShape, outputShape] = digitNets.includes(name)
    ? [[28, 28, 1], [10]]
    : [[size, size, 3], [1000]];

  test("has its published number of parameters, one logit a class, and its name", () => {
    const model = create(name);
    expect(model.summary().trainableParameters).toBe(zoo[name].parameters);
    expect(model).toMatchObject({ name, inputShape, outputShape });
  });

  test("takes other images and other numbers of classes", () => {
    const [height, width] = smallestImage(name, 2);
    const other = [height + 4, width + 12, 2];
    expect(create(name, { classes: 3, inputShape: other })).toMatchObject({
      inputShape: other,
      outputShape: [3],
    });
  });

  test("every parameter receives a gradient", () => {
    const image = smallestImage(name, 1);
    const { architecture } = create(name, { classes: 10, inputShape: image });
    const build = createBuild();
    const images = build("input", [], { name: "images", shape: [2, ...image], dtype: "float32" });
    const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
    const { output, values, variables } = buildForward(architecture, images, { training: true, key });
    const labels = build("input", [], { name: "labels", shape: [2], dtype: "int32" });
    const heads = architecture.auxiliaries.map((head) => values[head.output]);
    const loss = [output, ...heads]
      .map((logits) => build("softmaxCrossEntropy", [logits, labels], { labelSmoothing: 0 }))
      .map((losses): Node => build("reduceSum", [losses], { axes: [0], keepDimensions: true }))
      .reduce((sum, next) => build("add", [sum, next], {}));
    const trained = modelParameters(architecture).filter(({ trainable }) => trainable);
    const wanted = trained.flatMap((parameter) => variables.get(parameter.name) ?? []);
    expect(wanted).toHaveLength(trained.length);
    for (const gradient of gradients(loss, wanted)) expect(isKind(gradient, "constant")).toBe(false);
  });
});

test.each([
  ["vgg11", ["stage1", "stage2", "stage3", "stage4", "stage5", "features", "fc6", "fc7"]],
  ["resnet18", ["stem", "layer1", "layer2", "layer3", "layer4", "global_pool"]],
  ["resnet50:v1", ["stem", "layer1", "layer2", "layer3", "layer4", "global_pool"]],
  ["squeezenet1-1", ["conv1", ...Array.from({ length: 8 }, (_, index) => `fire${index + 2}`)]],
  [
    "mobilenet-v1",
    ["conv1", ...Array.from({ length: 13 }, (_, index) => `block${index + 1}`), "global_pool"],
  ],
  [
    "mobilenet-v2",
    ["stem", ...Array.from({ length: 17 }, (_, index) => `block${index + 1}`), "features", "global_pool"],
  ],
] as const)("%s names its stages", (name, stages) => {
  expect(create(name).architecture.taps.map((tap) => tap.name)).toEqual(stages);
});

test("all nets of several stages name them, each once, and each gives a value of its own", () => {
  // The others are sequences, whose layers have names.
  const sequences: readonly ZooName[] = [
    "dense",
    "convnet",
    "convnet-gmp",
    "convnet-blur",
    "convnet-gmp-blur",
    "convnet-bn",
  ];
  for (const name of names.filter((each) => !sequences.includes(each))) {
    const { taps } = create(name).architecture;
    expect(taps.length, name).toBeGreaterThanOrEqual(4);
    expect(new Set(taps.map((tap) => tap.name)).size, name).toBe(taps.length);
    expect(new Set(taps.map(({ call }) => call)).size, name).toBe(taps.length);
  }
});

test("a tap is a feature extractor", async () => {
  expect(create("mobilenet-v1-0.25").tap("global_pool").outputShape).toEqual([256]);
  expect(create("resnet18", { inputShape: [64, 64, 3] }).tap("layer4").outputShape).toEqual([2, 2, 512]);
});

test("figures of the papers, of torchvision 0.28, of Keras 3.15 and of this project", () => {
  expect(names.map((name) => zoo[name].parameters)).toEqual([
    ...[535_818, 61_706, 60_000, 34_826, 19_466, 34_826, 19_466, 16_634, 61_100_840, 60_965_224],
    ...[62_357_608, 87_250_536, 6_624_904, 6_998_552],
    ...[132_863_336, 132_868_840, 133_047_848, 133_053_736],
    ...[138_357_544, 138_365_992, 143_667_240, 143_678_248],
    ...[11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808],
    ...[11_694_312, 21_806_184, 25_583_592, 44_601_832, 60_268_520, 1_248_424, 1_235_496],
    ...[4_231_976, 2_585_560, 1_331_592, 470_072, 3_504_872],
  ]);
});

test("unknown names and options are refused", async () => {
  expect(await messageOf(() => create("lenet"))).toBe(
    `OptionError: models.create: there is no model "lenet". Did you mean "lenet5"? Known: ${names.join(", ")}.`,
  );
  expect(await messageOf(() => create("dense", { classes: 1 }))).toBe(
    'OptionError: models.create("dense"): option "classes" must be a whole number of at least 2, got 1.',
  );
  expect(await messageOf(() => create("lenet5", { inputShape: [8, 8, 1] }))).toMatch(
    /^ShapeError: layer "conv2" \(conv2d\): a window of height 5 does not fit into an image of shape \[4, 4, 6\]/,
  );
  expect(await messageOf(() => create("vgg16", { dropout: 1 }))).toBe(
    'OptionError: models.create("vgg16"): option "dropout" must be a number at least 0 and below 1, got 1.',
  );
  const resnet18: string = "resnet18";
  expect(await messageOf(() => create(resnet18, { dropout: 0.5 }))).toBe(
    'OptionError: models.create("resnet18"): unknown option "dropout". Known: classes, inputShape.',
  );
});

test.each(smallest)("images that %s has no use for are refused at once", async (family, size) => {
  const own = names.filter((name) => smallest.findLast(([start]) => name.startsWith(start))?.[0] === family);
  expect(own.length).toBeGreaterThan(0);
  for (const name of own) {
    const tooSmall: Shape = [size, size - 1, 3];
    expect(await messageOf(() => create(name, { inputShape: tooSmall }))).toBe(
      `ShapeError: models.create("${name}"): images must be at least ${size} x ${size} pixels, got [${tooSmall.join(", ")}]. ` +
        "The net halves them until nothing is left. Enlarge the images, or use a net for small ones: lenet5, convnet, resnet18.",
    );
  }
});

describe("initial weights are drawn as torchvision draws them", () => {
  const heNormal = initializers.varianceScaling({
    scale: 2,
    mode: "fanOut",
    distribution: "untruncatedNormal",
  });
  const uniformKernel = initializers.varianceScaling({ scale: 1 / 3, distribution: "uniform" });
  const uniformBias = (fanIn: number) =>
    initializers.randomUniform({ minimum: -1 / Math.sqrt(fanIn), maximum: 1 / Math.sqrt(fanIn) });
  const statistics = {
    weight: "ones",
    bias: "zeros",
    running_mean: "zeros",
    running_var: "ones",
  } satisfies Record<string, InitializerOption>;

  /** Initializers by name of parameter. */
  const drawnBy = (name: ZooName) =>
    new Map(modelParameters(create(name).architecture).map((spec) => [spec.name, spec.initializer]));

  test("resnet18", () => {
    for (const [name, initializer] of drawnBy("resnet18")) {
      const [, layer, part] = /^(?:.*\.)?(conv\d|bn\d|fc|0|1)\.(\w+)$/.exec(name) ?? [];
      const expected: Record<string, InitializerOption> = /^(conv\d|0)$/.test(layer)
        ? { weight: heNormal }
        : layer === "fc"
          ? { weight: uniformKernel, bias: uniformBias(512) }
          : statistics;
      expect(initializer, name).toEqual(expected[part]);
    }
  });

  test("vgg11-bn", () => {
    const dense = initializers.randomNormal({ standardDeviation: 0.01 });
    for (const [name, initializer] of drawnBy("vgg11-bn")) {
      if (name.startsWith("classifier") && name.endsWith("weight")) expect(initializer, name).toEqual(dense);
      else if (name.endsWith("weight")) expect([heNormal, "ones"], name).toContainEqual(initializer);
      else expect(initializer, name).toBe(name.endsWith("running_var") ? "ones" : "zeros");
    }
  });

  test("alexnet", () => {
    const fansIn = {
      "features.0": 3 * 11 ** 2,
      "features.3": 64 * 5 ** 2,
      "features.6": 192 * 3 ** 2,
      "features.8": 384 * 3 ** 2,
      "features.10": 256 * 3 ** 2,
      "classifier.1": 256 * 6 ** 2,
      "classifier.4": 4096,
      "classifier.6": 4096,
    };
    const expected = Object.entries(fansIn).flatMap(([layer, fanIn]): [string, InitializerOption][] => [
      [`${layer}.weight`, uniformKernel],
      [`${layer}.bias`, uniformBias(fanIn)],
    ]);
    expect(drawnBy("alexnet")).toEqual(new Map(expected));
  });
});
