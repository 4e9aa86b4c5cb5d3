import { describe, expect, test } from "vitest";
import { FormatError } from "../../tensor/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { readTensors } from "../readers.ts";
import { decodeOnnxModel } from "./codec.ts";
import { encodeOnnxModel, type OnnxModelInit } from "./encode.ts";
import { onnxReader } from "./reader.ts";
import { dataLocation, dataType } from "./schema.ts";
import {
  type OnnxTensorInit,
  readOnnxTensor,
  rememberFiles,
  writeOnnxIntegers,
  writeOnnxTensor,
} from "./tensors.ts";
import { looksLikeOnnx } from "./wire.ts";

const decode = (bytes: Uint8Array) => decodeOnnxModel(bytes, { name: "m.onnx" });

function modelOf(...initializer: OnnxTensorInit[]): OnnxModelInit {
  return {
    irVersion: 8n,
    producerName: "test",
    opsetImport: [{ domain: "", version: 17n }],
    graph: {
      name: "g",
      node: [
        {
          opType: "Conv",
          name: "conv",
          input: ["x", "w"],
          output: ["y"],
          attribute: [{ name: "strides", type: 7, ints: [2n, 2n] }],
        },
      ],
      initializer,
      input: [
        {
          name: "x",
          type: {
            value: {
              case: "tensorType",
              value: {
                elemType: dataType.FLOAT,
                shape: {
                  dim: [
                    { value: { case: "dimParam", value: "batch" } },
                    { value: { case: "dimValue", value: 3n } },
                  ],
                },
              },
            },
          },
        },
      ],
    },
  };
}

/** The tensor as it is read from a file. */
async function throughFile(
  init: OnnxTensorInit,
  files: { readonly [name: string]: Uint8Array } | null = null,
): Promise<Tensor> {
  const { graph } = await decode(await encodeOnnxModel(modelOf(init)));
  const [proto] = graph?.initializer ?? [];
  const external = files && rememberFiles(async (name) => files[name] ?? new Uint8Array());
  return await readOnnxTensor(proto, 'm.onnx, tensor "w"', external);
}

const weights = Tensor.from([1.5, -2, 0.25, 3, 1e-20, -1e20], [1, 2, 3, 1]);
const raw = (...values: number[]) => Uint8Array.from(values);

const external = (...entries: [string, string][]): OnnxTensorInit => ({
  dims: [2n],
  dataType: dataType.UINT8,
  dataLocation: dataLocation.EXTERNAL,
  externalData: entries.map(([key, value]) => ({ key, value })),
});

describe("models", () => {
  test("what is written is read back", async () => {
    const bytes = await encodeOnnxModel(modelOf(writeOnnxTensor("w", weights)));
    expect(looksLikeOnnx(bytes)).toBe(true);
    const model = await decode(bytes);
    expect(model.irVersion).toBe(8n);
    expect(model.opsetImport.map(({ version }) => version)).toEqual([17n]);
    const { node: nodes, input: inputs } = model.graph ?? { node: [], input: [] };
    expect(nodes[0].attribute[0].ints).toEqual([2n, 2n]);
    const type = inputs[0].type?.value.value;
    expect(type?.elemType).toBe(1);
    expect(type?.shape?.dim.map(({ value }) => value.value)).toEqual(["batch", 3n]);
  });

  test("weights that are made in their turn are bytes of the same file", async () => {
    const made: string[] = [];
    const weight = (name: string) => ({
      name,
      shape: weights.shape,
      make: () => {
        made.push(name);
        return weights.data;
      },
    });
    const expected = await encodeOnnxModel(
      modelOf(writeOnnxTensor("v", weights), writeOnnxTensor("w", weights)),
    );
    expect(await encodeOnnxModel(modelOf(), [weight("v"), weight("w")])).toEqual(expected);
    expect(made).toEqual(["v", "w"]);
    const large = { ...weight("huge"), shape: [2 ** 29] };
    await expect(encodeOnnxModel({}, [large])).rejects.toThrow(
      "an ONNX file has at most 2147483647. Write the weights as safetensors: model.save(path).",
    );
    expect(made).toHaveLength(2);
  });

  test("other files do not look like one", () => {
    expect(looksLikeOnnx(new Uint8Array())).toBe(false);
    expect(looksLikeOnnx(new TextEncoder().encode('{"modelTopology": {}}'))).toBe(false);
    expect(looksLikeOnnx(raw(0x50, 0x4b, 3, 4))).toBe(false);
    expect(looksLikeOnnx(raw(0x80, 2, 0x8a, 10))).toBe(false);
    // A version and nothing else; a version and a graph that is longer than the file.
    expect(looksLikeOnnx(raw(8, 7))).toBe(false);
    expect(looksLikeOnnx(raw(8, 7, 0x3a, 9))).toBe(false);
  });
});

describe("tensors", () => {
  test("of ours are written raw and read as views", async () => {
    for (const tensor of [
      weights,
      new Tensor("float64", [2], Float64Array.of(1 / 3, -5)),
      new Tensor("int32", [3], Int32Array.of(-(2 ** 31), 0, 7)),
      new Tensor("uint32", [1], Uint32Array.of(2 ** 32 - 1)),
      new Tensor("uint8", [], Uint8Array.of(200)),
      Tensor.zeros("float32", [0, 3]),
    ]) {
      expect(await throughFile(writeOnnxTensor("w", tensor))).toEqual(tensor);
    }
    expect(await throughFile(writeOnnxIntegers("w", [1, -1, 224]))).toEqual(
      new Tensor("int32", [3], Int32Array.of(1, -1, 224)),
    );
  });

  test.each<[keyof typeof dataType, OnnxTensorInit, Tensor]>([
    ["FLOAT", { floatData: [1.5, -2] }, Tensor.from([1.5, -2])],
    ["DOUBLE", { doubleData: [0.1, -2] }, new Tensor("float64", [2], Float64Array.of(0.1, -2))],
    ["INT32", { int32Data: [-7, 8] }, new Tensor("int32", [2], Int32Array.of(-7, 8))],
    ["INT16", { int32Data: [-7, 8] }, new Tensor("int32", [2], Int32Array.of(-7, 8))],
    ["INT8", { int32Data: [-7, 8] }, new Tensor("int32", [2], Int32Array.of(-7, 8))],
    ["UINT16", { int32Data: [7, 65535] }, new Tensor("int32", [2], Int32Array.of(7, 65535))],
    ["UINT8", { int32Data: [7, 255] }, new Tensor("uint8", [2], Uint8Array.of(7, 255))],
    ["BOOL", { int32Data: [0, 1] }, new Tensor("uint8", [2], Uint8Array.of(0, 1))],
    ["FLOAT16", { int32Data: [0x3c00, 0xc000] }, Tensor.from([1, -2])],
    ["BFLOAT16", { int32Data: [0x3f80, 0xc000] }, Tensor.from([1, -2])],
    ["INT64", { int64Data: [-7n, 8n] }, new Tensor("int32", [2], Int32Array.of(-7, 8))],
    ["INT64", { int64Data: [0n, 2n ** 63n - 1n] }, new Tensor("float64", [2], Float64Array.of(0, 2 ** 63))],
    [
      "UINT32",
      { uint64Data: [7n, 2n ** 32n - 1n] },
      new Tensor("uint32", [2], Uint32Array.of(7, 2 ** 32 - 1)),
    ],
    ["UINT64", { uint64Data: [7n, 2n ** 40n] }, new Tensor("float64", [2], Float64Array.of(7, 2 ** 40))],
  ])("%s from its typed field %#", async (type, fields, expected) => {
    expect(await throughFile({ dims: [2n], dataType: dataType[type], ...fields })).toEqual(expected);
  });

  test.each<[keyof typeof dataType, Uint8Array, Tensor]>([
    ["FLOAT16", raw(0, 0x3c, 0, 0xc0), Tensor.from([1, -2])],
    ["BFLOAT16", raw(0x80, 0x3f, 0, 0xc0), Tensor.from([1, -2])],
    ["INT8", raw(255, 3), new Tensor("int32", [2], Int32Array.of(-1, 3))],
    ["BOOL", raw(1, 0), new Tensor("uint8", [2], Uint8Array.of(1, 0))],
    [
      "INT64",
      raw(255, 255, 255, 255, 255, 255, 255, 127, 1, 0, 0, 0, 0, 0, 0, 0),
      new Tensor("float64", [2], Float64Array.of(2 ** 63, 1)),
    ],
    [
      "INT64",
      raw(255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0),
      new Tensor("int32", [2], Int32Array.of(-1, 1)),
    ],
  ])("%s from raw bytes %#", async (type, rawData, expected) => {
    expect(await throughFile({ dims: [2n], dataType: dataType[type], rawData })).toEqual(expected);
  });

  test("from files beside", async () => {
    const files = { "w.bin": raw(9, 8, 7, 6) };
    const read = await throughFile(external(["location", "w.bin"], ["offset", "1"], ["length", "2"]), files);
    expect(read).toEqual(new Tensor("uint8", [2], raw(8, 7)));
    expect(await throughFile(external(["location", "w.bin"]), files)).toEqual(
      new Tensor("uint8", [2], raw(9, 8)),
    );
  });

  test.each<[OnnxTensorInit, string]>([
    [
      { dims: [2n], dataType: dataType.STRING, stringData: [raw(1), raw(2)] },
      "elements of type STRING are not",
    ],
    [{ dims: [2n], dataType: dataType.INT4, rawData: raw(1) }, "elements of type INT4 are not supported"],
    [
      { dims: [2n], dataType: 99 },
      "elements of type 99 are not supported. Export the model in FLOAT; read are",
    ],
    [{ dims: [2n], dataType: 1, rawData: raw(1, 2, 3) }, "FLOAT[2] needs 8 bytes, it has 3"],
    [{ dims: [2n], dataType: 1, floatData: [1] }, "[2] needs 2 elements, it has 1"],
    [{ dims: [2n], dataType: 1 }, "[2] needs 2 elements, it has 0"],
    [
      { dims: [1n], dataType: 1, floatData: [1], rawData: raw(1) },
      "[1] needs 1 elements, it has 1 and 1 raw bytes",
    ],
    [{ dims: [-2n], dataType: 1 }, "[-2] is no shape"],
    [{ dims: [2n ** 40n, 2n ** 40n], dataType: 1 }, "[1099511627776, 1099511627776] is no shape"],
    [{ dims: new Array(65).fill(1n), dataType: 1 }, "65 dimensions are more than 64"],
    [external(), "it lies in another file that has no name"],
    [external(["location", "w.bin"], ["offset", "3"]), 'bytes 3 to 5 go beyond "w.bin" of 4 bytes'],
    [external(["location", "w.bin"], ["offset", "-1"]), 'its offset "-1" is no whole number'],
    [external(["location", "w.bin"], ["length", "3"]), 'it needs 2 bytes of "w.bin", its length is 3'],
  ])("that do not fit are refused %#", async (init, text) => {
    const reading = throughFile(init, { "w.bin": raw(9, 8, 7, 6) });
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(text);
    await expect(reading).rejects.toThrow('m.onnx, tensor "w": ');
  });

  test("from files beside, where there are none", async () => {
    await expect(throughFile(external(["location", "w.bin"]))).rejects.toThrow(
      'its elements lie in the file "w.bin" beside the model. Read the model from its folder',
    );
  });
});

describe("the reader of tensors", () => {
  test("gives the initializers, with files beside", async () => {
    const outside = external(["location", "data/w.bin"], ["offset", "2"]);
    const model = modelOf(writeOnnxTensor("w", weights), { ...outside, name: "o" });
    const bytes = await encodeOnnxModel({
      ...model,
      producerName: "pytorch",
      metadataProps: [{ key: "licence", value: "MIT" }],
    });
    const asked: string[] = [];
    const sibling = async (name: string) => {
      asked.push(name);
      return raw(9, 8, 7, 6);
    };
    const read = await readTensors(bytes, { name: "m.onnx", sibling });
    expect(read).toEqual({
      format: "onnx",
      convention: "pytorch",
      tensors: new Map<string, Tensor>([
        ["w", weights],
        ["o", new Tensor("uint8", [2], raw(7, 6))],
      ]),
      metadata: { licence: "MIT", producer: "pytorch", "opset ai.onnx": "17" },
    });
    expect(asked).toEqual(["data/w.bin"]);
  });

  test("refuses names that occur twice and ways out of the folder", async () => {
    const twice = await encodeOnnxModel(
      modelOf(writeOnnxTensor("w", weights), writeOnnxTensor("w", weights)),
    );
    await expect(readTensors(twice, { name: "m.onnx" })).rejects.toThrow(
      'm.onnx, tensor "w": not a valid ONNX file: two initializers have this name.',
    );
    const upwards = await encodeOnnxModel(modelOf(external(["location", "../w.bin"])));
    const sibling = async () => raw();
    await expect(readTensors(upwards, { name: "m.onnx", sibling })).rejects.toThrow(
      'it refers to "../w.bin", which is no plain name of a file beside it',
    );
  });
});

describe("files of unknown origin", () => {
  test.each<[Uint8Array, string]>([
    [raw(0x08), "a number is cut short (byte 1)"],
    [raw(0x08, 0x80), "a number is cut short (byte 2)"],
    [raw(0x08, ...new Array(10).fill(0x80), 1), "a number has more than ten bytes (byte 11)"],
    [raw(0x00), "the tag 0 names no field"],
    [raw(0x0a, 0x01, 0x01), "ir_version is written with wire type 2, not 0"],
    [raw(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), "a field of 4294967295 bytes is announced where 0 are left"],
    // A graph whose node is longer than the graph, though not than the file.
    [raw(0x3a, 0x02, 0x0a, 0x05, 0, 0, 0, 0, 0), "a field of 5 bytes is announced where 0 are left"],
    [raw(0x7b), "wire type 3 is none that ONNX has"],
    // An initializer with three bytes of float_data, and with an int64 that goes on.
    [raw(0x3a, 7, 0x2a, 5, 0x22, 3, 0, 0, 0), "3 bytes of float_data are no whole numbers of 4 bytes"],
    [raw(0x3a, 5, 0x2a, 3, 0x3a, 1, 0x80), "the last number of int64_data is cut short"],
  ])("are refused with the place %#", async (bytes, text) => {
    await expect(decode(bytes)).rejects.toThrow(`m.onnx: not a valid ONNX file: ${text}`);
  });

  test("may not ask for more than they could need", async () => {
    const nodes = new Uint8Array(2 * 600_000).fill(0);
    for (let at = 0; at < nodes.length; at += 2) nodes[at] = 0x0a;
    await expect(decode(withGraph(nodes))).rejects.toThrow("more than 500000 nodes, attributes and texts");
    const integers = new Uint8Array(4_000_001);
    await expect(decode(withGraph(withField(0x2a, withField(0x3a, integers))))).rejects.toThrow(
      "more than 4000000 64-bit integers",
    );
  });

  test("broken in every manner they are read or refused", async () => {
    const half: OnnxTensorInit = { name: "h", dims: [2n], dataType: dataType.FLOAT16, int32Data: [15360, 0] };
    const model = modelOf(writeOnnxTensor("w", weights), writeOnnxIntegers("i", [1, 2]), half);
    await fuzzReader({
      read: (bytes) => onnxReader.read(bytes, { name: "m.onnx" }),
      files: { onnx: await encodeOnnxModel(model) },
    });
  });

  /** A length-delimited field. */
  function withField(tag: number, content: Uint8Array): Uint8Array {
    const { length } = content;
    const head = [
      tag,
      (length & 127) | 128,
      ((length >> 7) & 127) | 128,
      ((length >> 14) & 127) | 128,
      length >> 21,
    ];
    return Uint8Array.from([...head, ...content]);
  }

  function withGraph(content: Uint8Array): Uint8Array {
    return withField(0x3a, content);
  }
});
