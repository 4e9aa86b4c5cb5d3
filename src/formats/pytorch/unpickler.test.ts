/** Pickles that were made to do harm, and such as no writer writes. */
import { describe, expect, test } from "vitest";
import { FormatError } from "../../tensor/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import {
  littleEndian,
  type PicklePart,
  pickleBytes,
  pickleName,
  pickleText,
} from "../../testing/pickle-bytes.ts";
import { dictPickle, pytorchFile, rebuildTensor, tensorPickle } from "../../testing/pytorch-file.ts";
import { zipFile } from "../../testing/zip-file.ts";
import { readPytorch } from "./reader.ts";

const read = (bytes: Uint8Array) => readPytorch(bytes, { name: "m.pth" });
const readPickle = (...parts: PicklePart[]) => read(pytorchFile(pickleBytes(...parts, ".")));
const pair = tensorPickle("K\x00", "K\x02\x85", "K\x01\x85");

test("made by hand as torch makes them, they are read", async () => {
  const { tensors } = await readPickle("\x80\x02", dictPickle(pair));
  expect([...tensors]).toEqual([["w", Tensor.from([1.5, -2])]]);
});

test.each(["torch.nn.parameter Parameter", "torch.autograd.variable Variable"])(
  "a parameter as versions before 0.4 wrote it: %s",
  async (name) => {
    const [module, type] = name.split(" ");
    // The class, its tensor, and the state that is set afterwards.
    const parameter = pickleBytes(pickleName(module, type), pair, "\x85R\x88\x89N\x87b");
    const { tensors } = await readPickle(dictPickle(parameter));
    expect([...tensors]).toEqual([["w", Tensor.from([1.5, -2])]]);
  },
);

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
    ["no storage", [rebuildTensor, ")R"], "a tensor's description makes no sense: it has no storage"],
    [
      "an offset below 0",
      [tensorPickle("J\xff\xff\xff\xff", "K\x02\x85", "K\x01\x85")],
      "a tensor's description makes no sense: its offset is no whole number from 0 up",
    ],
    [
      "a size below 0",
      [tensorPickle("K\x00", "J\xff\xff\xff\xff\x85", "K\x01\x85")],
      "a tensor's description makes no sense: its sizes or strides are no whole numbers",
    ],
    [
      "sizes and strides",
      [tensorPickle("K\x00", "K\x02\x85", ")")],
      "a tensor's description makes no sense: it has 1 sizes and 0 strides",
    ],
    [
      "rank",
      [tensorPickle("K\x00", `(${"K\x01".repeat(65)}t`, ")")],
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
    await expect(read(pytorchFile(pickleBytes("}")))).rejects.toThrow(
      "an operation needs 1 bytes from byte 1 on, there are 0",
    );
    const endless = new Uint8Array(2_100_000).fill("]".charCodeAt(0));
    await expect(read(pytorchFile(endless))).rejects.toThrow("it has more than 2000000 operations");
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
