import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../../tensor/tensor.ts";
import { drawn } from "../../testing/drawn.ts";
import { messageOf } from "../../testing/error-message.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { readTensors } from "../readers.ts";
import { encodeTfjs } from "./write.ts";

type Files = Readonly<Record<string, Uint8Array>>;

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function read(bytes: Uint8Array, files: Files = {}) {
  const sibling = async (name: string) => files[name] ?? new Uint8Array(0);
  return readTensors(bytes, { name: "model.json", sibling });
}

const weight = (name: string, shape: readonly number[], dtype: string, quantization?: object) => ({
  ...{ name, shape, dtype },
  ...(quantization && { quantization }),
});

describe("weights", () => {
  test("of every type, from several files one behind the other", async () => {
    const manifest = [
      {
        paths: ["a.bin", "b.bin"],
        weights: [
          weight("float", [2], "float32"),
          weight("int", [1], "int32"),
          weight("short", [2], "int16"),
          weight("byte", [3], "uint8"),
          weight("flag", [], "bool"),
          weight("empty", [0, 3], "float32"),
        ],
      },
      { paths: ["half.bin"], weights: [weight("half", [2], "float32", { dtype: "float16" })] },
    ];
    const bytes = new Uint8Array(8 + 4 + 4 + 3 + 1);
    const view = new DataView(bytes.buffer);
    view.setFloat32(0, 1.5, true);
    view.setFloat32(4, -2, true);
    view.setInt32(8, -7, true);
    view.setInt16(12, -300, true);
    view.setInt16(14, 300, true);
    bytes.set([1, 2, 250, 1], 16);
    const files = {
      "a.bin": bytes.slice(0, 6),
      "b.bin": bytes.slice(6),
      "half.bin": Uint8Array.of(0x00, 0x3e, 0x00, 0xc0),
    };
    const { format, convention, tensors, metadata } = await read(json({ weightsManifest: manifest }), files);
    expect({ format, convention, metadata }).toEqual({ format: "tfjs", convention: "keras", metadata: {} });
    expect([...tensors]).toEqual([
      ["float", Tensor.from([1.5, -2])],
      ["int", new Tensor("int32", [1], Int32Array.of(-7))],
      ["short", new Tensor("int32", [2], Int32Array.of(-300, 300))],
      ["byte", new Tensor("uint8", [3], Uint8Array.of(1, 2, 250))],
      ["flag", new Tensor("uint8", [], Uint8Array.of(1))],
      ["empty", Tensor.from([], [0, 3])],
      ["half", Tensor.from([1.5, -2])],
    ]);
  });

  test("in one or two bytes each: value = stored * scale + minimum", async () => {
    const weights = [
      weight("bytes", [3], "float32", { dtype: "uint8", scale: 0.5, min: -1 }),
      weight("words", [2], "float32", { dtype: "uint16", scale: 0.25, min: 2 }),
      weight("whole", [2], "int32", { dtype: "uint8", scale: 0.4, min: -3 }),
    ];
    const bytes = Uint8Array.of(0, 1, 255, 0, 0, 0xff, 0xff, 1, 5);
    // The manifest alone, as the first converter wrote it.
    const { tensors } = await read(json([{ paths: ["w"], weights }]), { w: bytes });
    expect([...tensors.values()]).toEqual([
      Tensor.from([-1, -0.5, 126.5]),
      Tensor.from([2, 16385.75]),
      new Tensor("int32", [2], Int32Array.of(-3, -1)),
    ]);
  });

  test("topologies are passed on: a configuration, or a graph", async () => {
    const config = { class_name: "Sequential", config: { layers: [] } };
    const layers = await read(
      json({ modelTopology: { keras_version: "2.15", model_config: config }, weightsManifest: [] }),
    );
    expect(layers.metadata).toEqual({ config: JSON.stringify(config), keras_version: "2.15" });
    // As TensorFlow.js itself saves: without the frame that Keras puts around.
    expect((await read(json({ modelTopology: config, weightsManifest: [] }))).metadata).toEqual({
      config: JSON.stringify(config),
    });
    const graph = { node: [{ name: "x", op: "Placeholder" }], versions: {} };
    const found = await read(json({ modelTopology: graph, signature: { inputs: {} }, weightsManifest: [] }));
    expect(found.metadata).toEqual({ graph: JSON.stringify(graph), signature: '{"inputs":{}}' });
    expect(found.convention).toBe("none");
  });
});

describe("errors", () => {
  const damage = "The file is damaged, cut short or of another format: download or save it again.";
  const one = (entry: unknown, paths: unknown = ["w"]) => json([{ paths, weights: [entry] }]);

  test.each<[string, Uint8Array, string]>([
    [
      "JSON",
      new TextEncoder().encode("{"),
      `not a valid TensorFlow.js model: it is not valid JSON. ${damage}`,
    ],
    [
      "a manifest",
      json({ a: 1 }),
      "the file is JSON, but has no weightsManifest. Give the model.json of a TensorFlow.js model, with its shards beside it.",
    ],
    [
      "groups",
      json({ weightsManifest: 3 }),
      `not a valid TensorFlow.js model: the weights manifest is not a list of at most 100000 groups. ${damage}`,
    ],
    [
      "paths",
      one(weight("a", [1], "float32"), [3]),
      `not a valid TensorFlow.js model: a group of weights has no list "paths" of file names. ${damage}`,
    ],
    [
      "files",
      one(weight("a", [1], "float32"), ["w", "w"]),
      `not a valid TensorFlow.js model: the file "w" is listed twice. ${damage}`,
    ],
    [
      "sizes",
      one(weight("a", [5], "float32")),
      `not a valid TensorFlow.js model: 1 weights need 20 bytes, "w" has 8. ${damage}`,
    ],
    [
      "plain names",
      one(weight("a", [2], "float32"), ["../w"]),
      'it refers to "../w", which is no plain name of a file beside it. Files may refer to others in their own folder only.',
    ],
  ])("a file without proper %s", async (_, bytes, message) => {
    expect(await messageOf(() => read(bytes, { w: new Uint8Array(8) }))).toBe(
      `FormatError: model.json: ${message}`,
    );
  });

  test.each<[unknown, string]>([
    [
      weight("a", [-1], "float32"),
      `not a valid TensorFlow.js model: its shape is not a list of at most 16 whole numbers from 0 up. ${damage}`,
    ],
    [
      weight("a", [2 ** 40, 2 ** 40], "float32"),
      `not a valid TensorFlow.js model: its shape is larger than any file. ${damage}`,
    ],
    [
      weight("a", [2], "string"),
      'elements of type "string" are not supported. Weights are float32, float16, int32, int16, uint16, uint8 or bool.',
    ],
    [
      weight("a", [2], "float32", { dtype: "uint8", scale: "1", min: 0 }),
      `not a valid TensorFlow.js model: its quantization has no numbers scale and min. ${damage}`,
    ],
  ])("a weight %j", async (entry, message) => {
    expect(await messageOf(() => read(one(entry)))).toBe(`FormatError: model.json, tensor "a": ${message}`);
  });

  test("without a way to the files beside it", async () => {
    const bytes = one(weight("a", [2], "float32"));
    expect(await messageOf(() => readTensors(bytes, { name: "model.json" }))).toBe(
      'FormatError: model.json: its weights lie in "w", which cannot be read from here. Pass { sibling: (name) => bytes }, or load it by its path.',
    );
  });

  test("files broken in every manner are read or refused", async () => {
    const files = encodeTfjs({
      config: { class_name: "Sequential", config: { layers: [] } },
      weights: new Map([
        ["a/kernel", drawn([3, 4], 1)],
        ["a/bias", drawn([4], 2)],
      ]),
    });
    const shard = files.get("group1-shard1of1.bin") ?? new Uint8Array(0);
    const model = files.get("model.json") ?? new Uint8Array(0);
    await fuzzReader({ files: { model }, read: (bytes) => read(bytes, { "group1-shard1of1.bin": shard }) });
    await fuzzReader({
      files: { shard },
      read: (bytes) => read(model, { "group1-shard1of1.bin": bytes }),
      runs: 50,
    });
  });
});

test("encodeTfjs cuts weights into files of 4 MB, which give the same weights", async () => {
  const weights = new Map<string, Tensor>([
    ["conv/kernel", drawn([3, 3, 500, 300], 1)],
    ["conv/bias", drawn([300], 2)],
    ["pixels", new Tensor("uint8", [3], Uint8Array.of(1, 2, 3))],
  ]);
  const files = encodeTfjs({ config: { class_name: "Sequential", config: {} }, weights });
  const length = 4 * (3 * 3 * 500 * 300 + 300) + 3;
  expect([...files].slice(1).map(([name, { length: bytes }]) => [name, bytes])).toEqual([
    ["group1-shard1of2.bin", 4 * 2 ** 20],
    ["group1-shard2of2.bin", length - 4 * 2 ** 20],
  ]);
  const { tensors, metadata } = await read(
    files.get("model.json") ?? new Uint8Array(0),
    Object.fromEntries(files),
  );
  // Compared as bytes: an assertion that looks at a million numbers one by one takes seconds.
  const contents = (of: ReadonlyMap<string, Tensor>) =>
    [...of].map(([name, { dtype, shape, data }]) => [
      name,
      dtype,
      shape,
      createHash("sha256").update(data).digest("hex"),
    ]);
  expect(contents(tensors)).toEqual(contents(weights));
  expect(metadata).toEqual({ config: '{"class_name":"Sequential","config":{}}', keras_version: "2.15.0" });
  const doubles = new Map([["a", Tensor.zeros("float64", [1])]]);
  expect(await messageOf(() => encodeTfjs({ config: {}, weights: doubles }))).toBe(
    'FormatError: TensorFlow.js: "a" is of type float64, which TensorFlow.js does not have. Convert it first: tensor.as("float32").',
  );
});

const mobilenet = new URL("../../../../shared/data/mobilenet_v1_0.25_224/", import.meta.url);
const folder = process.env["FOVEA_DATA"]
  ? new URL(`file://${process.env["FOVEA_DATA"]}/mobilenet_v1_0.25_224/`)
  : mobilenet;

test.skipIf(!existsSync(new URL("model.json", folder)))(
  "MobileNetV1-0.25 in 55 files (skipped where ../shared/data is not there)",
  async () => {
    const file = async (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
    const { tensors } = await readTensors(await file("model.json"), { name: "model.json", sibling: file });
    expect(tensors.get("conv1/kernel")?.shape).toEqual([3, 3, 3, 8]);
    const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    // Keras documents 475,544 parameters, statistics included.
    expect(parameters).toBe(475_544);
    expect([...tensors.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
  },
);
