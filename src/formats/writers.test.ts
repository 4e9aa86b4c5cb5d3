import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../tensor/tensor.ts";
import { messageOf } from "../testing/error-message.ts";
import { encodeNpz } from "./npz.ts";
import { readTensors } from "./readers.ts";
import { encodeTensors, tensorPieces, type WriterName, writerNames } from "./writers.ts";

const goldenPath = (format: WriterName) => new URL(`golden/written.${format}`, import.meta.url);

/** `written_values` of scripts/golden/formats.py. */
const tensors = new Map<string, Tensor>([
  [
    "conv.weight",
    Tensor.from(
      Array.from({ length: 36 }, (_, index) => index / 8),
      [2, 3, 3, 2],
    ),
  ],
  ["conv.bias", Tensor.from([0.5, -0.5])],
  ["steps", new Tensor("int32", [], Int32Array.of(7))],
  ["mask", new Tensor("uint8", [3], Uint8Array.of(0, 1, 255))],
  ["double", new Tensor("float64", [1, 1], Float64Array.of(1 / 3))],
]);
const sorted = (map: ReadonlyMap<string, Tensor>) => new Map([...map].sort());

describe.each(writerNames)("%s", (format) => {
  test("the bytes are those that PyTorch, NumPy and Keras have been seen to load (scripts/golden/formats.py)", async () => {
    const bytes = await encodeTensors(format, { tensors, convention: "pytorch" });
    // To record them again: FOVEA_RECORD=1, then the script, which loads them.
    if (process.env["FOVEA_RECORD"] === "1") writeFileSync(goldenPath(format), bytes);
    expect(bytes).toEqual(new Uint8Array(readFileSync(goldenPath(format))));
  });

  test("the pieces are the bytes", async () => {
    const content = { tensors, convention: "pytorch" } as const;
    const pieces: Uint8Array[] = [];
    for await (const piece of tensorPieces(format, content)) pieces.push(piece);
    expect(new Uint8Array(Buffer.concat(pieces))).toEqual(await encodeTensors(format, content));
  });

  test("what is written is read back, convention included where the format has a place for it", async () => {
    for (const convention of ["fovea", "pytorch", "keras", "none"] as const) {
      const bytes = await encodeTensors(format, { tensors, convention, metadata: { note: "kept" } });
      const read = await readTensors(bytes, { name: "written" });
      expect(sorted(read.tensors)).toEqual(sorted(tensors));
      if (format === "safetensors") {
        expect(read.convention).toBe(convention);
        expect(read.metadata["note"]).toBe("kept");
      }
    }
  });
});

test("unknown formats are refused", async () => {
  expect(await messageOf(() => encodeTensors("npy" as WriterName, { tensors }))).toBe(
    'OptionError: encodeTensors: there is no format "npy" that tensors are written in. Did you mean "npz"? Known: safetensors, npz.',
  );
  expect(() => tensorPieces("toString" as WriterName, { tensors })).toThrow(
    'tensorPieces: there is no format "toString" that tensors are written in. Known: safetensors, npz.',
  );
});

describe("encodeNpz", () => {
  test("arrays lie at multiples of 64 bytes and are read as views", async () => {
    const names = Array.from({ length: 70 }, (_, length) => "n".repeat(length));
    const many = new Map(names.map((name) => [name, Tensor.from([name.length])]));
    const bytes = await encodeNpz(many);
    const read = await readTensors(bytes, { name: "many.npz" });
    expect(read.tensors).toEqual(many);
    for (const { data } of read.tensors.values()) {
      expect(data.buffer).toBe(bytes.buffer);
      expect(data.byteOffset % 64).toBe(0);
    }
  });

  test("compressed", async () => {
    const zeros = new Map([["ünïcode", Tensor.zeros("float32", [1000])]]);
    const bytes = await encodeNpz(zeros, { compress: true });
    expect(bytes.length).toBeLessThan(400);
    expect((await readTensors(bytes, { name: "zeros.npz" })).tensors).toEqual(zeros);
    expect(
      (await readTensors(await encodeNpz(new Map([["", Tensor.from([1])]])), { name: "x" })).tensors.size,
    ).toBe(1);
  });

  test("names that an archive cannot hold", async () => {
    expect(await messageOf(() => encodeNpz(new Map([["\ud800", Tensor.from([1])]])))).toBe(
      'FormatError: npz: the name "\\ud800" cannot be that of an entry in a zip archive. Use well-formed text of up to 16000 characters.',
    );
    const long = new Map([["n".repeat(16_001), Tensor.from([1])]]);
    expect(await messageOf(() => encodeNpz(long))).toMatch(
      /^FormatError: npz: the name "n{200}\.\.\." cannot be/,
    );
  });
});
