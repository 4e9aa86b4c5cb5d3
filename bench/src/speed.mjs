/**
 * Training steps (forward, backward, Adam) at batch 128 on MNIST that is in memory already, through `model.fit`; and the
 * same of PyTorch. Rounds alternate between the two, and the medians count. Before any timing both must compute the
 * same losses from the same weights.
 */
import { createWasmEngine, data, layers, models, optimizers, sequential } from "fovea";
import { startPyTorch } from "./pytorch.mjs";
import { median, table } from "./report.mjs";

const batchSize = 128;
const learningRate = 1e-3;

/** Steps of a round, and of the warm-up before each. */
export const speedCases = {
  lenet5: { steps: 60, warmUp: 10 },
  dense: { steps: 300, warmUp: 30 },
  convnet: { steps: 20, warmUp: 4 },
};

/** Steps whose losses are compared with PyTorch's before any timing. */
const comparedSteps = 3;

/** How far two losses may be apart, relatively. */
const tolerance = 1e-4;

/**
 * @param {object} settings
 * @param {readonly string[]} settings.names
 * @param {string | undefined} settings.python
 * @param {number} settings.threads
 * @param {number} settings.rounds
 * @param {(text: string) => void} settings.say
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function measureSpeed({ names, python, threads, rounds, say }) {
  const { train } = await data.loadMnist();
  const engine = await createWasmEngine({ threads });
  const pytorch = python === undefined ? null : await startPyTorch(python, threads);
  const sides =
    pytorch === null ? "Fovea alone: pass --python PATH for PyTorch beside it" : `PyTorch ${pytorch.version}`;
  say(`${engine.name}; ${sides}`);
  const figures = [];
  /** @type {string[]} */
  const failures = [];
  for (const name of Object.keys(speedCases).filter((key) => names.includes(key))) {
    const { steps, warmUp } = speedCases[/** @type {keyof typeof speedCases} */ (name)];
    const ours = await prepareOurs(name, train, engine);
    const theirs = pytorch === null ? null : await pytorch.prepare(name, batchSize, ours.weights);
    if (theirs !== null) compareLosses(name, ours.losses, theirs.losses);
    /** @type {Record<"ours" | "pytorch" | "fastest", number[]>} */
    const times = { ours: [], pytorch: [], fastest: [] };
    // One round that does not count: the optimizing compiler has the kernels after it.
    await ours.time(steps, warmUp);
    for (let round = 0; round < rounds; round++) {
      times.ours.push(await ours.time(steps, warmUp));
      if (pytorch === null) continue;
      for (const setting of /** @type {const} */ (["pytorch", "fastest"])) {
        await pytorch.time(warmUp, setting === "fastest");
        times[setting].push(await pytorch.time(steps, setting === "fastest"));
      }
    }
    const own = median(times.ours);
    const other = theirs === null ? null : { default: median(times.pytorch), fastest: median(times.fastest) };
    figures.push({ name, own, other, setting: theirs?.setting ?? null, times, losses: ours.losses });
    if (other === null) {
      say(`${name}: ${own.toFixed(2)} ms a step`);
      continue;
    }
    const pair = `PyTorch ${other.default.toFixed(2)} ms, ${other.fastest.toFixed(2)} ms with ${theirs?.setting}`;
    say(`${name}: ${own.toFixed(2)} ms a step; ${pair}`);
    if (own > other.default) failures.push(`${name} is slower than PyTorch: ${own.toFixed(2)} ms; ${pair}`);
  }
  pytorch?.close();
  await engine.close();
  return {
    name: "speed",
    markdown: markdownOf(figures, { threads, rounds, version: pytorch?.version ?? null }),
    figures,
    failures,
  };
}

/**
 * @typedef {object} SpeedFigure
 * @property {string} name
 * @property {number} own milliseconds a step
 * @property {{ default: number, fastest: number } | null} other PyTorch as it comes, and with its fastest settings
 */

/** @param {readonly SpeedFigure[]} figures @param {{ threads: number, rounds: number, version: string | null }} settings */
function markdownOf(figures, { threads, rounds, version }) {
  const title = `Training steps, batch ${batchSize}, ${threads} threads, medians of ${rounds} rounds`;
  const own = (/** @type {SpeedFigure} */ { name, own }) => [
    name,
    own.toFixed(2),
    Math.round((batchSize / own) * 1000).toString(),
  ];
  const alone = ["net", "Fovea, ms a step", "images/s"];
  if (version === null) return `${title}\n\n${table(alone, figures.map(own))}`;
  const rows = figures.map((figure) => {
    const beside = (/** @type {number | undefined} */ other) =>
      other === undefined ? "" : `${other.toFixed(2)} (${(other / figure.own).toFixed(2)}x)`;
    return [...own(figure), beside(figure.other?.default), beside(figure.other?.fastest)];
  });
  const both = [...alone, `PyTorch ${version}, ms a step`, "with its fastest settings"];
  return `${title}; in brackets how many times as fast Fovea is\n\n${table(both, rows)}`;
}

/**
 * Our side of a case: fresh weights, the losses of the first steps with them, and a stopwatch.
 *
 * @param {string} name
 * @param {import("fovea").ImageDataset} train
 * @param {import("fovea").Engine} engine
 */
async function prepareOurs(name, train, engine) {
  const model = models.create(name);
  const configuration = { optimizer: optimizers.adam({ learningRate }), engine };
  model.compile(configuration);
  const weights = await model.getWeights();

  // An epoch of one step has that step's loss.
  const twin = name === "convnet" ? convnetWithoutDropout() : models.create(name);
  twin.compile(configuration);
  await twin.setWeights(weights);
  const first = data.take(train, batchSize);
  const { epochs } = await twin.fit(first, { epochs: comparedSteps, batchSize, shuffle: false });

  return { weights, losses: epochs.map(({ loss }) => loss), time };

  /** Milliseconds a step, from the first event after the warm-up to the last. @param {number} steps @param {number} warmUp */
  async function time(steps, warmUp) {
    /** @type {{ step: number, at: number }[]} */
    const marks = [];
    const onProgress = (/** @type {{ step: number }} */ { step }) => {
      marks.push({ step, at: performance.now() });
    };
    const examples = data.take(train, batchSize * (steps + warmUp));
    await model.fit(examples, { epochs: 1, batchSize, callbacks: [{ onProgress }] });
    const begin = marks.find(({ step }) => step >= warmUp);
    const end = marks.at(-1);
    if (begin === undefined || end === undefined || end.step === begin.step) {
      throw new Error(`a round of ${steps} steps is too short to be timed: raise it`);
    }
    return (end.at - begin.at) / (end.step - begin.step);
  }
}

/** The convnet of the zoo, to be compared where both sides would drop out at random. */
function convnetWithoutDropout() {
  return sequential([
    layers.conv2d({ name: "conv1", filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPool2d({ poolSize: 2 }),
    layers.conv2d({ name: "conv2", filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPool2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ name: "fc", units: 10 }),
  ]);
}

/** @param {string} name @param {readonly number[]} ours @param {readonly number[]} theirs */
function compareLosses(name, ours, theirs) {
  const worst = Math.max(
    ...ours.map((loss, index) => Math.abs(loss - theirs[index]) / Math.abs(theirs[index])),
  );
  if (!(worst <= tolerance)) {
    throw new Error(
      `${name}: the losses differ by ${worst}: ours ${ours.join(", ")}; PyTorch's ${theirs.join(", ")}`,
    );
  }
}
