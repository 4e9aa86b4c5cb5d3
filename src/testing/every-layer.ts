import { type LayerKind, layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { Shape } from "../tensor/index.ts";

type Net = (x: SymbolicTensor, name: string) => SymbolicTensor;

/** A net of each kind of layer, with options that matter: several of the most used. */
const nets: { readonly [K in LayerKind]: readonly (readonly [shape: Shape, net: Net])[] } = {
  input: [[[3], (x) => layers.dense({ units: 2 }).apply(x)]],
  dense: [
    [[4], (x) => layers.dense({ units: 3, activation: "gelu" }).apply(x)],
    [[4], (x) => layers.dense({ units: 3, activation: "hardSwish", useBias: false }).apply(x)],
    [[4], (x) => layers.dense({ units: 3, activation: "leakyRelu", biasInitializer: "ones" }).apply(x)],
  ],
  conv2d: [
    [
      [6, 5, 3],
      (x) => layers.conv2d({ filters: 4, kernelSize: [2, 3], strides: [2, 1], activation: "relu6" }).apply(x),
    ],
    [
      [6, 5, 3],
      (x) =>
        layers
          .conv2d({
            filters: 4,
            kernelSize: 3,
            padding: { top: 2, bottom: 0, left: 1, right: 1 },
            biasInitializer: "ones",
          })
          .apply(x),
    ],
    [
      [6, 5, 3],
      (x) =>
        layers
          .conv2d({ filters: 2, kernelSize: 3, padding: "same", dilationRate: 2, activation: "tanh" })
          .apply(x),
    ],
    [[6, 5, 3], (x) => layers.conv2d({ filters: 6, kernelSize: 3, groups: 3, padding: 1 }).apply(x)],
  ],
  conv2dTranspose: [
    [
      [3, 4, 2],
      (x) => layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }).apply(x),
    ],
  ],
  depthwiseConv2d: [
    [
      [6, 5, 3],
      (x) =>
        layers
          .depthwiseConv2d({
            kernelSize: 3,
            strides: 2,
            padding: 1,
            depthMultiplier: 2,
            activation: "hardSigmoid",
          })
          .apply(x),
    ],
  ],
  separableConv2d: [
    [
      [6, 5, 3],
      (x) =>
        layers
          .separableConv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "sigmoid" })
          .apply(x),
    ],
  ],
  maxPool2d: [
    [[6, 5, 3], (x) => layers.maxPool2d({ poolSize: 3, strides: 2, padding: "same" }).apply(x)],
    [
      [6, 5, 3],
      (x) =>
        layers
          .maxPool2d({ poolSize: 3, strides: 2, padding: 1, ceilMode: true })
          .apply(layers.activation({ activation: "relu" }).apply(x)),
    ],
    [[6, 5, 3], (x) => layers.maxPool2d({ poolSize: 4, strides: 3 }).apply(x)],
  ],
  averagePool2d: [
    [[6, 5, 3], (x) => layers.averagePool2d({ poolSize: 3, strides: 2, padding: "same" }).apply(x)],
    [
      [6, 5, 3],
      (x) => layers.averagePool2d({ poolSize: 3, strides: 2, padding: 1, countPadding: true }).apply(x),
    ],
  ],
  adaptiveAveragePool2d: [
    [[6, 4, 3], (x) => layers.adaptiveAveragePool2d({ outputSize: [3, 2] }).apply(x)],
    [[3, 2, 3], (x) => layers.flatten().apply(layers.adaptiveAveragePool2d({ outputSize: [3, 2] }).apply(x))],
  ],
  blurPool2d: [],
  globalAveragePool2d: [[[4, 5, 3], (x) => layers.globalAveragePool2d({ keepDimensions: true }).apply(x)]],
  globalMaxPool2d: [[[4, 5, 3], (x) => layers.globalMaxPool2d().apply(x)]],
  flatten: [[[2, 3, 2], (x) => layers.flatten().apply(x)]],
  reshape: [[[2, 3, 2], (x) => layers.reshape({ targetShape: [-1, 4] }).apply(x)]],
  permute: [[[2, 3, 4], (x) => layers.permute({ dims: [3, 1, 2] }).apply(x)]],
  slice: [],
  zeroPadding2d: [
    [[2, 3, 2], (x) => layers.zeroPadding2d({ padding: { top: 1, bottom: 0, left: 2, right: 3 } }).apply(x)],
  ],
  padding2d: [[[2, 3, 2], (x) => layers.padding2d({ padding: [1, 2] }).apply(x)]],
  cropping2d: [
    [[4, 5, 2], (x) => layers.cropping2d({ cropping: { top: 1, bottom: 0, left: 2, right: 1 } }).apply(x)],
  ],
  upSampling2d: [[[2, 3, 2], (x) => layers.upSampling2d({ size: [2, 3] }).apply(x)]],
  resize2d: [
    [
      [2, 3, 2],
      (x) =>
        layers.resize2d({ outputSize: [2, 3] }).apply(layers.activation({ activation: "tanh" }).apply(x)),
    ],
  ],
  add: [[[3, 4, 2], (x) => layers.add().apply([x, x, halved(x)])]],
  subtract: [[[3, 4, 2], (x) => layers.subtract().apply([x, halved(x)])]],
  multiply: [
    [
      [3, 4, 2],
      (x) => layers.multiply().apply([x, layers.globalAveragePool2d({ keepDimensions: true }).apply(x)]),
    ],
  ],
  divide: [],
  average: [[[3, 4, 2], (x) => layers.average().apply([x, halved(x)])]],
  concatenate: [[[3, 4, 2], (x) => layers.concatenate({ axis: 1 }).apply([x, halved(x)])]],
  reduceMean: [[[3, 4, 2], (x) => layers.reduceMean({ axes: [1, -2] }).apply(x)]],
  rescaling: [
    [[3, 4, 2], (x) => layers.rescaling({ scale: 0.5, offset: -1 }).apply(x)],
    [[3, 4, 2], (x) => layers.rescaling({ scale: [0.5, 3], offset: [-1, 2] }).apply(x)],
  ],
  scale: [[[3, 4, 2], (x) => layers.scale({ center: false, weightInitializer: "glorotUniform" }).apply(x)]],
  arithmetic: [],
  activation: [
    [[3, 4, 2], (x) => layers.activation({ activation: "logSoftmax" }).apply(x)],
    [[3, 4, 2], (x) => layers.activation({ activation: "hardSwish" }).apply(x)],
  ],
  clip: [
    [[3, 4, 2], (x) => layers.clip({ minimum: -0.5, maximum: 0.25 }).apply(x)],
    [[3, 4, 2], (x) => layers.clip({ minimum: 0, maximum: 0.25 }).apply(x)],
  ],
  leakyRelu: [[[3, 4, 2], (x) => layers.leakyRelu({ slope: 0.2 }).apply(x)]],
  prelu: [
    [[3, 4, 2], (x) => layers.prelu({ sharedAxes: [1, -2], slopeInitializer: "glorotUniform" }).apply(x)],
  ],
  softmax: [[[3, 4, 2], (x) => layers.softmax({ axis: 3 }).apply(x)]],
  logSoftmax: [[[3, 4, 2], (x) => layers.logSoftmax().apply(x)]],
  dropout: [
    [
      [3, 4, 2],
      (x) => layers.dropout({ rate: 0.5 }).apply(layers.activation({ activation: "relu" }).apply(x)),
    ],
  ],
  batchNormalization: [
    [[3, 4, 2], (x) => layers.batchNormalization({ epsilon: 0.01 }).apply(x)],
    [[3, 4, 2], (x) => layers.batchNormalization({ center: false, scale: false }).apply(x)],
  ],
  localResponseNormalization: [],
};

function halved(x: SymbolicTensor): SymbolicTensor {
  return layers.rescaling({ scale: 0.5 }).apply(x);
}

/** Nets by name: the kind of layer that each is about, and its number. */
export function netsOfEveryLayer(): ReadonlyMap<string, Model> {
  const named = Object.entries(nets).flatMap(([kind, list]) =>
    list.map(([shape, net], index) => {
      const x = input({ shape });
      return [`${kind} ${index}`, functional({ inputs: x, outputs: net(x, kind) }, { seed: 1 })] as const;
    }),
  );
  return new Map([...named, ["shared", sharedNet()]]);
}

/** A convolution, with an activation that takes several layers elsewhere, in two places. */
function sharedNet(): Model {
  const x = input({ shape: [4, 4, 2] });
  const conv = layers.conv2d({
    filters: 2,
    kernelSize: 3,
    padding: "same",
    activation: "hardSwish",
    name: "twice",
  });
  return functional(
    { inputs: x, outputs: layers.add().apply([conv.apply(x), conv.apply(conv.apply(x))]) },
    { seed: 2 },
  );
}
