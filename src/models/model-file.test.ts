import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { decodeSafetensors, encodeNpz, encodeSafetensors } from "../formats/index.ts";
import { layers } from "../layers/index.ts";
import { losses } from "../losses/index.ts";
import { metrics } from "../metrics/index.ts";
import { optimizers, schedules } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { functional, input } from "./functional.ts";
import { Model } from "./model.ts";

const engine = createReferenceEngine();

function branching(): Model {
  const x = input({ shape: [4, 4, 1] });
  const conv = layers.conv2d({
    filters: 2,
    kernelSize: 3,
    padding: { top: 1, bottom: 1, left: 1, right: 1 },
    name: "conv",
  });
  const a = layers.batchNormalization({ trainable: false }).apply(conv.apply(x));
  const y = layers
    .dense({ units: 2, activation: "softmax" })
    .apply(layers.flatten().apply(layers.multiply().apply([a, x])));
  const model = functional(
    { inputs: x, outputs: y },
    {
      name: "branching",
      preprocessing: {
        scale: [0.01],
        offset: -1,
        resize: { size: [4, 4], interpolation: "bicubic" },
      },
      classNames: ["left", "right"],
      seed: 4,
    },
  );
  model.compile({
    engine,
    optimizer: optimizers.sgd({
      learningRate: schedules.warmUp({
        steps: 3,
        schedule: schedules.cosine({ initialLearningRate: 0.1, decaySteps: 9 }),
      }),
      momentum: 0.9,
      clipNorm: 2,
    }),
    loss: losses.categoricalCrossentropy({ fromLogits: false, labelSmoothing: 0.1 }),
    metrics: [metrics.accuracy(), metrics.topKAccuracy({ k: 2 })],
  });
  return model;
}

test("a saved model is loaded whole: architecture, weights, preprocessing, training configuration, class names", async () => {
  const model = branching();
  await model.fit(halves(6), { epochs: 2 });
  const folder = await mkdtemp(join(tmpdir(), "fovea-"));
  try {
    const path = join(folder, "m.safetensors");
    await model.save(path);
    const loaded = await Model.load(path, { engine });
    expect(loaded.architecture).toEqual({
      ...model.architecture,
      layers: model.architecture.layers.map(({ name }) => ({
        name,
        layer: expect.objectContaining({ name }),
      })),
    });
    expect(loaded.preprocessing).toEqual({
      scale: [0.01],
      offset: -1,
      channelOrder: "rgb",
      resize: { size: [4, 4], crop: null, interpolation: "bicubic", antialias: true },
    });
    expect(loaded.classNames).toEqual(["left", "right"]);
    expect(loaded.compiled).toEqual(model.compiled);
    expect(await loaded.getWeights()).toEqual(await model.getWeights());
    expect(await loaded.predict(halves(5).images)).toBeCloseToTensor(await model.predict(halves(5).images));
    expect(await loaded.toBytes()).toEqual(await model.toBytes());
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a file that is missing, or is no model, is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fovea-"));
  try {
    expect(await messageOf(() => Model.load(join(folder, "none")))).toMatch(/^FileError: .*none/);
    const path = join(folder, "text");
    await writeFile(path, "hello, world");
    expect(await messageOf(() => Model.load(path))).toMatch(
      /^FormatError: .*text: not a valid safetensors file/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe("hostile or damaged metadata", () => {
  interface Description {
    version: unknown;
    extra?: unknown;
    preprocessing: unknown;
    compile: unknown;
    classNames: unknown;
    architecture: {
      name: unknown;
      input: unknown;
      output: unknown;
      layers: {
        name: unknown;
        kind: unknown;
        trainable: unknown;
        options: { filters: unknown; strange?: unknown };
      }[];
      calls: { layer: unknown; inputs: unknown }[];
    };
  }

  async function withChange(change: (description: Description) => void): Promise<string> {
    const { tensors, metadata } = decodeSafetensors(await branching().toBytes(), { name: "x" });
    const { "fovea.model": text } = metadata;
    const description: Description = JSON.parse(text);
    change(description);
    const bytes = encodeSafetensors(tensors, { "fovea.model": JSON.stringify(description) });
    return await messageOf(() => Model.fromBytes(bytes, { name: "m.safetensors" }));
  }

  const start = "FormatError: m.safetensors: not a valid Fovea model: ";
  const cases: [change: (description: Description) => void, message: string | RegExp][] = [
    [
      (d) => {
        d.version = 2;
      },
      "version 2 is not known, only 1.",
    ],
    [
      (d) => {
        d.extra = 1;
      },
      /model: unknown option "extra"/,
    ],
    [
      (d) => {
        Object.assign(d, { architecture: null });
      },
      "architecture: options must be one object, got null.",
    ],
    [
      (d) => {
        d.architecture.name = "../x";
      },
      /architecture: option "name" must be up to 200 letters/,
    ],
    [
      (d) => {
        Object.assign(d.architecture, { layers: {} });
      },
      '"layers" is not a list of at most 20000 entries.',
    ],
    [
      (d) => {
        d.architecture.layers[1].kind = "conv3d";
      },
      /layer 1 is of the unknown kind "conv3d"\. Did you mean "conv2d"\?/,
    ],
    [
      (d) => {
        d.architecture.layers[1].kind = "constructor";
      },
      /layer 1 is of the unknown kind "constructor"/,
    ],
    [
      (d) => {
        d.architecture.layers[1].options.filters = -1;
      },
      'layers.conv2d: option "filters" must be a whole number of at least 1, got -1.',
    ],
    [
      (d) => {
        d.architecture.layers[1].options.strange = 1;
      },
      /layers.conv2d: unknown option "strange"/,
    ],
    [
      (d) => {
        d.architecture.layers[1].options.filters = 1e9;
      },
      /ayer|weights/,
    ],
    [
      (d) => {
        d.architecture.layers[1].name = "a/b";
      },
      /layer 1: option "name" must be up to 200/,
    ],
    [
      (d) => {
        d.architecture.layers[1].trainable = "yes";
      },
      '"trainable" of layer 1 is not true or false.',
    ],
    [
      (d) => {
        Object.assign(d.architecture.layers[1], { options: [] });
      },
      "the options of layer 1 are not an object.",
    ],
    [
      (d) => {
        d.architecture.calls[1].inputs = [1];
      },
      '"inputs" of call 1 are not indices of earlier calls.',
    ],
    [
      (d) => {
        d.architecture.calls[1].inputs = [-1];
      },
      '"inputs" of call 1 are not indices of earlier calls.',
    ],
    [
      (d) => {
        d.architecture.calls[1].inputs = [];
      },
      /layer "conv" \(conv2d\): takes 1 input, got 0/,
    ],
    [
      (d) => {
        d.architecture.calls[1].layer = 99;
      },
      `"layer" of call 1 is not a layer's index.`,
    ],
    [
      (d) => {
        d.architecture.input = 1;
      },
      '"input" is not the index of an input call.',
    ],
    [
      (d) => {
        d.architecture.output = 99;
      },
      '"output" is not the index of a call.',
    ],
    [
      (d) => {
        Object.assign(d.architecture, { taps: [{ name: "a", call: 99 }] });
      },
      'taps 0: option "call" must be the index of a call, got 99.',
    ],
    [
      (d) => {
        const tap = { name: "a", call: 1 };
        Object.assign(d.architecture, { taps: [tap, tap] });
      },
      '"a" stands twice in "taps".',
    ],
    [
      (d) => {
        Object.assign(d.architecture, { auxiliaries: [{ name: "a", output: 1, weight: 1 }] });
      },
      /auxiliary head "a" ends in \[4, 4, 2\], the model in \[2\]/,
    ],
    [
      (d) => {
        Object.assign(d.architecture, { auxiliaries: [{ name: "a", output: 1, weight: "1" }] });
      },
      'auxiliaries 0: option "weight" must be a number at least 0, got "1".',
    ],
    [
      (d) => {
        d.preprocessing = { scale: "1" };
      },
      'preprocessing: option "scale" must be a number, or a list with one for each channel, got "1".',
    ],
    [
      (d) => {
        d.preprocessing = { scale: [1, 2, 3] };
      },
      'model "branching": preprocessing has 3 numbers of "scale", the input [4, 4, 1] has 1 channels. Give one for each channel, or a single number for all.',
    ],
    [
      (d) => {
        d.compile = { optimizer: "adamm" };
      },
      /there is no optimizer "adamm"/,
    ],
    [
      (d) => {
        d.classNames = [1];
      },
      "classNames are not texts.",
    ],
  ];
  test.each(cases)("%#", async (change, message) => {
    const found = await withChange(change);
    expect(found.startsWith(start)).toBe(true);
    if (typeof message === "string") expect(found).toBe(start + message);
    else expect(found.slice(start.length)).toMatch(message);
  });

  test("metadata that is not JSON, or is not there", async () => {
    const bytes = encodeSafetensors(new Map(), { "fovea.model": "{" });
    expect(await messageOf(() => Model.fromBytes(bytes, { name: "m" }))).toBe(
      'FormatError: m: the metadata "fovea.model" is not valid JSON. The file is damaged: use another copy.',
    );
    expect(await messageOf(() => Model.fromBytes(encodeSafetensors(new Map()), { name: "m" }))).toBe(
      "FormatError: m: the file holds tensors but no Fovea model. Load files that model.save() or a checkpoint has written.",
    );
  });

  test("weights that are missing, too many, or of another shape", async () => {
    const { tensors, metadata } = decodeSafetensors(await branching().toBytes(), { name: "x" });
    const load = (entries: Iterable<readonly [string, Tensor]>) =>
      messageOf(() => Model.fromBytes(encodeSafetensors(new Map(entries), metadata), { name: "m" }));
    expect(await load([...tensors].filter(([name]) => name !== "conv.bias"))).toBe(
      "FormatError: m: not a valid Fovea model: weights are missing: conv.bias.",
    );
    expect(await load([...tensors, ["conv.bia", Tensor.from([1])]])).toMatch(
      /^FormatError: m: not a valid Fovea model: weights: the model has no weights "conv.bia"\. Did you mean "conv.bias"\?/,
    );
    expect(await load([...tensors, ["conv.bias", Tensor.from([1, 2, 3])]])).toMatch(
      /weights: "conv.bias" must be float32\[2\], got float32\[3\]/,
    );
  });
});

test("setWeights replaces all or nothing", async () => {
  const model = branching();
  const before = await model.getWeights();
  const bias = Tensor.from([1, 2]);
  expect(
    await messageOf(() =>
      model.setWeights(
        new Map([
          ["conv.bias", bias],
          ["conv.gamma", bias],
        ]),
      ),
    ),
  ).toMatch(/^OptionError: setWeights: the model has no weights "conv.gamma"\./);
  expect(await messageOf(() => model.setWeights(new Map([["conv.bias", Tensor.from([1])]])))).toBe(
    'ShapeError: setWeights: "conv.bias" must be float32[2], got float32[1]. Weights must come from a model of the same architecture.',
  );
  expect(await model.getWeights()).toEqual(before);
  await model.setWeights(new Map([["conv.bias", bias]]));
  bias.data[0] = 99;
  expect((await model.getWeights()).get("conv.bias")?.data).toEqual(Float32Array.of(1, 2));
});

test("files of others are named, with what reads them", async () => {
  const npz = await encodeNpz(new Map([["a", new Tensor("float32", [1], Float32Array.of(1))]]));
  expect(await messageOf(() => Model.fromBytes(npz, { name: "a.npz" }))).toBe(
    "FormatError: a.npz: this is a file of NumPy (.npz), not a Fovea model. Read it with loadWeights(model, await " +
      "formats.readTensors(bytes, { name })); fovea convert makes a Fovea model of it.",
  );
});
