/**
 * Streams a folder of photos through a net, as a process of its own, and says how that went:
 *
 *   node photos-side.mjs FOLDER MODEL THREADS
 */
import { createWasmEngine, data, models, Tensor } from "fovea";
import { encodingOf } from "./photo-files.mjs";

const [, , path, modelName, threads] = process.argv;
const side = 224;
const batchSize = 32;
/** Batches that are read ahead of the engine. */
const ahead = 3;

const { engine, busyMilliseconds } = observed(await createWasmEngine({ threads: Number(threads) }));
const model = models.create(modelName);
model.compile({ optimizer: "sgd", engine });
const folder = await data.imageFolder(path);
const stream = folder.stream({ height: side, width: side, channels: 3 });
const count = stream.labels.data.length;

// What is compiled and started once is not what is measured.
const first = await model.predict(await read(0));
const size = first.shape[1];
/** @type {Map<number, Float32Array>} */
const outputs = new Map();
let greatestDifference = 0;

const start = { time: performance.now(), busy: busyMilliseconds(), cpu: process.cpuUsage() };
/** @type {ReturnType<typeof read>[]} */
const readAhead = [];
/** @type {Promise<void> | undefined} */
let running;
for (let next = 0, begin = 0; begin < count; begin += batchSize) {
  for (; next < count && readAhead.length < ahead; next += batchSize) readAhead.push(read(next));
  const batch = await /** @type {ReturnType<typeof read>} */ (readAhead.shift());
  const prediction = model.predict(batch);
  // The next batch is handed over while this one is under way.
  await running;
  running = prediction.then((output) => compare(begin, output.data));
}
await running;
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

/** @param {number} begin */
async function read(begin) {
  const indices = Int32Array.from(
    { length: Math.min(batchSize, count - begin) },
    (_, place) => begin + place,
  );
  return new Tensor("uint8", [indices.length, side, side, 3], await stream.read(indices));
}

/** Photos of one encoding come to one output: a photo in another's place would not. @param {number} begin @param {ArrayLike<number>} values */
function compare(begin, values) {
  for (let place = 0; place * size < values.length; place++) {
    const encoding = encodingOf(stream.files[begin + place]);
    const known = outputs.get(encoding);
    const output = Float32Array.from({ length: size }, (_, index) => values[place * size + index]);
    if (known === undefined) outputs.set(encoding, output);
    else
      output.forEach((value, index) => {
        greatestDifference = Math.max(greatestDifference, Math.abs(value - known[index]));
      });
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
