/**
 * Whole nets. `asked` are the ratios to PyTorch as it comes (and to others where they are named) that must hold, on Node 20
 * and on Node 24.
 */

/** @typedef {import("../types.ts").NetCase} NetCase */
/** @typedef {import("../types.ts").Asked} Asked */

/** @type {Readonly<Record<string, { batch: number, optimizer: "adam" | "momentum", training: Asked, inference?: Asked }>>} */
const nets = {
  lenet5: { batch: 128, optimizer: "adam", training: [3, 4] },
  convnet: { batch: 128, optimizer: "adam", training: [2.5, 3] },
  dense: { batch: 128, optimizer: "adam", training: [1, 1.3] },
  vgg16: { batch: 4, optimizer: "momentum", training: [1.5, 2], inference: [1.8, 2.5] },
  resnet18: { batch: 8, optimizer: "momentum", training: [1.5, 2], inference: [1.8, 2.5] },
  resnet50: { batch: 4, optimizer: "momentum", training: [1.1, 1.5], inference: [1.2, 1.6] },
  alexnet: { batch: 16, optimizer: "momentum", training: [1, 1.3], inference: [1, 1.3] },
};

/** Nets of images of 28 x 28. */
const smallNets = ["lenet5", "convnet", "dense"];

/** Whether a case's work is small: a net for MNIST. @param {import("../types.ts").Case} kase */
export function isSmall(kase) {
  return kase.kind !== "layer" && smallNets.includes(kase.net);
}

/** What one image at a time is asked of, against onnxruntime. @type {Readonly<Record<string, Asked | null>>} */
const latency = { resnet18: [1, 1], resnet50: null, vgg16: [1, 1] };

/** @param {string} net @param {Pick<NetCase, "name" | "kind"> & Partial<NetCase>} rest @returns {NetCase} */
function netCase(net, rest) {
  const { batch, optimizer } = nets[net];
  return { net, batch, optimizer, learningRate: 1e-3, measures: "speed", ...rest };
}

/** @type {readonly NetCase[]} */
export const netCases = [
  ...Object.entries(nets).map(([net, { inference }]) => {
    const asked = { ...(inference && { pytorch: inference }), "tfjs-wasm": /** @type {const} */ ([4, 4]) };
    return netCase(net, { name: `inference/${net}`, kind: "inference", asked });
  }),
  ...Object.entries(latency).map(([net, asked]) =>
    netCase(net, {
      name: `latency/${net}`,
      kind: "inference",
      batch: 1,
      rivals: ["onnxruntime", "pytorch", "pytorch-fastest"],
      ...(asked && { asked: { onnxruntime: asked } }),
    }),
  ),
  ...Object.entries(nets).map(([net, { training }]) =>
    netCase(net, { name: `training/${net}`, kind: "training", asked: { pytorch: training } }),
  ),
  ...Object.keys(nets).map((net) =>
    netCase(net, {
      name: `memory/${net}`,
      kind: "training",
      measures: "memory",
      rivals: ["pytorch", "pytorch-fastest"],
      asked: { pytorch: [1, 1] },
    }),
  ),
  .../** @type {const} */ (["inference", "training"]).map((kind) =>
    netCase("vgg16", {
      name: `threads/vgg16-${kind}`,
      kind,
      rivals: ["one-thread"],
      asked: { "one-thread": [1.8, 1.8] },
    }),
  ),
];
