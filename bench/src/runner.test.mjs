import { expect, test } from "vitest";
import { documentOf, markdownOf, whatDoesNotHold } from "./report.mjs";
import { runCases } from "./runner.mjs";

/** @typedef {import("./types.ts").NetCase} NetCase */

/** @type {NetCase} */
const lenet = {
  name: "training/lenet5",
  kind: "training",
  net: "lenet5",
  batch: 128,
  tolerance: 1e-3,
  optimizer: "adam",
  learningRate: 1e-3,
  measures: "speed",
  asked: { pytorch: [3, 4] },
};

/**
 * A competitor in this process. Its times of the rounds that count are given; three calls before them find out how many
 * runs a round has.
 *
 * @param {string} name
 * @param {readonly number[]} times
 * @param {string[]} log
 */
function fake(name, times, log) {
  const competitor = {
    name,
    node: "v20.0.0",
    refuses: () => null,
    /** @returns {Promise<import("./types.ts").Side>} */
    async start() {
      const left = [500, 250, 500, ...times];
      return {
        about: { name: `the fake ${name}`, threads: 2, isa: "none", notes: [] },
        prepare: async (_kase, _folder, outputs) => {
          log.push(`${name} ${outputs === null ? "prepares" : "is compared"}`);
          return null;
        },
        time: async (runs) => {
          log.push(`${name} x ${runs}`);
          return left.shift() ?? Number.NaN;
        },
        peakBytes: async () => 2 ** 20 * name.length,
        close: () => void log.push(`${name} ends`),
      };
    },
  };
  return competitor;
}

/** @param {Partial<import("./runner.mjs").Plan>} plan */
const run = (plan) =>
  runCases({
    cases: [lenet],
    ours: [],
    competitors: [],
    rounds: 3,
    say: () => {},
    writeInputs: async () => {},
    compareOutputs: () => 1e-6,
    ...plan,
  });

const setting = { threads: 2, rounds: 3, isa: /** @type {const} */ ("native"), load: { begin: 0.5, end: 2 } };

test("outputs are compared first; then the sides take turns, and medians count", async () => {
  /** @type {string[]} */
  const log = [];
  const ours = fake("ours", [10, 40, 20], log);
  const theirs = fake("pytorch", [30, 50, 90], log);
  const outcome = await run({ ours: [ours], competitors: [theirs] });
  expect(log).toEqual([
    ...["ours is compared", "ours ends", "pytorch is compared", "pytorch ends"],
    ...["ours prepares", "pytorch prepares"],
    // How many runs fill a round of 1000 ms: 2 by the first estimate, 4 by the second, and 2 by the last.
    ...["ours x 1", "ours x 2", "ours x 4", "pytorch x 1", "pytorch x 2", "pytorch x 4"],
    ...["ours x 2", "pytorch x 2", "ours x 2", "pytorch x 2", "ours x 2", "pytorch x 2"],
    ...["ours ends", "pytorch ends"],
  ]);
  expect(outcome.failures).toEqual([]);
  const common = { gigaflopsPerSecond: null, setting: null };
  expect(outcome.results).toEqual([
    {
      case: "training/lenet5",
      competitor: "pytorch",
      node: "v20.0.0",
      // Quartiles 15 and 30 around 20; 40 and 70 around 50.
      ours: {
        ...common,
        imagesPerSecond: 6400,
        medianMs: 20,
        spread: 0.75,
        peakBytes: 4 * 2 ** 20,
        rounds: [10, 40, 20],
      },
      theirs: {
        ...common,
        imagesPerSecond: 2560,
        medianMs: 50,
        spread: 0.6,
        peakBytes: 7 * 2 ** 20,
        rounds: [30, 50, 90],
      },
      ratio: 2.5,
      difference: 1e-6,
      asked: 3,
    },
  ]);
  expect(whatDoesNotHold(outcome, [])).toEqual(["training/lenet5 on Node v20.0.0: 2.50 x pytorch, asked: 3"]);
});

test("the JSON document and the Markdown name all that took part", async () => {
  const outcome = await run({
    ours: [fake("ours", [10], [])],
    competitors: [fake("pytorch", [30], [])],
    rounds: 1,
  });
  const document = documentOf(outcome, setting, []);
  expect(document).toMatchObject({
    node: "v20.0.0",
    threads: 2,
    cpu: expect.any(String),
    results: [
      {
        case: "training/lenet5",
        competitor: "pytorch",
        ours: { imagesPerSecond: 12_800, medianMs: 10, spread: 0, peakBytes: 4 * 2 ** 20 },
        theirs: { medianMs: 30 },
        ratio: 3,
      },
    ],
  });
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  const markdown = markdownOf(outcome, setting, []);
  expect(markdown).toContain("| case | Node | Fovea | spread | images/s | pytorch |");
  expect(markdown).toContain("| lenet5 | v20.0.0 | 10.00 | 0.0 % | 12800 | 30.00 (3.00, asked 3) |");
  expect(markdown).toContain("- pytorch on Node 20.0.0: the fake pytorch, 2 threads, none");
});

test("memory cases compare the peaks of a few runs, and take no rounds", async () => {
  /** @type {string[]} */
  const log = [];
  const outcome = await run({
    cases: [{ ...lenet, name: "memory/lenet5", measures: "memory" }],
    ours: [fake("ours", [], log)],
    competitors: [fake("pytorch", [], log)],
  });
  expect(log.filter((line) => line.includes(" x "))).toEqual(["ours x 3", "pytorch x 3"]);
  expect(outcome.results.map(({ ratio }) => ratio)).toEqual([7 / 4]);
});

test("layers are counted in GFLOP/s, beside our algorithm, by processes that pass from case to case", async () => {
  /** @type {string[]} */
  const log = [];
  const dimensions = { batch: 1, size: 100, channels: 50, filters: 10, kernel: 1, stride: 1, padding: 0 };
  const common = { kind: /** @type {const} */ ("layer"), tolerance: 1e-4, ...dimensions };
  const { start, ...ours } = fake("ours", [2], log);
  const outcome = await run({
    cases: [
      { ...common, name: "layers/net/conv/forward", pass: "forward" },
      { ...common, name: "layers/net/conv/filter-gradient", pass: "filter-gradient" },
    ],
    ours: [
      {
        ...ours,
        start: async () => ({ ...(await start()), prepare: async () => "pointwise", time: async () => 2 }),
      },
    ],
    rounds: 1,
  });
  // 2 * 100 * 100 * 50 * 10 = 10 million operations in 2 ms.
  expect(outcome.results.map(({ ours: { gigaflopsPerSecond } }) => gigaflopsPerSecond)).toEqual([5, 5]);
  expect(log).toEqual(["ours ends"]);
  const markdown = markdownOf(outcome, setting, []);
  expect(markdown).toContain("| case | Node | Fovea | spread | algorithm |");
  expect(markdown).toContain("| net/conv/forward | v20.0.0 | 5.0 | 0.0 % | pointwise |");
});

test("what is not there, fails or computes something else is a line with its reason, and the others go on", async () => {
  const absent = {
    ...fake("onnxruntime", [], []),
    start: () => Promise.reject(new Error("is not installed")),
  };
  const unable = { ...fake("jax-js", [], []), refuses: () => "has no such thing" };
  const broken = fake("tfjs-wasm", [], []);
  const breaking = {
    ...broken,
    start: async () => ({
      ...(await broken.start()),
      time: () => Promise.reject(new Error("ran out of memory")),
    }),
  };
  const wrong = fake("tfjs-cpu", [], []);
  const outcome = await run({
    ours: [fake("ours", [10, 10, 10], [])],
    competitors: [absent, unable, breaking, wrong, fake("pytorch", [30, 30, 30], [])],
    compareOutputs: (_kase, _ours, theirs) => {
      if (theirs.endsWith("tfjs-cpu-on-Node-20.0.0.f32")) throw new Error("outputs differ by 2.0e-1");
      return 0;
    },
  });
  const name = "training/lenet5";
  expect(outcome.failures).toEqual([
    { case: name, competitor: "jax-js on Node 20.0.0", reason: "has no such thing", what: "absent" },
    { case: name, competitor: "onnxruntime on Node 20.0.0", reason: "is not installed", what: "absent" },
    { case: name, competitor: "tfjs-cpu on Node 20.0.0", reason: "outputs differ by 2.0e-1", what: "wrong" },
    { case: name, competitor: "tfjs-wasm on Node 20.0.0", reason: "ran out of memory", what: "absent" },
  ]);
  expect(outcome.results.map(({ competitor, ratio }) => [competitor, ratio])).toEqual([["pytorch", 3]]);
  expect(whatDoesNotHold(outcome, [])).toEqual([
    "training/lenet5: tfjs-cpu on Node 20.0.0 outputs differ by 2.0e-1",
  ]);
  expect(markdownOf(outcome, setting, [])).toContain(
    "## Not measured\n\n- jax-js on Node 20.0.0: has no such thing (training/lenet5)\n- onnxruntime on Node 20.0.0: is not installed (training/lenet5)",
  );
});

test("without competitors ours is measured alone", async () => {
  const { results } = await run({ ours: [fake("ours", [5, 5, 5], [])] });
  expect(results).toMatchObject([{ competitor: null, theirs: null, ratio: null, ours: { medianMs: 5 } }]);
});

test("where ours fails on one Node, the other's outputs are those that others are compared with", async () => {
  const old = { ...fake("ours", [], []), start: () => Promise.reject(new Error("there is no SIMD")) };
  const current = { ...fake("ours", [20, 20, 20], []), node: "v24.0.0" };
  const { node: _, ...theirs } = fake("pytorch", [60, 60, 60], []);
  const { results, failures } = await run({ ours: [old, current], competitors: [theirs] });
  expect(results.map(({ node, competitor, ratio, asked }) => [node, competitor, ratio, asked])).toEqual([
    ["v24.0.0", "pytorch", 3, 4],
  ]);
  expect(failures.map(({ competitor, reason }) => [competitor, reason])).toEqual([
    ["ours on Node 20.0.0", "there is no SIMD"],
  ]);
});

test("a competitor of one Node stands beside ours on that Node, and one that is invited only where it is named", async () => {
  const ours = [fake("ours", [10, 10, 10], []), { ...fake("ours", [20, 20, 20], []), node: "v24.0.0" }];
  const single = { ...fake("one-thread", [30, 30, 30], []), invited: true };
  const uninvited = await run({ ours, competitors: [single] });
  expect(uninvited.results.map(({ node, competitor }) => [node, competitor])).toEqual([
    ["v20.0.0", null],
    ["v24.0.0", null],
  ]);
  const invited = await run({ cases: [{ ...lenet, rivals: ["one-thread"] }], ours, competitors: [single] });
  expect(invited.results.map(({ node, competitor, ratio }) => [node, competitor, ratio])).toEqual([
    ["v20.0.0", "one-thread", 3],
    ["v24.0.0", null, null],
  ]);
});

test("ours that fails is a line too, and nothing is measured", async () => {
  const ours = { ...fake("ours", [], []), start: () => Promise.reject(new Error("there is no SIMD")) };
  const outcome = await run({ ours: [ours], competitors: [fake("pytorch", [], [])] });
  expect(outcome.results).toEqual([]);
  expect(outcome.failures).toEqual([
    {
      case: "training/lenet5",
      competitor: "ours on Node 20.0.0",
      reason: "there is no SIMD",
      what: "absent",
    },
  ]);
});
