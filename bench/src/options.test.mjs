import { expect, test } from "vitest";
import { readOptions } from "./options.mjs";

const messageOf = (/** @type {readonly string[]} */ parameters) => {
  try {
    readOptions(parameters);
  } catch (error) {
    return String(error);
  }
  return "no error";
};

test("names pick the cases that have them among their parts, in the bench's order", () => {
  const picked = (/** @type {string} */ text) => readOptions(["--case", text]).cases.map(({ name }) => name);
  expect(picked("vgg16-training,training/vgg16,lenet5")).toEqual([
    "inference/lenet5",
    "training/lenet5",
    "training/vgg16",
    "memory/lenet5",
    "threads/vgg16-training",
  ]);
  expect(picked("layers/resnet50/layer2.0.conv2")).toEqual(
    ["forward", "input-gradient", "filter-gradient"].map((pass) => `layers/resnet50/layer2.0.conv2/${pass}`),
  );
  expect(picked("layers")).toHaveLength(3 * (9 + 23) - 2);
});

test("the defaults measure training steps on MNIST on both Nodes", () => {
  expect(readOptions([])).toMatchObject({
    cases: [{ name: "training/lenet5" }, { name: "training/convnet" }, { name: "training/dense" }],
    nodes: ["current", "24"],
    isa: "native",
    threads: 2,
    rounds: 7,
  });
});

test.each([
  [
    ["--case", "lenet5,lenet"],
    /^UsageError: --case: there is no case lenet\. Groups: inference, latency, training, memory, threads, layers,.* --list names all\.$/,
  ],
  [["--case", "lenet5,"], /^UsageError: --case has an empty name: "lenet5,"$/],
  [
    ["--competitor", "torch"],
    /^UsageError: --competitor: there is no torch\. Known: pytorch, pytorch-fastest,/,
  ],
  [["--node", "22"], /^UsageError: --node: there is no 22\. Known: current, 24\.$/],
  [["--isa", "sse"], /^UsageError: --isa: there is no sse\. Known: native, avx2\.$/],
  [["--threads", "0"], /^UsageError: --threads must be a whole number from 1, got 0$/],
  [["--rounds", "many"], /^UsageError: --rounds must be a whole number from 1, got many$/],
  [["--patience", "1.5"], /^UsageError: --patience must be a whole number from 1, got 1\.5$/],
  [["--cases", "lenet5"], /^UsageError: Unknown option '--cases'/],
])("%j is refused", (parameters, message) => {
  expect(messageOf(parameters)).toMatch(message);
});
