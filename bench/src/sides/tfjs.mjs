/** TensorFlow.js's side: `node tfjs.mjs FOLDER THREADS BACKEND`, FOLDER being that of the package @tensorflow/tfjs. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { outputSize } from "../cases/layers.mjs";
import { readFloats } from "../inputs/files.mjs";
import { readNet } from "../inputs/read-net.mjs";
import { readTraining } from "../inputs/read-training.mjs";
import { serve, timeRuns } from "./serve.mjs";

/** @typedef {import("../types.ts").NetCase} NetCase */
/** @typedef {import("../types.ts").Step} Step */

const [folder, threads, backend] = process.argv.slice(2);
// It greets on standard output and warns on standard error.
console.log = console.info = console.warn = () => {};
const load = createRequire(join(folder, "package.json"));
const tf = load(folder);
if (backend === "wasm") load("@tensorflow/tfjs-backend-wasm").setThreadsCount(Number(threads));
await tf.setBackend(backend);
await tf.ready();
const threaded = backend === "wasm" && (await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"));
const simd = backend === "wasm" && (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"));

/** Padding as its ops take it. @param {readonly [number, number, number, number]} padding */
const explicit = ([top, bottom, left, right]) => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

/**
 * What a step makes of its inputs. Images are NHWC and filters HWIO there too.
 *
 * @param {Step} step
 * @param {readonly any[]} inputs
 * @param {(name: string) => any} weight of the step's layer; null where there is none
 * @param {boolean} dropping whether dropout is in effect
 */
function apply(step, [x, ...others], weight, dropping) {
  switch (step.op) {
    case "input":
    case "identity":
      return x;
    case "dropout":
      return dropping ? tf.dropout(x, step.rate) : x;
    case "relu":
      return tf.relu(x);
    case "add":
      return tf.add(x, others[0]);
    case "flatten":
      return tf.reshape(x, [x.shape[0], -1]);
    case "globalAveragePool2d":
      return tf.mean(x, [1, 2]);
    case "maxPool2d":
      return tf.maxPool(x, step.window, step.strides, explicit(step.padding));
    case "conv2d": {
      const y = tf.conv2d(x, weight("weight"), step.strides, explicit(step.padding));
      return step.bias ? tf.add(y, weight("bias")) : y;
    }
    case "dense": {
      const y = tf.matMul(x, weight("weight"));
      return step.bias ? tf.add(y, weight("bias")) : y;
    }
    case "batchNormalization": {
      const parts = ["running_mean", "running_var", "bias", "weight"].map(weight);
      return tf.batchNorm(x, ...parts, step.epsilon);
    }
  }
}

/** @param {readonly Step[]} steps @param {ReadonlyMap<string, any>} weights @param {any} images @param {boolean} dropping */
function forward(steps, weights, images, dropping) {
  /** @type {any[]} */
  const values = [];
  for (const step of steps) {
    const weight = (/** @type {string} */ part) =>
      weights.get(`${"name" in step ? step.name : ""}.${part}`) ?? null;
    const inputs = step.op === "input" ? [images] : step.inputs.map((index) => values[index]);
    values.push(apply(step, inputs, weight, dropping));
  }
  return values.at(-1);
}

/** Runs what makes a tensor and waits for its values. @param {() => any} make @returns {Promise<Float32Array>} */
async function fetch(make) {
  const tensor = tf.tidy(make);
  const values = await tensor.data();
  tensor.dispose();
  return values;
}

/** @param {import("../types.ts").LayerCase} kase @param {string} inputs */
function prepareLayer(kase, inputs) {
  const { pass, batch, size, channels, filters, kernel, stride, padding } = kase;
  const shapes = {
    x: [batch, size, size, channels],
    filter: [kernel, kernel, channels, filters],
    dy: [batch, outputSize(kase), outputSize(kase), filters],
  };
  const operand = (/** @type {keyof typeof shapes} */ name) =>
    tf.tensor(readFloats(inputs, name), shapes[name]);
  const attributes = {
    strides: [stride, stride],
    pad: padding,
    dataFormat: "NHWC",
    dimRoundingMode: "floor",
  };
  /** The kernels under the ops: their gradients would run the forward pass too. */
  const kernels = {
    forward: () => {
      const operands = { x: operand("x"), filter: operand("filter") };
      return () => tf.engine().runKernel("Conv2D", operands, { ...attributes, dilations: [1, 1] });
    },
    "input-gradient": () => {
      const operands = { dy: operand("dy"), filter: operand("filter") };
      return () =>
        tf.engine().runKernel("Conv2DBackpropInput", operands, { ...attributes, inputShape: shapes.x });
    },
    "filter-gradient": () => {
      const operands = { x: operand("x"), dy: operand("dy") };
      return () =>
        tf
          .engine()
          .runKernel("Conv2DBackpropFilter", operands, { ...attributes, filterShape: shapes.filter });
    },
  };
  const run = kernels[pass]();
  return work(() => fetch(run));
}

/** @param {NetCase} kase @param {string} inputs */
function prepareInference({ batch }, inputs) {
  const { net, weights } = readTensors(inputs, (values) => values);
  const images = tf.tensor(readFloats(inputs, "images"), [batch, ...net.inputShape]);
  return work(() => fetch(() => forward(net.steps, weights, images, false)));
}

/** @param {NetCase} kase @param {string} inputs */
function prepareTraining({ batch, optimizer, learningRate }, inputs) {
  const { net, weights } = readTensors(inputs, (values) => tf.variable(values));
  if (net.steps.some(({ op }) => op === "batchNormalization"))
    throw new Error("the bench trains no net with batch normalization with it");
  const data = readTraining(inputs, net);
  const rule =
    optimizer === "adam"
      ? tf.train.adam(learningRate, 0.9, 0.999, 1e-7)
      : tf.train.momentum(learningRate, 0.9);
  /** The loss before a step. @param {boolean} dropping @param {() => ReturnType<typeof data.next>} next @returns {Promise<number>} */
  async function step(dropping, next) {
    const { images, labels } = next();
    const loss = tf.tidy(() => {
      const x = tf.tensor(images, [batch, ...net.inputShape]);
      const targets = tf.oneHot(tf.tensor1d(labels, "int32"), net.classes);
      return rule.minimize(
        () => tf.losses.softmaxCrossEntropy(targets, forward(net.steps, weights, x, dropping)),
        true,
      );
    });
    const [value] = await loss.data();
    loss.dispose();
    return value;
  }
  return {
    outputs: () => data.losses(batch, (first) => step(false, () => first)),
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) =>
      timeRuns(() => step(true, () => data.next(batch)), runs, warmUp),
  };
}

/** @param {string} inputs @param {(values: any) => any} make */
function readTensors(inputs, make) {
  const { net, weights } = readNet(inputs);
  const tensors = [...weights].map(([name, { shape, data }]) => {
    return /** @type {const} */ ([name, make(tf.tensor(Float32Array.from(data), [...shape]))]);
  });
  return { net, weights: new Map(tensors) };
}

/** @param {() => Promise<Float32Array>} run */
function work(run) {
  return {
    outputs: run,
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) => timeRuns(run, runs, warmUp),
    close: async () => tf.disposeVariables(),
  };
}

const about = {
  name: `TensorFlow.js ${tf.version.tfjs}, ${backend}, on Node ${process.version}`,
  threads: threaded ? Number(threads) : 1,
  isa: backend === "cpu" ? "plain JavaScript" : simd ? "wasm SIMD" : "wasm",
  notes: backend === "wasm" && !threaded ? ["runs on one thread: its threads do not work in Node"] : [],
};
await serve(about, async (kase, inputs) => {
  if (kase.kind === "layer") return prepareLayer(kase, inputs);
  return kase.kind === "inference" ? prepareInference(kase, inputs) : prepareTraining(kase, inputs);
});
