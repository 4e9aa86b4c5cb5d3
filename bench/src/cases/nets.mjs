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

/**
 * How far losses of the first training steps of a deep net may be apart. Its gradients in float32 are known to some 2 % only
 * (PyTorch against itself in float64, ResNet-50 at batch 4): rounding by 1e-5 turns that share of the ReLUs on or off, and the
 * gradients through them differ by all that they are. The loss after two steps of a fifth of it each then differs by 0.5 %.
 */
const deepTolerance = 1e-2;

/** Whether a case's work is small: a net for MNIST. @param {import("../types.ts").Case} kase */
export function isSmall(kase) {
  return kase.kind !== "layer" && smallNets.includes(kase.net);
}

/** What one image at a time is asked of, against onnxruntime. @type {Readonly<Record<string, Asked | null>>} */
const latency = { resnet18: [1, 1], resnet50: null, vgg16: [1, 1] };

/** @param {string} net @param {Pick<NetCase, "name" | "kind"> & Partial<NetCase>} rest @returns {NetCase} */
function netCase(net, rest) {
  const { batch, optimizer } = nets[net];
  const tolerance = rest.kind === "training" && !smallNets.includes(net) ? deepTolerance : 1e-3;
  return { net, batch, optimizer, tolerance, learningRate: 1e-3, measures: "speed", ...rest };
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
