/** jax-js's side, wasm: `node jax.mjs FOLDER THREADS`, FOLDER being that of the package @jax-js/jax. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { outputSize } from "../cases/layers.mjs";
import { readFloats } from "../inputs/files.mjs";
import { readNet } from "../inputs/read-net.mjs";
import { readTraining } from "../inputs/read-training.mjs";
import * as layouts from "./layouts.mjs";
import { serve, timeRuns } from "./serve.mjs";

/** @typedef {import("../types.ts").NetCase} NetCase */
/** @typedef {import("../types.ts").Step} Step */
/** Its arrays: a function takes over what it is given, and `x.ref` is one more reference. @typedef {any} Value */

const [folder] = process.argv.slice(2);
const { version, exports: entry } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const jax = await import(pathToFileURL(join(folder, entry["."].import)).href);
const { numpy: np, lax, nn, random, tree } = jax;
await jax.init("wasm");
jax.defaultDevice("wasm");

/** @param {Float32Array} values @param {readonly number[]} shape @returns {Value} */
const array = (values, shape) => np.array(values).reshape([...shape]);

/** @param {readonly [number, number, number, number]} padding */
const pairs = ([top, bottom, left, right]) => [
  [top, bottom],
  [left, right],
];

/**
 * What a step makes of its inputs, images being NCHW and filters OIHW.
 *
 * @param {Step} step
 * @param {readonly Value[]} inputs
 * @param {(name: string) => Value} weight of the step's layer
 * @param {Value | null} key of random numbers; null leaves dropout out
 */
function apply(step, [x, ...others], weight, key) {
  /** A vector over channels, as images take it. @param {string} name */
  const byChannel = (name) => weight(name).reshape([1, -1, 1, 1]);
  switch (step.op) {
    case "input":
    case "identity":
      return x;
    case "dropout": {
      if (key === null) return x;
      const kept = random.bernoulli(key, 1 - step.rate, x.shape).astype(np.float32);
      return x.mul(kept).mul(1 / (1 - step.rate));
    }
    case "relu":
      return nn.relu(x);
    case "add":
      return x.add(others[0]);
    case "flatten":
      return x.reshape([x.shape[0], -1]);
    case "globalAveragePool2d":
      return np.mean(x, [2, 3]);
    case "maxPool2d": {
      // It pads with zeros, which never win: pools that pad follow a ReLU.
      const padded = step.padding.some((size) => size > 0)
        ? np.pad(x, [[0, 0], [0, 0], ...pairs(step.padding)])
        : x;
      return lax.reduceWindow(padded, np.max, [...step.window], [...step.strides]);
    }
    case "conv2d": {
      const y = lax.conv(x, weight("weight"), [...step.strides], pairs(step.padding));
      return step.bias ? y.add(byChannel("bias")) : y;
    }
    case "dense": {
      const y = np.matmul(x, weight("weight"));
      return step.bias ? y.add(weight("bias")) : y;
    }
    case "batchNormalization": {
      const deviation = np.sqrt(byChannel("running_var").add(step.epsilon));
      const normal = x.sub(byChannel("running_mean")).div(deviation);
      return normal.mul(byChannel("weight")).add(byChannel("bias"));
    }
  }
}

/**
 * @param {readonly Step[]} steps
 * @param {Readonly<Record<string, Value>>} weights taken over
 * @param {Value} images taken over
 * @param {Value | null} key
 */
function forward(steps, weights, images, key) {
  const uses = steps.map((_, index) => steps.filter(({ inputs }) => inputs.includes(index)).length);
  /** @type {Value[]} */
  const values = [];
  /** The last use of a value gives it away. @param {number} index */
  const take = (index) => (--uses[index] > 0 ? values[index].ref : values[index]);
  for (const step of steps) {
    const weight = (/** @type {string} */ part) => weights[`${"name" in step ? step.name : ""}.${part}`];
    values.push(apply(step, step.op === "input" ? [images] : step.inputs.map(take), weight, key));
  }
  return values.at(-1);
}

/** @param {import("../types.ts").LayerCase} kase @param {string} inputs */
function prepareLayer(kase, inputs) {
  const { pass, batch, size, channels, filters, kernel, stride, padding } = kase;
  const shapes = {
    x: [batch, size, size, channels],
    filter: [kernel, kernel, channels, filters],
    dy: [batch, outputSize(kase), outputSize(kase), filters],
  };
  const read = (/** @type {"x" | "filter" | "dy"} */ name) => {
    const order = name === "filter" ? layouts.oihwOfHwio : layouts.nchwOfNhwc;
    const values = layouts.transpose(readFloats(inputs, name), shapes[name], order);
    return array(values, layouts.permute(shapes[name], order));
  };
  const convolve = (/** @type {Value} */ x, /** @type {Value} */ filter) =>
    lax.conv(x, filter, [stride, stride], pairs([padding, padding, padding, padding]));
  /** The gradient by one operand; the other's values are fixed. @param {(operand: Value) => Value} part @param {Value} at @param {Value} dy */
  const pullBack = (part, at, dy) => {
    const [y, back] = jax.vjp(part, [at]);
    y.dispose();
    const [gradient] = back(dy);
    return gradient;
  };
  const zeros = (/** @type {readonly number[]} */ shape, /** @type {readonly number[]} */ order) =>
    np.zeros(layouts.permute(shape, order));
  const kernels = {
    forward: () => {
      const [x, filter] = [read("x"), read("filter")];
      const run = jax.jit(convolve);
      return () => run(x.ref, filter.ref);
    },
    "input-gradient": () => {
      const [filter, dy] = [read("filter"), read("dy")];
      const run = jax.jit((/** @type {Value} */ f, /** @type {Value} */ d) =>
        pullBack((x) => convolve(x, f.ref), zeros(shapes.x, layouts.nchwOfNhwc), d),
      );
      return () => run(filter.ref, dy.ref);
    },
    "filter-gradient": () => {
      const [x, dy] = [read("x"), read("dy")];
      const run = jax.jit((/** @type {Value} */ images, /** @type {Value} */ d) =>
        pullBack((f) => convolve(images.ref, f), zeros(shapes.filter, layouts.oihwOfHwio), d),
      );
      return () => run(x.ref, dy.ref);
    },
  };
  const run = kernels[pass]();
  const order = pass === "filter-gradient" ? layouts.hwioOfOihw : layouts.nhwcOfNchw;
  return {
    async outputs() {
      const result = run();
      const { shape } = result;
      return layouts.transpose(await result.data(), shape, order);
    },
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) =>
      timeRuns(() => run().data(), runs, warmUp),
  };
}

/** @param {string} inputs */
function readArrays(inputs) {
  const { net, weights } = readNet(inputs);
  const arrays = [...weights].map(([name, tensor]) => {
    const { shape, values } = layouts.weightByChannel(name, tensor, net.flattened);
    return [name, array(values, shape)];
  });
  return { net, weights: Object.fromEntries(arrays) };
}

/** Images [N, H, W, C] as its convolutions take them. @param {Float32Array} values @param {readonly number[]} shape */
function imagesOf(values, shape) {
  return array(
    layouts.transpose(values, shape, layouts.nchwOfNhwc),
    layouts.permute(shape, layouts.nchwOfNhwc),
  );
}

/** One more reference to each. @param {Readonly<Record<string, Value>>} arrays */
const refs = (arrays) => tree.ref(arrays);

/** @param {NetCase} kase @param {string} inputs */
function prepareInference({ batch }, inputs) {
  const { net, weights } = readArrays(inputs);
  const images = imagesOf(readFloats(inputs, "images"), [batch, ...net.inputShape]);
  const infer = jax.jit((/** @type {Record<string, Value>} */ all, /** @type {Value} */ x) =>
    forward(net.steps, all, x, null),
  );
  const run = async () => await infer(refs(weights), images.ref).data();
  return {
    outputs: run,
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) => timeRuns(run, runs, warmUp),
  };
}

/** @param {NetCase} kase @param {string} inputs */
function prepareTraining({ batch, optimizer, learningRate }, inputs) {
  const { net, weights } = readArrays(inputs);
  if (optimizer !== "adam") throw new Error("the bench trains with Adam only with it");
  const data = readTraining(inputs, net);
  const zero = () => tree.map((/** @type {Value} */ x) => np.zeros(x.shape), weights);
  let state = { weights, first: zero(), second: zero() };
  let steps = 0;

  /** @param {boolean} dropping */
  const makeStep = (dropping) =>
    jax.jit(
      (
        /** @type {typeof state} */ { weights: w, first, second },
        /** @type {Value} */ x,
        /** @type {Value} */ targets,
        /** @type {Value} */ corrections,
        /** @type {Value} */ key,
      ) => {
        const lossOf = (/** @type {Record<string, Value>} */ all) => {
          const logits = forward(net.steps, all, x, dropping ? key.ref : null);
          return np.sum(nn.logSoftmax(logits).mul(targets)).mul(-1 / batch);
        };
        const [loss, gradients] = jax.valueAndGrad(lossOf)(tree.ref(w));
        return { loss, ...adam(w, first, second, gradients, corrections, learningRate) };
      },
    );
  const compiled = { dropping: makeStep(true), keeping: makeStep(false) };

  /** The loss before a step. @param {import("../inputs/read-training.mjs").Batch} next @param {keyof typeof compiled} how @returns {Promise<number>} */
  async function step({ images, labels }, how) {
    steps++;
    const x = imagesOf(images, [batch, ...net.inputShape]);
    const targets = nn.oneHot(np.array(labels, { dtype: np.int32 }), net.classes);
    const corrections = np.array([1 / (1 - 0.9 ** steps), 1 / (1 - 0.999 ** steps)]);
    const { loss, ...next } = compiled[how](state, x, targets, corrections, random.key(steps));
    state = next;
    return (await loss.data())[0];
  }
  return {
    outputs: () => data.losses(batch, (first) => step(first, "keeping")),
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) =>
      timeRuns(() => step(data.next(batch), "dropping"), runs, warmUp),
  };
}

/**
 * Adam (Kingma and Ba 2015): w -= rate * mHat / (sqrt(vHat) + epsilon).
 *
 * @param {Record<string, Value>} weights
 * @param {Record<string, Value>} first
 * @param {Record<string, Value>} second
 * @param {Record<string, Value>} gradients
 * @param {Value} corrections 1 / (1 - beta^t) of both moments
 * @param {number} learningRate
 */
function adam(weights, first, second, gradients, corrections, learningRate) {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7];
  /** @type {Record<"weights" | "first" | "second", Record<string, Value>>} */
  const next = { weights: {}, first: {}, second: {} };
  for (const [name, gradient] of Object.entries(gradients)) {
    const m = first[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
    const v = second[name].mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const mHat = m.ref.mul(corrections.ref.slice(0));
    const vHat = v.ref.mul(corrections.ref.slice(1));
    next.first[name] = m;
    next.second[name] = v;
    next.weights[name] = weights[name].sub(mHat.mul(learningRate).div(np.sqrt(vHat).add(epsilon)));
  }
  corrections.dispose();
  return next;
}

const about = {
  name: `jax-js ${version}, wasm, on Node ${process.version}`,
  threads: 1,
  isa: "wasm",
  notes: ["runs on one thread: it looks for web workers, which Node has not"],
};
await serve(about, async (kase, inputs) => {
  if (kase.kind === "layer") return prepareLayer(kase, inputs);
  return kase.kind === "inference" ? prepareInference(kase, inputs) : prepareTraining(kase, inputs);
});
