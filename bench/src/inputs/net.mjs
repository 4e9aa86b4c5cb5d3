import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { data, formats, models, Tensor } from "fovea";
import { drawFloats, uniform } from "./draw.mjs";
import { writeFloats } from "./files.mjs";
import { stepsOf } from "./steps.mjs";

/** @typedef {import("fovea").Model} Model */

/** Images of a training case that are no digits; runs go round them. */
const drawnImages = 64;

/**
 * Writes a net's inputs:
 *
 * - `weights.safetensors`: in our layouts (filters HWIO, matrices [inputs, units]);
 * - `net.json`: the net as steps, and what else is to be known (`NetFile`);
 * - of inference `images.f32`, one batch [N, H, W, C]; of training `images.u8` and `labels.i32`.
 *
 * @param {import("../types.ts").NetCase} kase
 * @param {string} folder
 */
export async function writeNet(kase, folder) {
  const model = models.create(kase.net);
  const weights = await model.getWeights();
  unsettle(weights);
  await writeFile(join(folder, "weights.safetensors"), formats.encodeSafetensors(weights));
  const { architecture, inputShape } = model;
  /** @type {import("../types.ts").NetFile} */
  const net = {
    inputShape,
    classes: model.outputShape[0],
    preprocessing: plainPreprocessing(model),
    flattened: flattenedShapes(architecture),
    steps: stepsOf(architecture),
  };
  await writeFile(join(folder, "net.json"), JSON.stringify(net));
  if (kase.kind === "inference") {
    const count = inputShape.reduce((product, size) => product * size, kase.batch);
    writeFloats(folder, "images", drawFloats(count, 0, 1, 1));
    return;
  }
  const { images, labels } = await trainingImages(model);
  await writeFile(join(folder, "images.u8"), images);
  await writeFile(
    join(folder, "labels.i32"),
    new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength),
  );
}

/** One scale and offset for all channels: the only preprocessing that all sides have. @param {Model} model */
function plainPreprocessing({ name, preprocessing: { scale, offset, channelOrder } }) {
  if (typeof scale === "number" && typeof offset === "number" && channelOrder === "rgb")
    return { scale, offset };
  throw new Error(`${name} has a scale, an offset or an order for each channel: the sides know of one scale`);
}

/** MNIST for nets of its size, noise for others: their work does not depend on the pixels. @param {Model} model */
async function trainingImages({ inputShape, outputShape }) {
  if (inputShape.join() === "28,28,1") {
    const { train } = await data.loadMnist();
    return { images: train.images.data, labels: train.labels.data };
  }
  const next = uniform(2);
  const size = inputShape.reduce((product, extent) => product * extent, drawnImages);
  return {
    images: Uint8Array.from({ length: size }, () => 256 * next()),
    labels: Int32Array.from({ length: drawnImages }, () => outputShape[0] * next()),
  };
}

/**
 * Fresh biases are 0 and fresh statistics those of no data: a net that passes over them would still agree. Theirs are drawn.
 *
 * @param {Map<string, Tensor>} weights
 */
function unsettle(weights) {
  for (const [index, [name, { shape, data: values }]] of [...weights].entries()) {
    if (shape.length !== 1) continue;
    const [low, high] = name.endsWith("running_var") || name.endsWith("weight") ? [0.8, 1.2] : [-0.1, 0.1];
    weights.set(name, new Tensor("float32", shape, drawFloats(values.length, low, high, index)));
  }
}

/**
 * Names of the matrices whose inputs are a flattened image, with its [H, W, C]: libraries that flatten by channel have
 * the rows in another order.
 *
 * @param {Model["architecture"]} architecture
 */
function flattenedShapes({ layers, calls }) {
  /** @param {number} index @returns {readonly number[] | null} */
  const before = (index) => {
    const { layer, inputs } = calls[index];
    const { kind } = layers[layer].layer;
    if (kind === "flatten") return calls[inputs[0]].shape;
    return kind === "dropout" ? before(inputs[0]) : null;
  };
  const entries = calls.flatMap(({ layer, inputs }) => {
    const shape = layers[layer].layer.kind === "dense" ? before(inputs[0]) : null;
    return shape === null || shape.length !== 3 ? [] : [[`${layers[layer].name}.weight`, shape]];
  });
  return Object.fromEntries(entries);
}
