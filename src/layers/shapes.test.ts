import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Shape } from "../tensor/index.ts";
import { runLayer } from "../testing/run-layer.ts";
import * as layers from "./factories.ts";
import { type Layer, layerWhere, outputShapeOf } from "./layer.ts";
import { layerKinds } from "./table.ts";

const image: Shape = [5, 6, 3];

const shapeCases: [name: string, layer: Layer, inputs: Shape[], output: Shape][] = [
  ["dense", layers.dense({ units: 4 }), [[7]], [4]],
  ["dense on an image", layers.dense({ units: 4 }), [image], [5, 6, 4]],
  ["conv2d valid", layers.conv2d({ filters: 2, kernelSize: 3 }), [image], [3, 4, 2]],
  ["conv2d same", layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }), [image], [5, 6, 2]],
  [
    "conv2d stride",
    layers.conv2d({ filters: 2, kernelSize: 3, strides: 2, padding: "same" }),
    [image],
    [3, 3, 2],
  ],
  ["conv2d explicit", layers.conv2d({ filters: 2, kernelSize: [3, 2], padding: [1, 0] }), [image], [5, 5, 2]],
  [
    "conv2d sides",
    layers.conv2d({ filters: 1, kernelSize: 3, padding: { top: 1, bottom: 0, left: 2, right: 0 } }),
    [image],
    [4, 6, 1],
  ],
  ["conv2d dilation", layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: [4, 5] }), [image], [1, 1, 2]],
  ["conv2d groups", layers.conv2d({ filters: 6, kernelSize: 1, groups: 3 }), [image], [5, 6, 6]],
  [
    "conv2dTranspose",
    layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2 }),
    [image],
    [11, 13, 2],
  ],
  [
    "conv2dTranspose same",
    layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same", groups: 1 }),
    [image],
    [10, 12, 4],
  ],
  [
    "conv2dTranspose explicit",
    layers.conv2dTranspose({
      ...{ filters: 3, kernelSize: [3, 2], strides: [2, 3], groups: 3, dilationRate: [2, 1] },
      ...{ padding: { top: 1, bottom: 0, left: 0, right: 1 }, outputPadding: [1, 2] },
    }),
    [image],
    [13, 18, 3],
  ],
  [
    "conv2dTranspose with gaps",
    layers.conv2dTranspose({ filters: 1, kernelSize: 1, strides: 2 }),
    [image],
    [10, 12, 1],
  ],
  ["depthwiseConv2d", layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }), [image], [3, 4, 6]],
  [
    "separableConv2d",
    layers.separableConv2d({ filters: 5, kernelSize: 3, strides: 2, padding: "same" }),
    [image],
    [3, 3, 5],
  ],
  ["maxPool2d", layers.maxPool2d(), [image], [2, 3, 3]],
  ["maxPool2d ceil", layers.maxPool2d({ ceilMode: true }), [image], [3, 3, 3]],
  ["maxPool2d same", layers.maxPool2d({ padding: "same" }), [image], [3, 3, 3]],
  ["maxPool2d stride", layers.maxPool2d({ poolSize: 3, strides: 1, padding: 1 }), [image], [5, 6, 3]],
  ["averagePool2d", layers.averagePool2d({ poolSize: [5, 2] }), [image], [1, 3, 3]],
  ["adaptiveAveragePool2d", layers.adaptiveAveragePool2d({ outputSize: [3, 4] }), [image], [3, 4, 3]],
  ["adaptiveAveragePool2d even", layers.adaptiveAveragePool2d({ outputSize: [1, 2] }), [image], [1, 2, 3]],
  ["adaptiveAveragePool2d as it is", layers.adaptiveAveragePool2d({ outputSize: [5, 6] }), [image], image],
  ["adaptiveAveragePool2d larger", layers.adaptiveAveragePool2d({ outputSize: 7 }), [image], [7, 7, 3]],
  ["globalAveragePool2d", layers.globalAveragePool2d(), [image], [3]],
  ["globalMaxPool2d", layers.globalMaxPool2d({ keepDimensions: true }), [image], [1, 1, 3]],
  ["flatten", layers.flatten(), [image], [90]],
  ["reshape", layers.reshape({ targetShape: [-1, 9] }), [image], [10, 9]],
  ["zeroPadding2d", layers.zeroPadding2d(), [image], [7, 8, 3]],
  ["zeroPadding2d pair", layers.zeroPadding2d({ padding: [0, 2] }), [image], [5, 10, 3]],
  [
    "zeroPadding2d sides",
    layers.zeroPadding2d({ padding: { top: 1, bottom: 2, left: 0, right: 0 } }),
    [image],
    [8, 6, 3],
  ],
  ["permute", layers.permute({ dims: [3, 1, 2] }), [image], [3, 5, 6]],
  ["slice", layers.slice({ begin: -2 }), [image], [5, 6, 2]],
  ["slice of rows", layers.slice({ axis: 1, begin: 1, end: -1 }), [image], [3, 6, 3]],
  ["blurPool2d", layers.blurPool2d(), [image], [3, 3, 3]],
  ["blurPool2d of one axis", layers.blurPool2d({ filterSize: 4, strides: [1, 4] }), [image], [5, 2, 3]],
  ["padding2d", layers.padding2d({ padding: [1, 2], mode: "reflect" }), [image], [7, 10, 3]],
  ["padding2d of a value", layers.padding2d({ value: -1 }), [image], [7, 8, 3]],
  ["cropping2d", layers.cropping2d({ cropping: [1, 2] }), [image], [3, 2, 3]],
  ["upSampling2d", layers.upSampling2d({ size: [2, 3] }), [image], [10, 18, 3]],
  ["resize2d", layers.resize2d({ outputSize: [7, 2] }), [image], [7, 2, 3]],
  ["resize2d by a scale", layers.resize2d({ scale: [0.5, 1.7] }), [image], [2, 10, 3]],
  ["subtract", layers.subtract(), [image, [5, 6, 1]], image],
  ["divide", layers.divide(), [image, [1, 1, 3]], image],
  ["average", layers.average(), [image, image, image], image],
  ["reduceMean", layers.reduceMean({ axes: [1, 2] }), [image], [3]],
  ["reduceMean kept", layers.reduceMean({ axes: -1, keepDimensions: true }), [image], [5, 6, 1]],
  ["rescaling", layers.rescaling({ scale: [1, 2, 3] }), [image], image],
  ["scale", layers.scale(), [image], image],
  ["scale without an offset", layers.scale({ center: false }), [image], image],
  ["scale without a factor", layers.scale({ scale: false }), [image], image],
  ["arithmetic", layers.arithmetic({ operation: "divide", shape: [6, 1], reversed: true }), [image], image],
  ["clip", layers.clip({ minimum: -1, maximum: 1 }), [image], image],
  ["leakyRelu", layers.leakyRelu({ slope: 0.2 }), [image], image],
  ["prelu", layers.prelu({ sharedAxes: [1, 2] }), [image], image],
  ["softmax", layers.softmax({ axis: 1 }), [image], image],
  ["logSoftmax", layers.logSoftmax(), [image], image],
  ["localResponseNormalization", layers.localResponseNormalization(), [image], image],
  ["add", layers.add(), [image, image, [5, 6, 1]], image],
  ["multiply", layers.multiply(), [image, [1, 1, 3]], image],
  ["concatenate", layers.concatenate(), [image, [5, 6, 2]], [5, 6, 5]],
  ["concatenate rows", layers.concatenate({ axis: 1 }), [image, [2, 6, 3]], [7, 6, 3]],
  ["activation", layers.activation({ activation: "tanh" }), [image], image],
  ["dropout", layers.dropout({ rate: 0.5 }), [image], image],
  ["batchNormalization", layers.batchNormalization(), [image], image],
  ["input", layers.input({ shape: image }), [], image],
];

describe("the output shape that is announced is that of the node that is built", () => {
  test.each(shapeCases)("%s", (_, layer, inputs, output) => {
    expect(outputShapeOf(layer, inputs, layerWhere("l", layer.kind))).toEqual(output);
    if (layer.kind !== "input") expect(runLayer(layer, inputs).node.shape).toEqual([2, ...output]);
  });

  test("every kind is among the cases", () => {
    expect(new Set(shapeCases.map(([, { kind }]) => kind))).toEqual(new Set(layerKinds));
  });

  test("every kind is in the guide's table", () => {
    const guide = readFileSync(new URL("../../docs/guide.md", import.meta.url), "utf8");
    const [table] = /^## Layers$.*?^## /ms.exec(guide) ?? [""];
    expect(layerKinds.filter((kind) => !table.includes(`\`${kind}\``))).toEqual([]);
  });
});
