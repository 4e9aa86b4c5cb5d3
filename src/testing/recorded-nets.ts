import { readFileSync } from "node:fs";
import { layers } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import { type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import { hashOf, uniformAt } from "./recorded-weights.ts";

/** What scripts/golden/weights.py and keras-weights.py recorded of a net. */
export interface RecordedNet {
  readonly image: Shape;
  /** Shapes of its weights by name, as its framework keeps them. */
  readonly state: Readonly<Record<string, Shape>>;
  readonly output: readonly number[];
}

function readGolden(name: string) {
  return JSON.parse(readFileSync(new URL(`../interop/weights/golden/${name}.json`, import.meta.url), "utf8"));
}

/** A net of PyTorch with every kind of weights. */
export const recordedPytorch: RecordedNet = readGolden("pytorch").everything;
/** A net of Keras with every kind of weights. */
export const recordedKeras: RecordedNet = readGolden("keras");

/** The weights that the scripts gave to a net, under its framework's names and in its layouts. */
export function stateOf({ state }: RecordedNet): Map<string, Tensor> {
  return new Map(
    Object.entries(state).map(([name, shape]) => {
      const seed = hashOf(name);
      const middle = /running_var$|moving_variance$/.test(name) ? 1 : 0;
      const values = Float32Array.from(
        { length: sizeOf(shape) },
        (_, index) => middle + uniformAt(seed, index) / 2,
      );
      return [name, new Tensor("float32", shape, values)];
    }),
  );
}

/** The net of scripts/golden/weights.py, built here. */
export function pytorchNet(units = 3): Model {
  const x = input({ shape: recordedPytorch.image });
  const convolution = layers.conv2d({
    filters: 4,
    kernelSize: [3, 2],
    padding: { top: 1, bottom: 1, left: 0, right: 0 },
    name: "conv",
  });
  const normal = layers.batchNormalization({ epsilon: 1e-5, name: "bn" }).apply(convolution.apply(x));
  const tanh = () => layers.activation({ activation: "tanh" });
  const grouped = layers.conv2d({
    filters: 6,
    kernelSize: 3,
    strides: 2,
    groups: 2,
    useBias: false,
    name: "grouped",
  });
  const shallow = layers
    .prelu({ sharedAxes: [1, 2], name: "prelu" })
    .apply(grouped.apply(tanh().apply(normal)));
  const wide = layers
    .depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, name: "depthwise" })
    .apply(shallow);
  const up = layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, groups: 2, name: "up" });
  const rows = layers.flatten().apply(tanh().apply(up.apply(wide)));
  const a = layers
    .prelu({ sharedAxes: [1], name: "slope" })
    .apply(layers.batchNormalization({ epsilon: 1e-5, name: "bn1d" }).apply(rows));
  const b = layers.flatten().apply(layers.adaptiveAveragePool2d({ outputSize: 2 }).apply(shallow));
  const joined = layers.concatenate().apply([a, b]);
  const hidden = tanh().apply(layers.dense({ units: 5, name: "fc" }).apply(joined));
  const y = layers.dense({ units, name: "head.1" }).apply(layers.dropout({ rate: 0.5 }).apply(hidden));
  return functional({ inputs: x, outputs: y }, { name: "everything" });
}

/** The net of scripts/golden/keras-weights.py, built here. */
export function kerasNet(): Model {
  const x = input({ shape: recordedKeras.image });
  const chain = [
    layers.conv2d({ filters: 4, kernelSize: [3, 2], padding: "same" }),
    layers.batchNormalization(),
    layers.conv2d({
      filters: 6,
      kernelSize: 3,
      groups: 2,
      useBias: false,
      activation: "tanh",
      name: "grouped",
    }),
    layers.batchNormalization({ scale: false, name: "offset" }),
    layers.prelu({ sharedAxes: [1, 2] }),
    layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, name: "conv_dw_1" }),
    layers.separableConv2d({ filters: 5, kernelSize: 2, depthMultiplier: 2, activation: "tanh" }),
    layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, activation: "tanh" }),
    layers.flatten(),
    layers.dense({ units: 5, activation: "tanh", name: "fc" }),
    layers.dense({ units: 3 }),
  ];
  const y = chain.reduce((value, layer) => layer.apply(value), x);
  return functional({ inputs: x, outputs: y }, { name: "everything" });
}
