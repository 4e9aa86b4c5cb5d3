import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { fuzzReader } from "../testing/fuzz-reader.ts";
import { decodeNpy, encodeNpy } from "./npy.ts";

const golden = (name: string) => new Uint8Array(readFileSync(new URL(`golden/${name}.npy`, import.meta.url)));
const decode = (bytes: Uint8Array) => decodeNpy(bytes, { name: "x.npy" });
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const steps = range(6).map((value) => value * 3 - 4);
const quarters = Tensor.from(
  steps.map((value) => value / 4),
  [2, 3],
);

/** The arrays of golden/make-golden.py that have a type of the host. */
const arrays: readonly [string, Tensor][] = [
  ["f4", quarters],
  [
    "f8",
    new Tensor(
      "float64",
      [2, 3],
      Float64Array.from(steps, (value) => value / 3),
    ),
  ],
  ["i4", new Tensor("int32", [2, 3], Int32Array.from(steps))],
  [
    "u1",
    new Tensor(
      "uint8",
      [2, 3, 4, 1],
      Uint8Array.from(range(24), (value) => value * 10),
    ),
  ],
  ["u4", new Tensor("uint32", [2], Uint32Array.of(0, 2 ** 32 - 1))],
  ["scalar", Tensor.from([2.5], [])],
  ["vector", new Tensor("int32", [5], Int32Array.from(range(5)))],
  ["empty", Tensor.zeros("float32", [0, 3])],
];

/** A version 1.0 file with this header. */
function file(header: string, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(10 + text.length + dataLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  bytes.set(text, 10);
  return bytes;
}

describe("against NumPy", () => {
  test.each(arrays)("%s: the same bytes, the same values", (name, tensor) => {
    expect(encodeNpy(tensor)).toEqual(golden(name));
    expect(decode(golden(name))).toEqual(tensor);
  });

  test("other types are read into those of the host", () => {
    expect(decode(golden("i8"))).toEqual(
      new Tensor(
        "int32",
        [2, 3],
        Int32Array.from(steps, (value) => value * 1000),
      ),
    );
    expect(decode(golden("f2"))).toEqual(Tensor.from([0, -0.5, 65504, 2 ** -24, Infinity, -Infinity]));
    expect(decode(golden("b1"))).toEqual(new Tensor("uint8", [3], Uint8Array.of(1, 0, 1)));
  });

  test("versions 2.0 and 3.0 and Fortran's order", () => {
    expect(decode(golden("version2"))).toEqual(quarters);
    expect(decode(golden("version3"))).toEqual(quarters);
    expect(decode(golden("fortran"))).toEqual(Tensor.from(range(24), [2, 3, 4]));
  });

  test("types without a place on the host are refused with what to do", () => {
    expect(() => decode(golden("big-endian"))).toThrow(
      `x.npy: elements of type '>f4' are not supported. Save it as array.astype("<f4"), or another of <f4, <f8,`,
    );
    expect(() => decode(golden("complex"))).toThrow("x.npy: elements of type '<c8' are not supported.");
  });
});

describe("files of unknown origin", () => {
  const whole = encodeNpy(quarters);
  function changed(at: number, ...values: number[]): Uint8Array {
    const bytes = whole.slice();
    bytes.set(values, at);
    return bytes;
  }
  const dictionary = (shape: string) => `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}}`;

  test.each<[Uint8Array, string]>([
    [new Uint8Array(0), 'the file does not begin with the bytes 93 "NUMPY"'],
    [changed(0, 0x50), 'the file does not begin with the bytes 93 "NUMPY"'],
    [whole.subarray(0, 7), "the file ends before its version"],
    [changed(6, 4), "version 4.0 is none of 1.0, 2.0 and 3.0"],
    [changed(7, 1), "version 1.1 is none of 1.0, 2.0 and 3.0"],
    [whole.subarray(0, 9), "the file ends before its header"],
    [changed(6, 2, 0, 255, 255, 255, 255), "a header of 4294967295 bytes is more than 65535"],
    [changed(8, 255, 255), "a header of 65535 bytes is announced, the file has 152 in all"],
    [file(""), 'the header has something else than "{" at character 0'],
    [file("{'descr': '<f4'"), 'the header has something else than "}" at character 15'],
    [file("{} x"), "the header has something else than the end at character 3"],
    [file("{1: 2}"), "the header has something else than a text at character 1"],
    [file("{'descr': [('a', '<f4')]}"), "the header has something else than a text at character 10"],
    [file("{'fortran_order': False, 'shape': ()}"), "the header has no text 'descr'"],
    [
      file("{'descr': '<f4', 'fortran_order': '0', 'shape': ()}"),
      "the header has no True or False 'fortran_order'",
    ],
    [file("{'descr': '<f4', 'fortran_order': True, 'shape': True}"), "the header has no tuple 'shape'"],
    [file("{'descr': '<f4', 'descr': '<f4'}"), "the header has 'descr' twice"],
    [
      file("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': ''}"),
      "the header has more entries than it",
    ],
    [file(dictionary("(-1,)")), "the header has something else than a size at character 51"],
    [file(dictionary("(1.5,)")), "the header has something else than a size at character 51"],
    [file(dictionary("(9999999999999999,)")), "the size 9999999999999999 is too large"],
    [file(dictionary(`(${"1, ".repeat(65)})`), 4), "65 dimensions are more than NumPy's 64"],
    [file(dictionary("(2, 3)"), 20), "'<f4' [2, 3] needs 24 bytes of data, got 20"],
    [file(dictionary("(2, 3)"), 25), "'<f4' [2, 3] needs 24 bytes of data, got 25"],
  ])("is refused %#", (bytes, what) => {
    expect(() => decode(bytes)).toThrow(FormatError);
    expect(() => decode(bytes)).toThrow(`x.npy: not a valid .npy file: ${what}`);
    expect(() => decode(bytes)).toThrow(
      "damaged, cut short or of another format: save it again with numpy.save.",
    );
  });

  test("Python 2's long sizes are read, 64-bit integers that do not fit are refused", () => {
    expect(decode(file(dictionary("(1L, 2L)"), 8)).shape).toEqual([1, 2]);
    const wide = golden("i8");
    wide[wide.length - 1] = 0x7f;
    expect(() => decode(wide)).toThrow(
      /^x.npy: the 64-bit integer \d+ at index 5 does not fit into 32 bits\. Store/,
    );
  });

  test("cut at any byte it is refused", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => decode(whole.subarray(0, length))).toThrow(FormatError);
    }
  });

  test("broken in every manner it is read or refused", async () => {
    const readsOrRefuses = (bytes: Uint8Array) => {
      const tensor = decode(bytes);
      expect(tensor.data.length).toBe(sizeOf(tensor.shape));
    };
    const files = {
      f4: whole,
      f2: golden("f2"),
      i8: golden("i8"),
      fortran: golden("fortran"),
      version2: golden("version2"),
    };
    await fuzzReader({ read: readsOrRefuses, files });
  });
});
