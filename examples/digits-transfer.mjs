/**
 * What a net has learned of some classes helps with others.
 *
 * LeNet-5 learns the digits 0 to 4. Then it is cut, frozen, and gets a new last layer, which learns the digits 5 to 9 from
 * 1,000 examples; the net itself has never seen one of them. Beside it stands the same net as it was before it learned
 * anything: its features are random. Both are judged on all of the test digits 5 to 9.
 *
 *   npm ci && node examples/digits-transfer.mjs
 */
import { data, layers, models, optimizers, schedules, sequential } from "fovea";

/** @param {import("fovea").ImageDataset} digits @param {number} first @returns the five digits from `first` on, as classes 0 to 4 */
function fiveDigits(digits, first, limit = Number.POSITIVE_INFINITY) {
  const labels = [...digits.labels.data];
  const wanted = labels.flatMap((label, index) => (label >= first && label < first + 5 ? [index] : []));
  const { images } = data.subset(digits, wanted.slice(0, limit));
  return data.fromArrays({
    name: `digits ${first} to ${first + 4}`,
    images,
    labels: wanted.slice(0, limit).map((index) => labels[index] - first),
    classes: ["0", "1", "2", "3", "4"].map((digit) => String(Number(digit) + first)),
  });
}

const mnist = await data.loadMnist();
const known = { train: fiveDigits(mnist.train, 0), test: fiveDigits(mnist.test, 0) };
const fresh = { train: fiveDigits(mnist.train, 5, 1000), test: fiveDigits(mnist.test, 5) };

const random = models.create("lenet5", { classes: 5 });
const learned = models.create("lenet5", { classes: 5 });
const [epochs, batchSize] = [2, 128];
const totalSteps = epochs * Math.ceil(known.train.labels.data.length / batchSize);
learned.compile({
  optimizer: optimizers.adam({
    learningRate: schedules.oneCycle({ maximumLearningRate: 0.005, totalSteps }),
  }),
});
await learned.fit(known.train, { epochs, batchSize, seed: 1, augment: { shift: 2 } });
const { accuracy } = await learned.evaluate(known.test);
console.log(`LeNet-5 reads the digits 0 to 4: ${percent(accuracy)} of ${known.test.labels.data.length}`);

/** Cuts a net at a layer, freezes it, and lets a new last layer learn the other digits. @returns its accuracy on them */
async function readsOthers(net, layer) {
  const model = sequential([net.tap(layer).freeze(), layers.dense({ units: 5, name: "last" })]);
  model.compile({ optimizer: optimizers.adamW({ learningRate: 0.005, weightDecay: 0.01 }) });
  await model.fit(fresh.train, { epochs: 30, batchSize: 50, seed: 1 });
  return (await model.evaluate(fresh.test)).accuracy;
}

console.log(
  `A new last layer reads the digits 5 to 9, from 1,000 examples, on ${fresh.test.labels.data.length}:`,
);
console.log("  on features of   learned   random");
for (const layer of ["flatten", "fc1"]) {
  const [after, before] = [await readsOthers(learned, layer), await readsOthers(random, layer)];
  console.log(`  ${layer.padEnd(14)}  ${percent(after)}   ${percent(before)}`);
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
