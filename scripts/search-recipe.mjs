/**
 * Looks for a better recipe of `fovea train` around one that there is (src/cli/recipes.ts): changes one of its settings at a
 * time, trains on the first 50,000 digits of MNIST with several seeds, and judges by the last 10,000 of the training part:
 * the test part is for the final figure alone (`npm run bench -- --case mnist99`). Kernels change, and with them what is fast.
 *
 *   node scripts/search-recipe.mjs                          all changes of `fast`, 3 seeds; half an hour
 *   node scripts/search-recipe.mjs --axes learningRate,batchSize --seeds 5
 */
import { parseArgs } from "node:util";
import { recipes } from "../dist/cli/recipes.js";
import { createWasmEngine, data, models, optimizers, schedules } from "../dist/index.js";

const { values: flags } = parseArgs({
  options: {
    recipe: { type: "string", default: "fast" },
    seeds: { type: "string", default: "3" },
    axes: { type: "string", default: "model,epochs,batchSize,learningRate,shift" },
  },
});
const recipe = Object.entries(recipes).find(([name]) => name === flags.recipe)?.[1];
if (recipe === undefined)
  throw new Error(`There is no recipe ${flags.recipe}: ${Object.keys(recipes).join(", ")}.`);

/** @typedef {{ model: string, epochs: number, batchSize: number, learningRate: number, shift: number }} Settings */

/** @type {Settings} */
const middle = { ...recipe.settings, shift: 0 };
/** @type {{ [A in keyof Settings]: readonly Settings[A][] }} */
const neighbours = {
  model: ["convnet-bn", "lenet5", "convnet"],
  epochs: [1, 2, 3],
  batchSize: [64, 128, 256],
  learningRate: [middle.learningRate / 2, middle.learningRate, middle.learningRate * 2],
  shift: [0, 1],
};

/** @type {Settings[]} */
const candidates = [middle];
for (const axis of flags.axes.split(",")) {
  if (!(axis in neighbours))
    throw new Error(`There is no axis ${axis}: ${Object.keys(neighbours).join(", ")}.`);
  const key = /** @type {keyof Settings} */ (axis);
  for (const value of neighbours[key]) {
    if (value !== middle[key]) candidates.push({ ...middle, [key]: value });
  }
}

const seeds = Array.from({ length: Number(flags.seeds) }, (_, index) => index + 1);
const { train } = await data.loadMnist();
const parts = data.split(train, 1 / 6);
const engine = await createWasmEngine();
console.log(
  `${engine.name}; ${seeds.length} seeds; accuracy on ${data.countOf(parts.validation)} digits held back`,
);
for (const settings of candidates) {
  const { accuracy, seconds } = await judge(settings);
  console.log(
    `${(100 * accuracy).toFixed(2)} %  ${seconds.toFixed(2)} s of training  ${JSON.stringify(settings)}`,
  );
}
await engine.close();

/** Means over the seeds. @param {Settings} settings */
async function judge({ model: name, epochs, batchSize, learningRate, shift }) {
  const totalSteps = epochs * Math.ceil(data.countOf(parts.train) / batchSize);
  const figures = { accuracy: 0, seconds: 0 };
  for (const seed of seeds) {
    const model = models.create(name);
    const schedule = schedules.oneCycle({ maximumLearningRate: learningRate, totalSteps });
    model.compile({ optimizer: optimizers.adam({ learningRate: schedule }), engine });
    const begin = performance.now();
    await model.fit(parts.train, { epochs, batchSize, seed, augment: { shift } });
    figures.seconds += (performance.now() - begin) / 1000 / seeds.length;
    figures.accuracy += (await model.evaluate(parts.validation)).accuracy / seeds.length;
  }
  return figures;
}
