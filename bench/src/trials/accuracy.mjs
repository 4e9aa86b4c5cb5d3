/**
 * Test accuracy after 5 epochs without augmentation, mean of 3 seeds, and what a move of the digits by 4 pixels costs the
 * net with global max pooling. Adam, its learning rate falling to 0 along a cosine.
 */
import { createWasmEngine, data, models, optimizers, schedules } from "fovea";
import { table } from "../report.mjs";
import { mean } from "../statistics.mjs";

const epochs = 5;
const batchSize = 128;
const seeds = [1, 2, 3];

/** Learning rate of the first step. */
const learningRates = { dense: 2e-3, lenet5: 2e-3, convnet: 5e-3, "convnet-gmp": 5e-3 };

/** Least mean test accuracy. */
const accuracyThresholds = { dense: 0.98, lenet5: 0.989, convnet: 0.99 };
/** Most that the move may cost `convnet-gmp`. */
const lossThreshold = 0.015;
const movedBy = 4;

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** @type {import("./table.mjs").Trial} */
export async function measureAccuracy({ threads, say }) {
  const { train, test } = await data.loadMnist();
  const moved = { ...test, images: data.shiftImages(test.images, -movedBy, -movedBy) };
  const engine = await createWasmEngine({ threads });
  const decaySteps = epochs * Math.ceil(data.countOf(train) / batchSize);
  /** @type {string[]} */
  const failures = [];
  const rows = [];
  const figures = [];
  for (const [name, initialLearningRate] of Object.entries(learningRates)) {
    const learningRate = schedules.cosine({ initialLearningRate, decaySteps });
    const runs = [];
    for (const seed of seeds) {
      const model = models.create(name);
      model.compile({ optimizer: optimizers.adam({ learningRate }), engine });
      const begin = performance.now();
      await model.fit(train, { epochs, batchSize, seed });
      const seconds = (performance.now() - begin) / 1000;
      const { accuracy } = await model.evaluate(test);
      const { accuracy: accuracyMoved } = await model.evaluate(moved);
      runs.push({ seed, accuracy, accuracyMoved, seconds });
      say(
        `${name}, seed ${seed}: ${percent(accuracy)}, moved ${percent(accuracyMoved)}, ${seconds.toFixed(1)} s`,
      );
    }
    const accuracy = mean(runs.map((run) => run.accuracy));
    const accuracyMoved = mean(runs.map((run) => run.accuracyMoved));
    const { asked, holds } = judge(name, accuracy, accuracyMoved);
    if (!holds)
      failures.push(`${name}: ${percent(accuracy)}, moved ${percent(accuracyMoved)}; asked: ${asked}`);
    figures.push({ name, accuracy, accuracyMoved, asked, holds, runs });
    rows.push([name, percent(accuracy), percent(accuracyMoved), asked, holds ? "yes" : "NO"]);
  }
  await engine.close();
  const title = `Test accuracy after ${epochs} epochs, batch ${batchSize}, mean of ${seeds.length} seeds`;
  const header = ["net", "accuracy", `moved ${movedBy} px up and left`, "asked", "holds"];
  return { name: "accuracy", markdown: `${title}\n\n${table(header, rows)}`, figures, failures };
}

/** @param {string} name @param {number} accuracy @param {number} accuracyMoved */
function judge(name, accuracy, accuracyMoved) {
  if (name in accuracyThresholds) {
    const least = accuracyThresholds[/** @type {keyof typeof accuracyThresholds} */ (name)];
    return { asked: `at least ${percent(least)}`, holds: accuracy >= least };
  }
  return {
    asked: `moving costs less than ${percent(lossThreshold)}`,
    holds: accuracy - accuracyMoved < lossThreshold,
  };
}
