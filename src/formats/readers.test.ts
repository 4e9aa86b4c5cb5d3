import { describe, expect, test } from "vitest";
import { Tensor } from "../tensor/tensor.ts";
import { zipFile } from "../testing/zip-file.ts";
import { encodeNpy } from "./npy.ts";
import { readTensors, sniffFormat } from "./readers.ts";
import { encodeSafetensors } from "./safetensors.ts";

const tensors = new Map([["w", Tensor.from([1, 2, 3])]]);
const read = (bytes: Uint8Array) => readTensors(bytes, { name: "x" });
const text = (value: string) => new TextEncoder().encode(value);
const npz = zipFile([{ name: "w.npy", bytes: encodeNpy(Tensor.from([1, 2, 3])) }]);

describe("readTensors", () => {
  test.each<[string, Record<string, string>]>([
    ["fovea", { "fovea.model": "{}" }],
    ["pytorch", { format: "pt" }],
    ["keras", { format: "tf" }],
    ["none", { format: "toString" }],
    ["none", {}],
  ])("safetensors of convention %s", async (convention, metadata) => {
    const found = await read(encodeSafetensors(tensors, metadata));
    expect(found).toEqual({ format: "safetensors", convention, tensors, metadata });
  });

  test("npz", async () => {
    expect(await read(npz)).toEqual({ format: "npz", convention: "none", tensors, metadata: {} });
  });

  test("tells what a file is by its bytes", () => {
    expect(sniffFormat(encodeSafetensors(tensors))).toBe("safetensors");
    expect(sniffFormat(npz)).toBe("npz");
    expect(sniffFormat(zipFile([{ name: "archive/data.pkl", bytes: text("") }]))).toBe("pytorch");
    expect(sniffFormat(zipFile([{ name: "model.weights.h5", bytes: text("") }]))).toBe("keras");
    expect(sniffFormat(zipFile([]))).toBeNull();
    expect(sniffFormat(new Uint8Array(0))).toBeNull();
  });

  test.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "x: the file is empty."],
    [
      "text",
      text("hello"),
      "x: this is none of the formats that tensors are read from. Known: safetensors (.safetensors), NumPy (.npz), PyTorch",
    ],
    [
      "zip cut",
      npz.subarray(0, -1),
      "x: the file begins as a zip archive, but its directory, which should be at its end, is missing or damaged. It was cut short: download",
    ],
    [
      "other zip",
      zipFile([{ name: "a.txt", bytes: text("") }]),
      "x: the file is a zip archive, but neither of NumPy nor of PyTorch nor of Keras. Known: safetensors",
    ],
  ])("%s: says what is known", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });
});
