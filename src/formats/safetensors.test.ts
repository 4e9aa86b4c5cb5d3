import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { sizeOf } from "../tensor/shape.ts";
import { allocate, type DType, Tensor } from "../tensor/tensor.ts";
import { fuzzReader } from "../testing/fuzz-reader.ts";
import { decodeSafetensors, encodeSafetensors, planSafetensors, safetensorsPieces } from "./safetensors.ts";

const golden = (name: string) => new Uint8Array(readFileSync(new URL(`golden/${name}`, import.meta.url)));
const decode = (bytes: Uint8Array) => decodeSafetensors(bytes, { name: "m.safetensors" });
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The tensors of golden/make-golden.py. */
const plain = new Map<string, Tensor>([
  [
    "layer1.0.conv1.weight",
    Tensor.from(
      range(12).map((value) => value / 8),
      [1, 2, 2, 3],
    ),
  ],
  [
    "a.double",
    new Tensor(
      "float64",
      [2, 3],
      Float64Array.from(range(6), (value) => (value * 3 - 4) / 3),
    ),
  ],
  [
    "b.integers",
    new Tensor(
      "int32",
      [2, 3],
      Int32Array.from(range(6), (value) => value * 3 - 4),
    ),
  ],
  ["c.pixels", new Tensor("uint8", [5], Uint8Array.from(range(5)))],
  ["d.unsigned", new Tensor("uint32", [2], Uint32Array.of(0, 2 ** 32 - 1))],
  ["scalar", Tensor.from([2.5], [])],
  ["empty", Tensor.zeros("float32", [0, 3])],
]);

/** A file with this header, exactly as given, and this many bytes of data. */
function file(header: unknown, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test("the pieces of a file are its bytes, and each tensor is asked for when its turn comes", async () => {
  const asked: string[] = [];
  const read = async (name: string) => {
    asked.push(name);
    return plain.get(name) ?? Tensor.from([]);
  };
  const whole = encodeSafetensors(plain, { about: "pieces" });
  const plan = planSafetensors(plain, { about: "pieces" });
  expect(plan.byteLength).toBe(whole.length);
  let position = 0;
  for await (const piece of safetensorsPieces(plain, { about: "pieces" }, read)) {
    expect(piece).toEqual(whole.subarray(position, position + piece.length));
    expect(asked).toEqual(plan.names.slice(0, asked.length));
    position += piece.length;
  }
  expect(position).toBe(whole.length);
  expect(asked).toEqual(plan.names);
});

describe("against the reference implementation", () => {
  test("writes the same bytes", () => {
    expect(encodeSafetensors(plain, { format: "np" })).toEqual(golden("plain.safetensors"));
  });

  test("reads its tensors and metadata", () => {
    const { tensors, metadata } = decode(golden("plain.safetensors"));
    expect(metadata).toEqual({ format: "np" });
    expect(new Map([...tensors].sort())).toEqual(new Map([...plain].sort()));
  });

  test("reads other types into those of the host", () => {
    const { tensors } = decode(golden("others.safetensors"));
    const found = Object.fromEntries(
      [...tensors].map(([name, { dtype, shape, data }]) => [name, [dtype, shape, [...data]]]),
    );
    expect(found).toEqual({
      batches: ["int32", [], [1234567]],
      half: ["float32", [6], [0, -0.5, 65504, 2 ** -24, Infinity, -Infinity]],
      flag: ["uint8", [3], [1, 0, 1]],
      small: ["int32", [2], [-128, 127]],
      short: ["int32", [2], [-32768, 32767]],
      ushort: ["int32", [2], [0, 65535]],
      ulong: ["int32", [2], [7, 2 ** 31 - 1]],
    });
    expect(decode(golden("bfloat16.safetensors")).tensors.get("bf")).toEqual(
      Tensor.from([1.5, -2, Infinity]),
    );
  });
});

describe("encodeSafetensors", () => {
  test("the same bytes whatever the order, data aligned to 8, names of any kind", () => {
    const metadata = { b: "2", a: "1", __proto__x: "3" };
    const one = encodeSafetensors(plain, metadata);
    const other = encodeSafetensors(new Map([...plain].reverse()), { a: "1", __proto__x: "3", b: "2" });
    expect(other).toEqual(one);
    expect(new DataView(one.buffer).getUint32(0, true) % 8).toBe(0);
    const odd = new Map([
      ["__proto__", Tensor.from([1])],
      ["😀\u0000", Tensor.from([2])],
      ["\uffff", Tensor.from([3])],
    ]);
    const { tensors } = decode(encodeSafetensors(odd, JSON.parse('{"__proto__":"text"}')));
    expect([...tensors.keys()]).toEqual(["__proto__", "\uffff", "😀\u0000"]);
    expect(decode(encodeSafetensors(new Map())).tensors.size).toBe(0);
  });

  test("decoded tensors are views of an aligned file, and right in an unaligned one", () => {
    const bytes = encodeSafetensors(plain);
    const weight = decode(bytes).tensors.get("layer1.0.conv1.weight");
    expect(weight?.data.buffer).toBe(bytes.buffer);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decode(shifted.subarray(3)).tensors).toEqual(decode(bytes).tensors);
    // Node's Buffer is a Uint8Array whose slice does not copy.
    expect(decode(Buffer.from(shifted.buffer, 3)).tensors).toEqual(decode(bytes).tensors);
  });

  test("refuses names and headers that the format cannot hold", () => {
    expect(() => encodeSafetensors(new Map([["__metadata__", Tensor.from([1])]]))).toThrow(
      'safetensors: "__metadata__" is reserved and cannot name a tensor. Rename the tensor.',
    );
    expect(() => encodeSafetensors(new Map([["\ud800", Tensor.from([1])]]))).toThrow(
      'safetensors: the text "\\ud800" holds half of a surrogate pair, which UTF-8 cannot hold. Use a well-formed',
    );
    expect(() => encodeSafetensors(new Map(), { text: "x".repeat(100_000_000) })).toThrow(
      "safetensors: the header would have 100000032 bytes, 100000000 are allowed. Shorten the metadata.",
    );
  });

  test("what is written is read back", () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const dtype = fc.constantFrom<DType>("float32", "float64", "int32", "uint32", "uint8");
    const tensor = fc.tuple(dtype, shape).chain(([type, sizes]) =>
      fc.infiniteStream(fc.nat(255)).map((values) => {
        const data = allocate(type, sizeOf(sizes));
        for (let index = 0; index < data.length; index++) data[index] = values.next().value;
        return new Tensor<DType>(type, sizes, data);
      }),
    );
    const name = fc.string({ unit: "grapheme" }).filter((text) => text !== "__metadata__");
    const metadata = fc.dictionary(name, fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor), { maxLength: 5 }), metadata, (entries, texts) => {
        const tensors = new Map(entries);
        const read = decode(encodeSafetensors(tensors, texts));
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(texts).sort());
        expect(read.tensors.size).toBe(tensors.size);
        for (const [key, value] of tensors) expect(read.tensors.get(key)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });
});

describe("files of unknown origin", () => {
  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 100_000_001n, true);
  const endless = new Uint8Array(16).fill(255, 0, 8);
  const badText = file("{  }");
  badText[9] = 0xff;
  const rankOf65 = new Array<number>(65).fill(1);

  test.each<[string, Uint8Array, string, string]>([
    ["too short", new Uint8Array(7), "", "7 bytes are too few for a header"],
    ["header too long", huge, "", "a header of 100000001 bytes is announced, at most 100000000 are allowed"],
    ["header endless", endless, "", "a header of 18446744073709552000 bytes is announced, at most 100000000"],
    ["header cut", file("{}").subarray(0, 9), "", "a header of 2 bytes is announced, the file has 9 in all"],
    ["no object", file("[]"), "", 'the header does not begin with "{"'],
    ["blank first", file(" {}"), "", 'the header does not begin with "{"'],
    ["not UTF-8", badText, "", "the header is not UTF-8 text"],
    ["not JSON", file("{"), "", "the header is not valid JSON"],
    ["twice", file('{"a":1,"\\u0061":1}'), "", 'the name "a" is there twice'],
    ["twice inside", file('{"a":{"dtype":"F32","dtype":"F64"}}'), "", 'the name "dtype" is there twice'],
    ["metadata list", file({ __metadata__: [] }), "", '"__metadata__" is not a JSON object'],
    ["metadata number", file({ __metadata__: { k: 1 } }), "", 'the metadata "k" is not a text'],
    ["no description", file({ w: 1 }), ', tensor "w"', "its description is not a JSON object"],
    ["no dtype", file({ w: entry(0, 4, [1], 4) }, 4), ', tensor "w"', "it has no dtype"],
    [
      "shape text",
      file({ w: { dtype: "F32", shape: "1" } }),
      ', tensor "w"',
      "its shape is not a list of whole",
    ],
    [
      "size half",
      file({ w: entry(0, 4, [0.5]) }, 4),
      ', tensor "w"',
      "its shape is not a list of whole numbers",
    ],
    [
      "size below 0",
      file({ w: entry(0, 4, [-1]) }, 4),
      ', tensor "w"',
      "its shape is not a list of whole numbers",
    ],
    ["rank", file({ w: entry(0, 4, rankOf65) }, 4), ', tensor "w"', "65 dimensions are more than 64"],
    [
      "offset missing",
      file({ w: { dtype: "F32", shape: [], data_offsets: [0] } }),
      ', tensor "w"',
      "its data_offsets",
    ],
    [
      "offset text",
      file({ w: { dtype: "F32", shape: [], data_offsets: ["0", 4] } }),
      ', tensor "w"',
      "its data_off",
    ],
    [
      "size wrong",
      file({ w: entry(0, 8, [3]) }, 8),
      ', tensor "w"',
      "F32[3] needs 12 bytes, its data_offsets 0 to 8",
    ],
    [
      "backwards",
      file({ w: entry(4, 0, [1]) }, 4),
      ', tensor "w"',
      "F32[1] needs 4 bytes, its data_offsets 4 to 0",
    ],
    [
      "product",
      file({ w: entry(0, 0, [2 ** 40, 2 ** 40]) }),
      ', tensor "w"',
      "F32[1099511627776, 1099511627776] needs",
    ],
    [
      "overlap",
      file({ v: entry(0, 8), w: entry(4, 8) }, 8),
      ', tensor "w"',
      "its bytes 4 to 8 overlap those of an",
    ],
    ["gap", file({ w: entry(4, 8) }, 8), ', tensor "w"', "the bytes 0 to 4 before it belong to no tensor"],
    ["beyond", file({ w: entry(0, 8) }, 4), ', tensor "w"', "its bytes 0 to 8 go beyond the 4 bytes of data"],
    ["left over", file({ w: entry(0, 4) }, 9), "", "5 bytes at the end of the file belong to no tensor"],
  ])("%s", (_, bytes, place, what) => {
    expect(() => decode(bytes)).toThrow(FormatError);
    expect(() => decode(bytes)).toThrow(`m.safetensors${place}: not a valid safetensors file: ${what}`);
    expect(() => decode(bytes)).toThrow("cut short or of another format: download or save it again.");
  });

  test("unsupported types and 64-bit integers that do not fit say what to do", () => {
    expect(() => decode(file({ w: entry(0, 4, [4], "F8_E4M3") }, 4))).toThrow(
      'm.safetensors, tensor "w": elements of type "F8_E4M3" are not supported. Convert it before it is saved, to one of BOOL, U8,',
    );
    expect(() => decode(file({ w: entry(0, 4, [4], "toString") }, 4))).toThrow(
      'type "toString" are not supported',
    );
    const wide = file({ w: entry(0, 16, [2], "I64") }, 16);
    wide[wide.length - 4] = 1;
    expect(() => decode(wide)).toThrow(
      'm.safetensors, tensor "w": the 64-bit integer 4294967296 at index 1 does not fit into 32 bits. Store integers between -2147483648',
    );
  });

  test("long names of unknown origin do not make long errors, long texts do not overflow", () => {
    const name = "n".repeat(1_000_000);
    expect(() => decode(file({ [name]: 1 }))).toThrow(/^.{0,500}$/);
    const text = '\\"'.repeat(5_000_000);
    expect(decode(encodeSafetensors(new Map(), { text })).metadata).toEqual({ text });
  });

  function readsOrRefuses(bytes: Uint8Array): void {
    try {
      for (const tensor of decode(bytes).tensors.values())
        expect(tensor.data.length).toBe(sizeOf(tensor.shape));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }

  const whole = encodeSafetensors(plain, { format: "np" });

  test("cut at any byte it is refused", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => decode(whole.subarray(0, length))).toThrow(FormatError);
    }
  });

  test("broken in every manner it is read or refused", async () => {
    const files = {
      plain: whole,
      others: golden("others.safetensors"),
      bfloat16: golden("bfloat16.safetensors"),
    };
    await fuzzReader({ read: readsOrRefuses, files });
  });

  test("any JSON as header is read or refused", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (value, fields) => {
        readsOrRefuses(file({ ...fields, w: value }, 4));
        readsOrRefuses(file({ w: { dtype: "F32", shape: value, data_offsets: [0, 4] } }, 4));
        readsOrRefuses(file({ w: { dtype: "F32", shape: [1], data_offsets: value } }, 4));
      }),
      { numRuns: 500 },
    );
  });
});
