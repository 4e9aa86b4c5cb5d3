/** The two older layouts of PyTorch's files, made by hand: views of storages, and what in them makes no sense. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../../tensor/tensor.ts";
import {
  littleEndian,
  type PicklePart,
  pickleBytes,
  pickleName,
  pickleText,
} from "../../testing/pickle-bytes.ts";
import { dictPickle, tensorPickle } from "../../testing/pytorch-file.ts";
import { readPytorch } from "./reader.ts";

const read = (bytes: Uint8Array) => readPytorch(bytes, { name: "m.pth" });
const twoNumbers = new Uint8Array(Float32Array.of(1.5, -2).buffer);

describe("pickles one after another", () => {
  const magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const version = "M\xe9\x03.";

  /** The identifier of storage "0" with two elements, and perhaps a view of it. */
  function storage(view: PicklePart = "N", type = "FloatStorage"): Uint8Array {
    const parts = [
      pickleText("storage"),
      pickleName("torch", type),
      pickleText("0"),
      pickleText("cpu"),
      "K\x02",
      view,
    ];
    return pickleBytes("(", ...parts, "tQ");
  }

  function tensor(from = storage(), size = 2): Uint8Array {
    return dictPickle(tensorPickle("K\x00", ["K".charCodeAt(0), size, 0x85], "K\x01\x85", from));
  }

  interface Draft {
    readonly version?: PicklePart;
    readonly value?: PicklePart;
    readonly keys?: PicklePart;
    readonly data?: PicklePart;
  }

  function file(draft: Draft = {}): Uint8Array {
    const { value = tensor(), keys = pickleBytes("(", pickleText("0"), "l") } = draft;
    const data = draft.data ?? pickleBytes(littleEndian(2, 8), twoNumbers);
    return pickleBytes(magic, draft.version ?? version, "}.", value, ".", keys, ".", data);
  }

  test("they are read, whatever comes behind", async () => {
    const expected = [["w", Tensor.from([1.5, -2])]];
    expect([...(await read(file())).tensors]).toEqual(expected);
    expect([...(await read(pickleBytes(file(), "\0\0"))).tensors]).toEqual(expected);
  });

  test("a part of a storage, as versions before 0.4 have it", async () => {
    const view = pickleBytes(pickleText("1"), "K\x01K\x01\x87");
    const { tensors } = await read(file({ value: tensor(storage(view), 1) }));
    expect([...tensors]).toEqual([["w", Tensor.from([-2])]]);
    await expect(read(file({ value: tensor(storage(view), 2) }))).rejects.toThrow(
      'm.pth, tensor "w": not a valid PyTorch file: float32[2] with strides [1] from element 0 on does not lie inside',
    );
  });

  test.each<[string, Draft, string]>([
    ["another version", { version: "M\xea\x03." }, "its protocol is not 1001"],
    [
      "names in the version",
      { version: pickleBytes(pickleName("os", "system"), ".") },
      "the name os.system has no place here",
    ],
    ["references in the version", { version: "NQ." }, "a reference to something outside has no place here"],
    ["keys that are no list", { keys: "}" }, "it has no list of storages"],
    ["keys that are no texts", { keys: "(Nl" }, "a storage's key is no text"],
    [
      "a key that nobody has",
      { keys: pickleBytes("(", pickleText("7"), "l") },
      'no tensor has the storage "7"',
    ],
    [
      "a key twice",
      {
        keys: pickleBytes("(", pickleText("0"), pickleText("0"), "l"),
        data: pickleBytes(littleEndian(0, 16)),
      },
      'the storage "0" is there twice',
    ],
    ["no keys", { keys: "]" }, 'the storage "0" is not there'],
    [
      "fewer elements",
      { data: pickleBytes(littleEndian(1, 8), twoNumbers) },
      'the storage "0" has 4 bytes, a tensor says 2 elements of float32',
    ],
    [
      "more elements than bytes",
      { data: pickleBytes(littleEndian(2 ** 40, 8), twoNumbers) },
      "a storage needs 4398046511104 bytes from byte",
    ],
  ])("%s", async (_, draft, message) => {
    await expect(read(file(draft))).rejects.toThrow(`m.pth: not a valid PyTorch file: ${message}`);
  });

  test("a class with its source text is a whole module", async () => {
    const module = pickleBytes(
      pickleText("module"),
      pickleName("torch", "Size"),
      pickleText("class Net: ..."),
      "\x87Q",
    );
    await expect(read(file({ value: module }))).rejects.toThrow(
      "m.pth: the file holds a whole module (torch.Size)",
    );
    const nameless = pickleBytes(pickleText("module"), "NN\x87Q");
    await expect(read(file({ value: nameless }))).rejects.toThrow("a whole module (of a class of its own)");
  });
});

describe("a tar archive", () => {
  const golden = new Uint8Array(readFileSync(new URL("../golden/tar.pth", import.meta.url)));
  const latin1 = Buffer.from(golden).toString("latin1");

  /** The golden file with one text put in place of another of the same length. */
  function replaced(text: string, by: string): Uint8Array {
    expect(latin1).toContain(text);
    expect(by.length).toBe(text.length);
    return new Uint8Array(Buffer.from(latin1.replace(text, by), "latin1"));
  }

  test.each<[string, Uint8Array, string]>([
    ["a file that is missing", replaced("tensors", "Tensors"), 'the tar archive has no file "tensors"'],
    [
      "a size that is none",
      replaced("00000000247", "0000000024x"),
      'the size of "storages" in the tar archive is no',
    ],
    [
      "a size beyond the end",
      replaced("00000000247", "00000077777"),
      'the file "storages" of the tar archive needs',
    ],
    [
      "a type that is none",
      replaced("ctorch\nFloatStorage\n", "cbuiltins\nbytearray\n"),
      "a storage has no type",
    ],
    [
      "a count that is none",
      replaced("\x80\x02K\x02.\x80\x02K\x0b", "\x80\x02NN.\x80\x02K\x0b"),
      "a number of items is none from 0 to 1000000",
    ],
    [
      "a part beyond its storage",
      replaced("K\x0bK\x02K\x06t", "K\x0bK\x02K\x07t"),
      "a part of a storage lies outside of it",
    ],
    ["a part of nothing", replaced("K\x0bK\x02K\x06t", "K\x63K\x02K\x06t"), "a part of a storage has none"],
    [
      "a part without a size",
      replaced("K\x0bK\x02K\x06t", "K\x0bK\x02N2t"),
      "a part of a storage has no size",
    ],
    [
      "a storage that is not there",
      replaced("K\x15K\rX", "K\x15K\x63X"),
      "a tensor has a storage that is not there",
    ],
    [
      "a rank of 65",
      replaced("\x02\0\0\0\0\0\0\0\x03\0", "\x41\0\0\0\0\0\0\0\x03\0"),
      "65 dimensions are more than 64",
    ],
    ["a tensor's key", replaced("21q", "99q"), 'there is no tensor "99"'],
  ])("%s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(`m.pth: not a valid PyTorch file: ${message}`);
  });
});
