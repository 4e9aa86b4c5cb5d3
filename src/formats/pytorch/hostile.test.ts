/** Files that were made to do harm, and pickles that no writer writes. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../tensor/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { measureAllocation } from "../../testing/allocation.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import {
  littleEndian,
  type PicklePart,
  pickleBytes,
  pickleName,
  pickleText,
} from "../../testing/pickle-bytes.ts";
import { zipFile } from "../../testing/zip-file.ts";
import { ZipArchive } from "../zip/archive.ts";
import { readPytorch } from "./reader.ts";

const rebuild = pickleName("torch._utils", "_rebuild_tensor_v2");
const orderedDict = pickleBytes(pickleName("collections", "OrderedDict"), ")R");
/** One storage of two float32 numbers. */
const twoNumbers = new Uint8Array(Float32Array.of(1.5, -2).buffer);

/** Parts of the identifier of storage "0". */
function storage(type = "FloatStorage", count: readonly number[] = [0x4b, 2]): Uint8Array {
  return pickleBytes(
    "(",
    pickleText("storage"),
    pickleName("torch", type),
    pickleText("0"),
    pickleText("cpu"),
    count,
    "tQ",
  );
}

/** A tensor: offset, sizes and strides as operations. */
function tensor(offset: PicklePart, sizes: PicklePart, strides: PicklePart, from = storage()): Uint8Array {
  return pickleBytes(rebuild, "(", from, offset, sizes, strides, "\x89", orderedDict, "tR");
}

/** A dictionary with the one entry "w". */
function dict(...value: PicklePart[]): Uint8Array {
  return pickleBytes("}", pickleText("w"), ...value, "s");
}

function file(pickle: Uint8Array, data: Uint8Array = twoNumbers): Uint8Array {
  return zipFile([
    { name: "m/data.pkl", bytes: pickle },
    { name: "m/data/0", bytes: data },
  ]);
}

const read = (bytes: Uint8Array) => readPytorch(bytes, { name: "m.pth" });
const readPickle = (...parts: PicklePart[]) => read(file(pickleBytes(...parts, ".")));
const pair = tensor("K\x00", "K\x02\x85", "K\x01\x85");

test("made by hand as torch makes them, they are read", async () => {
  const { tensors } = await readPickle("\x80\x02", dict(pair));
  expect([...tensors]).toEqual([["w", Tensor.from([1.5, -2])]]);
});

describe("names", () => {
  test.each([
    ["os", "system"],
    ["posix", "system"],
    ["builtins", "eval"],
    ["__builtin__", "eval"],
    ["builtins", "getattr"],
    ["subprocess", "Popen"],
    ["torch.hub", "load"],
    ["torch.serialization", "load"],
    ["torch", "load"],
    ["torch._utils", "__init__"],
    ["collections", "OrderedDict.__reduce__"],
    ["constructor", "constructor"],
    ["__proto__", "toString"],
    ["torch", "constructor"],
    ["torch", "toStringStorage"],
  ])("%s.%s is refused before anything is called", async (module, name) => {
    const shown = module === "__builtin__" ? `builtins.${name}` : `${module}.${name}`;
    const message = `m.pth, entry "m/data.pkl": the pickle asks for ${shown}, which no file of weights needs; nothing of it was run. Do not load it elsewhere unless you trust it.`;
    await expect(readPickle(pickleName(module, name), pickleText("true"), "\x85R")).rejects.toThrow(message);
    // The same by the operations of other protocols, and though nobody calls it.
    const onStack = pickleBytes("\x8c", [module.length], module, "\x8c", [name.length], name, "\x93");
    await expect(readPickle(onStack)).rejects.toThrow(message);
    await expect(readPickle("(", pickleText("true"), "i", `${module}\n${name}\n`)).rejects.toThrow(message);
  });

  test("classes of networks are told apart, and long names cut", async () => {
    await expect(readPickle(pickleName("torchvision.models.resnet", "ResNet"))).rejects.toThrow(
      "the file holds a whole module (torchvision.models.resnet.ResNet), whose code would have to be run, not its weights. Save its state dict",
    );
    await expect(readPickle(pickleName("x".repeat(250), "y"))).rejects.toThrow(
      /asks for x{100}\.\.\., which/,
    );
    await expect(readPickle(pickleName("x".repeat(257), "y"))).rejects.toThrow(
      "a module's name at byte 1 is longer than 256 bytes",
    );
  });

  test("a TorchScript archive says what to save", async () => {
    const archive = zipFile(
      ["m/data.pkl", "m/constants.pkl"].map((name) => ({ name, bytes: new Uint8Array(0) })),
    );
    await expect(read(archive)).rejects.toThrow(
      "m.pth: the file is a TorchScript archive: a program with its weights. Save its state dict, in Python: torch.save(torch.jit.load(FILE).state_dict(),",
    );
  });
});

describe("operations", () => {
  const huge = littleEndian(2 ** 40, 8);
  test.each<[string, PicklePart[], string]>([
    ["unknown", ["\xff"], "operation 0xff at byte 0 is not known or not allowed"],
    ["a registered extension", ["\x82\x01"], "operation 0x82 at byte 0 is not known or not allowed"],
    ["a buffer outside", ["\x97"], "operation 0x97 at byte 0"],
    ["a persistent identifier as text", ["P0\n"], "operation 0x50 at byte 0"],
    ["protocol", ["\x80\x06"], "protocol 6 is not known, only those up to 5"],
    ["an empty stack", ["0"], "an operation wants more values than there are"],
    ["too few values", ["K\x01\x86"], "an operation wants more values than there are"],
    ["values below a mark", ["K\x01(\x85"], "an operation wants more values than there are"],
    ["no mark", ["t"], "an operation wants a mark, and there is none"],
    ["no value", [], "it ends without a value"],
    ["an open mark", ["N("], "it ends without a value"],
    ["an unset memo", ["h\x07"], "memo number 7 is used before it is set"],
    ["a memo of text", ["gx\n"], '"x" is no memo number'],
    ["a huge text", ["X", littleEndian(2 ** 32 - 1, 4)], "a text of 4294967295 bytes is longer than 1048576"],
    [
      "a text beyond the end",
      ["X", littleEndian(1000, 4)],
      "a text needs 1000 bytes from byte 5 on, there are 1",
    ],
    ["a text of 2^40", ["\x8d", huge], "a text of 1099511627776 bytes is longer than 1048576"],
    [
      "a text of 2^64",
      ["\x8d", Array<number>(8).fill(255)],
      "a text's length is 18446744073709551615, more than any file has",
    ],
    ["bytes of 2^40", ["\x8e", huge], "bytes needs 1099511627776 bytes from byte 9 on"],
    ["a bytearray of 2^40", ["\x96", huge], "bytes needs 1099511627776 bytes from byte 9 on"],
    [
      "a huge number",
      ["\x8b", littleEndian(2 ** 32 - 1, 4)],
      "a number of 4294967295 bytes is longer than 64",
    ],
    ["a long number", ["\x8a\xff", new Uint8Array(255)], "a number of 255 bytes is longer than 64"],
    ["digits", [`L${"9".repeat(65)}\n`], `"${"9".repeat(20)}..." is no whole number`],
    ["no digits", ["I1e9\n"], '"1e9" is no whole number'],
    ["quotes", ["Sabc\n"], "a text has no quotes around it"],
    ["appending", ["}Na"], "values are appended to what is no list"],
    ["entries", ["]NNs"], "entries are put into what is no dictionary"],
    ["half an entry", ["}(Nu"], "an entry of a dictionary has no value"],
    ["a call of a number", ["K\x01)R"], "a value is called that is no function"],
    ["a call with a list", [pickleName("torch", "Size"), "]R"], "a call's parameters are no tuple"],
    [
      "a storage called",
      [pickleName("torch", "FloatStorage"), ")R"],
      "a value is called that is no function",
    ],
    ["identifier", ["NQ"], "a storage's identifier is no tuple"],
    [
      "other identifier",
      [pickleText("module"), "\x85Q"],
      'a storage\'s identifier does not begin with "storage"',
    ],
    ["identifier without type", [pickleText("storage"), "N\x86Q"], "a storage's identifier has no type"],
    [
      "a view of a view",
      ["(", pickleText("storage"), pickleName("torch", "FloatStorage"), "K\x00NK\x02K\x00K\x01K\x05\x87tQ"],
      "a storage's identifier has a view that makes no sense",
    ],
    [
      "no element type",
      [pickleName("torch._utils", "_rebuild_tensor_v3"), ")R"],
      "a tensor's description makes no sense: it has no element type",
    ],
    ["no storage", [rebuild, ")R"], "a tensor's description makes no sense: it has no storage"],
    [
      "an offset below 0",
      [tensor("J\xff\xff\xff\xff", "K\x02\x85", "K\x01\x85")],
      "a tensor's description makes no sense: its offset is no whole number from 0 up",
    ],
    [
      "a size below 0",
      [tensor("K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85")],
      "a tensor's description makes no sense: its sizes or strides are no whole numbers",
    ],
    [
      "sizes and strides",
      [tensor("K\x00", "K\x02\x85", ")")],
      "a tensor's description makes no sense: it has 1 sizes and 0 strides",
    ],
    [
      "rank",
      [tensor("K\x00", `(${"K\x01".repeat(65)}t`, ")")],
      "a tensor's description makes no sense: 65 dimensions are more than 64",
    ],
    [
      "a description of descriptions",
      [pickleName("torch._tensor", "_rebuild_from_type_v2"), "2N)\x87R"],
      "a tensor's description makes no sense: it is described by a description",
    ],
  ])("%s", async (_, parts, message) => {
    await expect(readPickle(...parts)).rejects.toThrow(FormatError);
    await expect(readPickle(...parts)).rejects.toThrow(
      `m.pth, entry "m/data.pkl": not a valid PyTorch file: ${message}`,
    );
  });

  test("a pickle that ends early or never", async () => {
    await expect(read(file(pickleBytes("}")))).rejects.toThrow(
      "an operation needs 1 bytes from byte 1 on, there are 0",
    );
    const endless = new Uint8Array(2_100_000).fill("]".charCodeAt(0));
    await expect(read(file(endless))).rejects.toThrow("it has more than 2000000 operations");
    const long = zipFile([{ name: "data.pkl", bytes: new Uint8Array(64 * 2 ** 20 + 1), crc: 0 }]);
    await expect(read(long)).rejects.toThrow(
      "m.pth: not a valid PyTorch file: a pickle of 67108865 bytes is longer than 67108864",
    );
  });

  test("plain values of every kind are passed over beside the weights", async () => {
    const { tensors } = await readPickle(
      ...["}(", pickleText("w"), pair],
      ...[
        pickleText("numbers"),
        "(I01\nI-7\nL99999999999999999999L\nF1.5\nJ\xff\xff\xff\xffM\x00\x01\x8a\x01\xfeG",
        [0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
        "l",
      ],
      ...[pickleText("texts"), "(S'a'\nVb\nU\x01cT", littleEndian(1, 4), "d\x8c\x01et"],
      ...[
        pickleText("bytes"),
        "(B",
        littleEndian(1, 4),
        "xC\x01y\x8e",
        littleEndian(1, 8),
        "z\x96",
        littleEndian(1, 8),
        "z\x91",
      ],
      ...[
        pickleText("set"),
        "\x8f(K\x01K\x02\x90",
        pickleText("none"),
        "N",
        pickleText("popped"),
        "K\x01K\x020(1",
      ],
      ...[
        pickleText("dict"),
        "(K\x01N\x89\x88d",
        pickleText("python 2"),
        pickleName("collections", "OrderedDict"),
        "(K\x01K\x02\x86l\x85R",
      ],
      ...[
        pickleText("made"),
        pickleName("argparse", "Namespace"),
        ")\x81}b",
        pickleText("kept"),
        pickleName("collections", "defaultdict"),
        pickleName("__builtin__", "list"),
        "\x85Rp9\n0g9\n",
      ],
      ...[
        pickleText("obj"),
        "(",
        pickleName("collections", "deque"),
        "o",
        pickleText("ex"),
        pickleName("builtins", "object"),
        ")}\x92",
      ],
      "u",
    );
    expect([...tensors]).toEqual([["w", Tensor.from([1.5, -2])]]);
  });
});

describe("tensors", () => {
  test.each<[string, Uint8Array, string]>([
    [
      "beyond the end",
      tensor("K\x01", "K\x02\x85", "K\x01\x85"),
      "float32[2] with strides [1] from element 1 on does not lie inside its storage of 8 bytes",
    ],
    [
      "a stride beyond the end",
      tensor("K\x00", "K\x02\x85", "K\x02\x85"),
      "float32[2] with strides [2] from element 0 on does not lie",
    ],
    [
      "products beyond all numbers",
      tensor(
        "K\x00",
        `(${"\x8a\x06\xff\xff\xff\xff\xff\x1f".repeat(64)}t`,
        `(${"\x8a\x06\xff\xff\xff\xff\xff\x1f".repeat(64)}t`,
      ),
      "does not lie inside its storage of 8 bytes",
    ],
    [
      "a storage of other size",
      tensor("K\x00", "K\x02\x85", "K\x01\x85", storage("FloatStorage", [0x4b, 3])),
      "it has 8 bytes, its tensors say 3 elements of float32",
    ],
    [
      "a storage of other type",
      tensor("K\x00", "K\x02\x85", "K\x01\x85", storage("DoubleStorage")),
      "it has 8 bytes, its tensors say 2 elements of float64",
    ],
  ])("%s", async (_, value, message) => {
    await expect(readPickle(dict(value))).rejects.toThrow(message);
  });

  test("a view that repeats one number endlessly is refused before it is written out", async () => {
    const repeated = tensor("K\x00", "J\x00\x00\x00\x10\x85", "K\x00\x85");
    const allocated = await measureAllocation(async () => {
      await expect(readPickle(dict(repeated))).rejects.toThrow(
        'm.pth, tensor "w": the tensors would take many times the size of the file, as views that repeat its data. If that is meant, save them as tensor.contiguous().',
      );
    });
    expect(allocated).toBeLessThan(100_000);
    const million = tensor("K\x01", "J\x40\x42\x0f\x00\x85", "K\x00\x85");
    expect((await readPickle(dict(million))).tensors.get("w")?.data.at(-1)).toBe(-2);
    // 17 of them come to more than the 64 MB.
    const many = Array.from({ length: 17 }, (__, index) => pickleBytes(pickleText(`w${index}`), million));
    await expect(readPickle("}(", ...many, "u")).rejects.toThrow(
      'm.pth, tensor "w16": the tensors would take',
    );
  });

  test("a storage that is not there", async () => {
    const bytes = zipFile([{ name: "m/data.pkl", bytes: pickleBytes(dict(pair), ".") }]);
    await expect(read(bytes)).rejects.toThrow('m.pth: not a valid zip archive: it has no entry "m/data/0"');
  });
});

describe("values", () => {
  test("no tensors at all, a tensor alone, a list of them", async () => {
    await expect(readPickle("}")).rejects.toThrow(
      'm.pth: the file holds no tensors. Save a state dict, in Python: torch.save(model.state_dict(), "weights.pth").',
    );
    expect([...(await readPickle(pair)).tensors.keys()]).toEqual(["tensor"]);
    expect([...(await readPickle("(", pair, pair, "l")).tensors.keys()]).toEqual(["0", "1"]);
  });

  test("nested dictionaries give names with dots; what optimizers keep is left out", async () => {
    const nested = dict(dict(pair));
    const { tensors, metadata } = await readPickle(
      ...["}(", pickleText("a"), nested, pickleText("optimizer"), nested, "K\x07", pair, "u"],
    );
    expect([...tensors.keys()]).toEqual(["a.w.w", "7"]);
    expect(metadata).toEqual({});
    const twice = ["}(", pickleText("a.w"), pair, pickleText("a"), dict(pair), "u"];
    await expect(readPickle(...twice)).rejects.toThrow(
      'm.pth: two tensors have the name "a.w". Save the state dict alone',
    );
  });

  test("the state dict is found below two usual keys; a prefix that one name lacks is kept", async () => {
    const two = pickleBytes("}(", pickleText("module.a"), pair, pickleText("b"), pair, "u");
    const { tensors, metadata } = await readPickle(
      "}",
      pickleText("model"),
      "}",
      pickleText("state_dict"),
      two,
      "ss",
    );
    expect([...tensors.keys()]).toEqual(["module.a", "b"]);
    expect(metadata).toEqual({ "pytorch.path": "model.state_dict" });
  });

  test("lists of lists of one list: neither deep nor wide ones take long", async () => {
    // 30 levels, each with the one below twice: 2^30 paths.
    const doubled = pickleBytes(
      "]q\x00",
      ...Array.from({ length: 30 }, (_, level) => `(h${char(level)}h${char(level)}lq${char(level + 1)}`),
    );
    await expect(readPickle(doubled)).rejects.toThrow(
      "m.pth: it holds more than 1000000 values. Save the state dict alone",
    );
    const deep = pickleBytes("]".repeat(100_000), "a".repeat(99_999));
    await expect(readPickle(deep)).rejects.toThrow("m.pth: its values are nested more than 32 deep");
    await expect(readPickle("]q\x00h\x00a")).rejects.toThrow(
      "m.pth: its values are nested more than 32 deep",
    );
    await expect(readPickle("}q\x00", pickleText("model"), "h\x00s")).rejects.toThrow(
      "m.pth: its values are nested",
    );
  });

  const char = (code: number) => String.fromCharCode(code);
});

describe("broken in every manner they are read or refused", () => {
  const golden = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../golden/${name}.pth`, import.meta.url)));

  /** The same archive without checksums, so that what is broken comes to the pickle and not to an end before it. */
  async function unchecked(bytes: Uint8Array): Promise<Uint8Array> {
    const archive = new ZipArchive(bytes, { name: "golden" });
    const drafts = archive.names.map(async (name) => ({ name, bytes: await archive.read(name), crc: 0 }));
    return zipFile(await Promise.all(drafts));
  }

  test.each(["zip", "protocol5", "checkpoint"])("%s, without checksums", async (name) => {
    const files = { [name]: await unchecked(golden(name)) };
    await fuzzReader({ read, files, runs: 600, memory: 70 * 2 ** 20 });
  });
});
