import { join } from "node:path";
import { data, Layer, Model, models, optimizers, Tensor } from "fovea";
import { readBytes, readFloats } from "../inputs/files.mjs";
import { readNet } from "../inputs/read-net.mjs";
import { comparedSteps } from "../inputs/read-training.mjs";
import { timeRuns } from "./serve.mjs";

/** @typedef {import("fovea").Engine} Engine */
/** @typedef {import("../types.ts").NetCase} NetCase */

/**
 * @param {Engine} engine
 * @param {NetCase} kase
 * @param {string} folder
 * @returns {Promise<import("./serve.mjs").Work>}
 */
export async function prepareNet(engine, kase, folder) {
  return kase.kind === "inference"
    ? await prepareInference(engine, kase, folder)
    : await prepareTraining(engine, kase, folder);
}

/** @param {Engine} engine @param {NetCase} kase @param {string} folder */
async function prepareInference(engine, kase, folder) {
  const { net, batch } = kase;
  const model = models.create(net);
  model.compile({ optimizer: createOptimizer(kase), engine });
  await model.setWeights(readNet(folder).weights);
  const images = new Tensor("float32", [batch, ...model.inputShape], readFloats(folder, "images"));
  const predict = async () => (await model.predict(images, { batchSize: batch })).data;
  return {
    outputs: predict,
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) => timeRuns(predict, runs, warmUp),
  };
}

/** @param {Engine} engine @param {NetCase} kase @param {string} folder */
async function prepareTraining(engine, kase, folder) {
  const { net, batch } = kase;
  const images = new Uint8Array(readBytes(join(folder, "images.u8")));
  const labels = new Int32Array(readBytes(join(folder, "labels.i32")));
  const model = await compiled(models.create(net));

  /** @param {Model} fresh */
  async function compiled(fresh) {
    fresh.compile({ optimizer: createOptimizer(kase), engine });
    // Read again for each model: weights that are kept would count as the net's memory.
    await fresh.setWeights(readNet(folder).weights);
    return fresh;
  }

  return {
    // An epoch of one step has that step's loss.
    async outputs() {
      const twin = await compiled(withoutDropout(model));
      const { epochs } = await twin.fit(examples(batch), {
        epochs: comparedSteps,
        batchSize: batch,
        shuffle: false,
      });
      return epochs.map(({ loss }) => loss);
    },
    /** From the event after the warm-up, of at least one step, to the last. */
    async time(/** @type {number} */ runs, /** @type {number} */ warmUp) {
      const first = Math.max(1, warmUp);
      /** @type {{ step: number, at: number }[]} */
      const marks = [];
      const onProgress = (/** @type {{ step: number }} */ { step }) => {
        marks.push({ step, at: performance.now() });
      };
      await model.fit(examples(batch * (first + runs)), { batchSize: batch, callbacks: [{ onProgress }] });
      const begin = marks.find(({ step }) => step >= first);
      const end = marks.at(-1);
      if (begin === undefined || end === undefined || end.step === begin.step)
        throw new Error(`${runs} steps after ${first} are too few to be timed`);
      return (end.at - begin.at) / (end.step - begin.step);
    },
  };

  /** So many examples, going round those that there are. @param {number} count */
  function examples(count) {
    const size = images.length / labels.length;
    const pixels = new Uint8Array(count * size);
    for (let begin = 0; begin < count; begin += labels.length)
      pixels.set(images.subarray(0, size * Math.min(labels.length, count - begin)), begin * size);
    return data.fromArrays({
      images: new Tensor("uint8", [count, ...model.inputShape], pixels),
      labels: Int32Array.from({ length: count }, (_, index) => labels[index % labels.length]),
      classes: model.outputShape[0],
    });
  }
}

/** The same net, to be compared where both sides would drop out at random. @param {Model} model */
function withoutDropout({ architecture, preprocessing }) {
  const layers = architecture.layers.map(({ name, layer }) =>
    layer.kind === "dropout" ? { name, layer: new Layer("dropout", { name, rate: 0 }) } : { name, layer },
  );
  return new Model({ architecture: { ...architecture, layers }, preprocessing });
}

/** @param {NetCase} kase */
function createOptimizer({ optimizer, learningRate }) {
  return optimizer === "adam"
    ? optimizers.adam({ learningRate })
    : optimizers.sgd({ learningRate, momentum: 0.9 });
}
