/** onnxruntime's side, CPU: `node onnxruntime.mjs FOLDER THREADS`, FOLDER being that of the package onnxruntime-node. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFloats } from "../inputs/files.mjs";
import { readNet } from "../inputs/read-net.mjs";
import { nchwOfNhwc, nhwcOfNchw, oihwOfHwio, permute, transpose, weightByChannel } from "./layouts.mjs";
import { encodeModel } from "./onnx/model.mjs";
import { netNodes } from "./onnx/net.mjs";
import { serve, timeRuns } from "./serve.mjs";

const [folder, threads] = process.argv.slice(2);
const runtime = createRequire(import.meta.url)(folder);
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The widest vectors of the processor, which the runtime chooses by itself. */
function vectorsOfProcessor() {
  try {
    const flags = readFileSync("/proc/cpuinfo", "utf8");
    return ["avx512f", "avx2"].find((flag) => new RegExp(`\\b${flag}\\b`).test(flags)) ?? "unknown";
  } catch {
    return "unknown";
  }
}

/** @param {import("../types.ts").Case} kase @param {string} inputs */
async function prepare(kase, inputs) {
  const { graph, images, toOurs } = kase.kind === "layer" ? layerGraph(kase, inputs) : netGraph(kase, inputs);
  const path = join(inputs, "model.onnx");
  writeFileSync(path, Buffer.concat(encodeModel(graph)));
  const session = await runtime.InferenceSession.create(path, {
    executionProviders: ["cpu"],
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const feeds = { x: new runtime.Tensor("float32", images, graph.inputShape) };
  const [output] = session.outputNames;
  const run = async () => (await session.run(feeds))[output];
  return {
    async outputs() {
      const { data, dims } = await run();
      return toOurs(data, dims);
    },
    time: (/** @type {number} */ runs, /** @type {number} */ warmUp) => timeRuns(run, runs, warmUp),
    close: () => session.release(),
  };
}

/** @param {import("../types.ts").LayerCase} kase @param {string} inputs */
function layerGraph({ batch, size, channels, filters, kernel, stride, padding }, inputs) {
  const shape = [batch, size, size, channels];
  const filterShape = [kernel, kernel, channels, filters];
  const values = transpose(readFloats(inputs, "filter"), filterShape, oihwOfHwio);
  const attributes = { strides: [stride, stride], pads: [padding, padding, padding, padding] };
  return {
    graph: {
      inputShape: permute(shape, nchwOfNhwc),
      nodes: [{ kind: "Conv", inputs: ["x", "w"], output: "y", attributes }],
      initializers: [{ name: "w", shape: permute(filterShape, oihwOfHwio), values }],
    },
    images: transpose(readFloats(inputs, "x"), shape, nchwOfNhwc),
    toOurs: (/** @type {Float32Array} */ data, /** @type {number[]} */ dims) =>
      transpose(data, dims, nhwcOfNchw),
  };
}

/** @param {import("../types.ts").NetCase} kase @param {string} inputs */
function netGraph({ batch }, inputs) {
  const { net, weights } = readNet(inputs);
  const shape = [batch, ...net.inputShape];
  const initializers = [...weights].map(([name, tensor]) => ({
    name,
    ...weightByChannel(name, tensor, net.flattened),
  }));
  return {
    graph: { inputShape: permute(shape, nchwOfNhwc), nodes: netNodes(net.steps), initializers },
    images: transpose(readFloats(inputs, "images"), shape, nchwOfNhwc),
    toOurs: (/** @type {Float32Array} */ data) => data,
  };
}

const about = {
  name: `onnxruntime-node ${version}`,
  threads: Number(threads),
  isa: vectorsOfProcessor(),
  notes: ["chooses its instructions by the processor: --isa does not limit it"],
};
await serve(about, prepare);
