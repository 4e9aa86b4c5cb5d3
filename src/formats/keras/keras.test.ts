import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../tensor/tensor.ts";
import { drawn, drawnVariable } from "../../testing/drawn.ts";
import { messageOf } from "../../testing/error-message.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { zipFile } from "../../testing/zip-file.ts";
import { readTensors } from "../readers.ts";
import { snakeCase, weightName } from "./variable-names.ts";

/** Recorded by scripts/golden/keras-models.py. */
const golden = (name: string) => new Uint8Array(readFileSync(new URL(`golden/${name}`, import.meta.url)));
const read = (bytes: Uint8Array, name = "x.h5") => readTensors(bytes, { name });

const netWeights = [
  ["stem_conv/kernel", [3, 3, 3, 4]],
  ["stem_bn/gamma", [4]],
  ["stem_bn/beta", [4]],
  ["stem_bn/moving_mean", [4]],
  ["stem_bn/moving_variance", [4]],
  ["separable/depthwise_kernel", [3, 3, 4, 1]],
  ["separable/pointwise_kernel", [1, 1, 4, 4]],
  ["separable/bias", [4]],
  ["depthwise/kernel", [3, 3, 4, 1]],
  ["depthwise/bias", [4]],
  ["bn2/beta", [4]],
  ["bn2/moving_mean", [4]],
  ["bn2/moving_variance", [4]],
  ["scores/kernel", [16, 5]],
  ["scores/bias", [5]],
] as const;

function expectNet(tensors: ReadonlyMap<string, Tensor>, rename = (name: string) => name): void {
  const expected = netWeights.map(
    ([name, shape], index) => [rename(name), drawnVariable(name, shape, index)] as const,
  );
  expect(new Map([...tensors].sort())).toEqual(new Map([...expected].sort()));
}

describe("names are layer/variable whatever the file", () => {
  test(".h5 with a model", async () => {
    const { format, convention, tensors, metadata } = await read(golden("net.h5"));
    expect([format, convention, metadata["keras_version"]]).toEqual(["keras", "keras", "3.15.1"]);
    expect(JSON.parse(metadata["config"] ?? "")).toMatchObject({
      class_name: "Functional",
      config: { name: "net" },
    });
    expectNet(tensors);
  });

  test(".keras: the configuration names numbered variables", async () => {
    const { tensors, metadata } = await read(golden("net.keras"));
    expect(metadata["keras_version"]).toBe("3.15.1");
    expect(JSON.parse(metadata["config"] ?? "")).toMatchObject({
      class_name: "Functional",
      config: { name: "net" },
    });
    expectNet(tensors);
  });

  test(".weights.h5 of an older Keras 3: layers are named by class, variables by their number", async () => {
    const { tensors, metadata } = await read(golden("net.weights.h5"));
    expect(metadata).toEqual({});
    const renamed: { readonly [name: string]: string } = {
      stem_conv: "conv2d",
      stem_bn: "batch_normalization",
      separable: "separable_conv2d",
      depthwise: "depthwise_conv2d",
      bn2: "batch_normalization_1",
      scores: "dense",
    };
    expectNet(tensors, (name) => {
      const [layer, variable] = name.split("/");
      // Three variables of a batch normalization: gamma or beta is missing, and the file does not say which.
      const open = ["beta", "moving_mean", "moving_variance"].indexOf(variable);
      return layer === "bn2" ? `${renamed[layer]}/vars/${open}` : `${renamed[layer]}/${variable}`;
    });
  });

  test(".weights.h5 of Keras 3.10 and later: groups say the names of their layers, models lie within models", async () => {
    const { tensors } = await read(golden("nested.weights.h5"));
    expect([...tensors.keys()].sort()).toEqual([
      "backbone/inner_conv/bias",
      "backbone/inner_conv/kernel",
      ...["head/dense/bias", "head/dense/kernel", "head/dense_1/bias", "head/dense_1/kernel"],
      ...["normalize/count", "normalize/mean", "normalize/variance"],
    ]);
    expect([...(await read(golden("nested.keras"))).tensors.keys()].sort()).toEqual(
      [...tensors.keys()].sort(),
    );
    // Variable number 3: after mean, variance and count.
    expect(tensors.get("backbone/inner_conv/kernel")).toEqual(drawnVariable("kernel", [3, 3, 1, 2], 3));
  });

  test(".h5 of Keras 2: names with :0, lists in parts, slashes in names", async () => {
    const { tensors, metadata } = await read(golden("keras2.h5"));
    expect(metadata["keras_version"]).toBe("2.15.0");
    expect([...tensors]).toEqual([
      ["base/conv/kernel", drawnVariable("kernel", [3, 3, 2, 3], 0)],
      ["base/conv/bias", drawnVariable("bias", [3], 1)],
      ["head/dense/kernel", drawnVariable("kernel", [3, 2], 2)],
      ["head/dense/bias", drawnVariable("bias", [2], 3)],
    ]);
  });

  test("bfloat16 becomes float32", async () => {
    const { tensors } = await read(golden("half.weights.h5"));
    const kernel = tensors.get("half/kernel");
    expect(kernel?.dtype).toBe("float32");
    for (const [index, value] of drawn([2, 3], 1).data.entries()) {
      // Eight bits of fraction.
      expect(Math.abs((kernel?.data[index] ?? 0) - value / 2)).toBeLessThanOrEqual(Math.abs(value) / 256);
    }
  });

  test.each([
    ["conv1", "conv1/kernel:0", "kernel"],
    ["dense", "sequential/dense/kernel", "kernel"],
    ["base", "conv/kernel:0", "conv/kernel"],
    ["base", "base/conv/kernel", "conv/kernel"],
    ["dense_1", "dense_1_1/kernel:0", "kernel"],
    ["conv1/bn", "conv1/bn/gamma:0", "gamma"],
    ["block1_conv1", "block1_conv1_W_1:0", "kernel"],
    ["bn_conv1", "bn_conv1_running_std_1:0", "moving_variance"],
  ])("%s: %s is %s", (layer, weight, name) => {
    expect(weightName(layer, weight)).toBe(name);
  });

  test.each([
    ["Conv2D", "conv2d"],
    ["SeparableConv2D", "separable_conv2d"],
    ["PReLU", "p_re_lu"],
    ["ReLU", "re_lu"],
    ["GlobalAveragePooling2D", "global_average_pooling2d"],
  ])("%s is %s in a path", (className, path) => {
    expect(snakeCase(className)).toBe(path);
  });
});

describe("damage", () => {
  test("is told with the file and the part of it", async () => {
    const entry = (name: string, bytes: Uint8Array) => ({ name, bytes });
    const weights = entry("model.weights.h5", golden("half.weights.h5"));
    const notJson = zipFile([weights, entry("config.json", new TextEncoder().encode("{"))]);
    expect(await messageOf(() => read(notJson, "x.keras"))).toBe(
      'FormatError: x.keras, entry "config.json": not a valid Keras file: the configuration is not valid JSON. The file is damaged, cut short or of another format: download or save it again.',
    );
    const plain = readFileSync(new URL("../hdf5/golden/plain.h5", import.meta.url));
    expect(await messageOf(() => read(new Uint8Array(plain)))).toBe(
      "FormatError: x.h5: not a valid Keras file: the HDF5 file has neither layer_names nor layers. Save weights with model.save_weights() or models with model.save().",
    );
  });

  test("endless paths through few groups come to an end", async () => {
    const maze = readFileSync(new URL("../hdf5/golden/maze.h5", import.meta.url));
    const before = process.cpuUsage().user;
    expect(await messageOf(() => read(new Uint8Array(maze)))).toContain(
      "not a valid HDF5 file: its structure has more than 300000 parts",
    );
    expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(1);
  });

  test("files broken in every manner are read or refused", async () => {
    const names = ["net.keras", "keras2.h5", "half.weights.h5"];
    const files = Object.fromEntries(names.map((name) => [name, golden(name)]));
    await fuzzReader({ read, files, runs: 100 });
  });
});
