/**
 * Streams a folder of photos through a net, as a process of its own, and says how that went:
 *
 *   node photos-side.mjs FOLDER MODEL THREADS
 */
import { createWasmEngine, data, models } from "fovea";
import { encodingOf } from "./photo-files.mjs";

const [, , path, modelName, threads] = process.argv;
const side = 224;
const batchSize = 32;
const { engine, busyMilliseconds } = observed(await createWasmEngine({ threads: Number(threads) }));
const model = models.create(modelName);
model.compile({ optimizer: "sgd", engine });
const folder = await data.imageFolder(path);
const stream = folder.stream({ height: side, width: side, channels: 3 });
const count = stream.labels.data.length;

/** @type {Map<number, ArrayLike<number>>} */
const outputs = new Map();
let greatestDifference = 0;

// What is compiled and started once is not what is measured.
const warming = folder.stream({
  height: side,
  width: side,
  channels: 3,
  indices: Int32Array.from({ length: batchSize }, (_, index) => index),
});
for await (const _ of model.predictBatches(warming, { batchSize }));

const start = { time: performance.now(), busy: busyMilliseconds(), cpu: process.cpuUsage() };
for await (const { first, output } of model.predictBatches(stream, { batchSize })) compare(first, output);
const milliseconds = performance.now() - start.time;
const { user, system } = process.cpuUsage(start.cpu);

console.log(
  JSON.stringify({
    photos: count,
    seconds: milliseconds / 1000,
    photosPerSecond: (1000 * count) / milliseconds,
    busy: (busyMilliseconds() - start.busy) / milliseconds,
    processors: (user + system) / 1000 / milliseconds,
    // Of all that the process ever held, in bytes: Node counts it in KiB.
    peakMemory: 1024 * process.resourceUsage().maxRSS,
    greatestDifference,
    problems: stream.problems.length,
  }),
);
await engine.close();

/** Photos of one encoding come to one output: a photo in another's place would not. @param {number} first @param {import("fovea").Tensor<"float32">} output */
function compare(first, { shape: [photos, size], data: values }) {
  for (let place = 0; place < photos; place++) {
    const encoding = encodingOf(stream.files[first + place]);
    const own = values.slice(place * size, (place + 1) * size);
    const known = outputs.get(encoding) ?? own;
    outputs.set(encoding, known);
    for (let index = 0; index < size; index++)
      greatestDifference = Math.max(greatestDifference, Math.abs(own[index] - known[index]));
  }
}

/** An engine that counts for how long runs of programs are under way. @param {import("fovea").Engine} inner */
function observed(inner) {
  let [underWay, since, total] = [0, 0, 0];
  const change = (/** @type {number} */ by) => {
    const now = performance.now();
    if (underWay > 0) total += now - since;
    since = now;
    underWay += by;
  };
  /** @type {<T extends object>(target: T, name: string, replace: (original: any) => unknown) => T} */
  const replaced = (target, name, replace) =>
    new Proxy(target, {
      get(_, property) {
        const value = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        const bound = value.bind(target);
        return property === name ? replace(bound) : bound;
      },
    });
  const engine = replaced(
    inner,
    "openSession",
    (open) => async () =>
      replaced(
        await open(),
        "compile",
        (compile) =>
          async (/** @type {unknown[]} */ ...options) =>
            replaced(await compile(...options), "run", (run) => (/** @type {unknown} */ feeds) => {
              change(1);
              return run(feeds).finally(() => change(-1));
            }),
      ),
  );
  const busyMilliseconds = () => {
    change(0);
    return total;
  };
  return { engine, busyMilliseconds };
}
