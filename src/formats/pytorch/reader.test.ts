import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type DType, Tensor } from "../../tensor/tensor.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { readTensors } from "../readers.ts";
import { readPytorch } from "./reader.ts";

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../golden/${name}.pth`, import.meta.url)));
const read = (bytes: Uint8Array) => readPytorch(bytes, { name: "m.pth" });
const readGolden = async (name: string) => await readTensors(golden(name), { name: `${name}.pth` });

/** `numbers` of scripts/golden/formats.py. */
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index / 4 - 1);

function integers(dtype: "int32" | "uint8", ...values: number[]): Tensor {
  return new Tensor<DType>(
    dtype,
    [values.length],
    dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values),
  );
}

/** Element [i, j] of `base` there, a matrix of 4 rows and 6 columns. */
const base = (i: number, j: number) => (6 * i + j) / 4 - 1;

/** A matrix by formula. */
function matrix(rows: number, columns: number, element: (i: number, j: number) => number): Tensor {
  const values = Array.from({ length: rows * columns }, (_, at) =>
    element(Math.floor(at / columns), at % columns),
  );
  return Tensor.from(values, [rows, columns]);
}

/** The state dict of scripts/golden/formats.py. */
const state: readonly (readonly [string, Tensor])[] = [
  ["conv.weight", Tensor.from(numbers(24), [2, 3, 2, 2])],
  ["conv.bias", Tensor.from(numbers(2))],
  ["half", Tensor.from(numbers(3))],
  ["bfloat", Tensor.from(numbers(3))],
  ["double", new Tensor("float64", [2], Float64Array.of(-1 / 3, -0.75 / 3))],
  ["long", integers("int32", -1, 2 ** 31 - 1)],
  ["int", integers("int32", -5, 6)],
  ["short", integers("int32", -32768, 32767)],
  ["char", integers("int32", -128, 127)],
  ["byte", integers("uint8", 0, 255)],
  ["bool", integers("uint8", 1, 0)],
  ["num_batches_tracked", new Tensor("int32", [], Int32Array.of(1234567))],
  ["base", matrix(4, 6, base)],
  ["transposed", matrix(6, 4, (i, j) => base(j, i))],
  ["rows", matrix(2, 6, (i, j) => base(i + 1, j))],
  ["columns", matrix(4, 3, (i, j) => base(i, 2 * j + 1))],
  ["overlapping", matrix(3, 4, (i, j) => (5 + i + 2 * j) / 4 - 1)],
  ["repeated", matrix(2, 3, () => 0.5)],
  // [2, 3, 4] with its last axis in front.
  ["permuted", Tensor.from(matrix(4, 6, (i, j) => (4 * j + i) / 4 - 1).data, [4, 2, 3])],
  ["empty", Tensor.zeros("float32", [0, 3])],
];
const small = [
  ["w", matrix(3, 2, (i, j) => (3 * j + i) / 4 - 1)],
  ["n", integers("int32", 1, 2)],
] as const;

describe("files of torch.save", () => {
  test.each(["zip", "legacy"])("%s: a state dict with all types and kinds of views", async (name) => {
    const { format, convention, tensors, metadata } = await readGolden(name);
    expect([format, convention, metadata]).toEqual(["pytorch", "pytorch", {}]);
    expect([...tensors.keys()]).toEqual(state.map(([key]) => key));
    for (const [key, tensor] of state) expect(tensors.get(key), key).toEqual(tensor);
  });

  test("contiguous tensors of the host's types are views of the file, and share what they share in it", async () => {
    const bytes = golden("zip");
    const { tensors } = await read(bytes);
    const [whole, rows] = [tensors.get("base"), tensors.get("rows")];
    expect(whole?.data.buffer).toBe(bytes.buffer);
    expect(rows?.data.buffer).toBe(bytes.buffer);
    expect(rows?.data.byteOffset).toBe(Number(whole?.data.byteOffset) + 6 * 4);
  });

  test.each(["protocol5", "protocol4-legacy", "big-endian", "tar"])("%s", async (name) => {
    expect([...(await readGolden(name)).tensors]).toEqual(small);
  });

  test("types that only newer versions describe, and tensors with attributes", async () => {
    expect([...(await readGolden("untyped")).tensors]).toEqual([["u16", integers("int32", 1, 65535)]]);
    expect([...(await readGolden("attributes")).tensors]).toEqual([
      ["p", Tensor.from(numbers(2))],
      ["t", Tensor.from(numbers(2))],
    ]);
  });

  test("a checkpoint: its state dict without the wrapper's prefix, and nothing of the optimizer", async () => {
    const { tensors, metadata } = await readGolden("checkpoint");
    expect(metadata).toEqual({ "pytorch.path": "state_dict", "pytorch.prefix": "module." });
    expect([...tensors]).toEqual([
      ["0.weight", Tensor.from(numbers(4), [2, 2])],
      ["0.bias", Tensor.from(numbers(2))],
      ["1.weight", Tensor.from(numbers(2))],
      ["1.bias", Tensor.from(numbers(2))],
      ["1.running_mean", Tensor.from(numbers(2))],
      ["1.running_var", Tensor.from(numbers(2))],
      ["1.num_batches_tracked", new Tensor("int32", [], Int32Array.of(-1))],
    ]);
  });

  test.each(["module", "module-legacy"])("%s: a whole module is refused with what to save", async (name) => {
    await expect(readGolden(name)).rejects.toThrow(
      /module(-legacy)?\.pth.*: the file holds a whole module \(torch\.nn\.modules\.linear\.Linear\), whose code would have to be run, not its weights\. Save its state dict, in Python and if you trust the file: torch\.save\(torch\.load\(FILE, weights_only=False\)\.state_dict\(\), "weights\.pth"\)\./,
    );
  });

  test("what has no place here is refused by the tensor's name", async () => {
    await expect(readGolden("float8")).rejects.toThrow(
      'float8.pth, tensor "f8": elements of type float8_e4m3fn are not supported. Convert it before it is saved, to one of float32, float64,',
    );
    await expect(readGolden("sparse")).rejects.toThrow(
      'sparse.pth, tensor "q": it is sparse, which is not supported. Save it as tensor.to_dense().',
    );
  });
});

describe("broken in every manner they are read or refused", () => {
  test.each(["legacy", "protocol5", "checkpoint", "tar", "big-endian", "attributes"])("%s", async (name) => {
    await fuzzReader({ read, files: { [name]: golden(name) }, runs: 300, memory: 70 * 2 ** 20 });
  });
});
