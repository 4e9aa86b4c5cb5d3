/** Files whose pickle is well formed and whose tensors, values or bytes are not. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measureAllocation } from "../../testing/allocation.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { type PicklePart, pickleBytes, pickleName, pickleText } from "../../testing/pickle-bytes.ts";
import { dictPickle, pytorchFile, storagePickle, tensorPickle } from "../../testing/pytorch-file.ts";
import { zipFile } from "../../testing/zip-file.ts";
import { ZipArchive } from "../zip/archive.ts";
import { readPytorch } from "./reader.ts";

const read = (bytes: Uint8Array) => readPytorch(bytes, { name: "m.pth" });
const readPickle = (...parts: PicklePart[]) => read(pytorchFile(pickleBytes(...parts, ".")));
const pair = tensorPickle("K\x00", "K\x02\x85", "K\x01\x85");

describe("tensors", () => {
  test.each<[string, Uint8Array, string]>([
    [
      "beyond the end",
      tensorPickle("K\x01", "K\x02\x85", "K\x01\x85"),
      "float32[2] with strides [1] from element 1 on does not lie inside its storage of 8 bytes",
    ],
    [
      "a stride beyond the end",
      tensorPickle("K\x00", "K\x02\x85", "K\x02\x85"),
      "float32[2] with strides [2] from element 0 on does not lie",
    ],
    [
      "products beyond all numbers",
      tensorPickle(
        "K\x00",
        `(${"\x8a\x06\xff\xff\xff\xff\xff\x1f".repeat(64)}t`,
        `(${"\x8a\x06\xff\xff\xff\xff\xff\x1f".repeat(64)}t`,
      ),
      "does not lie inside its storage of 8 bytes",
    ],
    [
      "a storage of other size",
      tensorPickle("K\x00", "K\x02\x85", "K\x01\x85", storagePickle("FloatStorage", [0x4b, 3])),
      "it has 8 bytes, its tensors say 3 elements of float32",
    ],
    [
      "a storage of other type",
      tensorPickle("K\x00", "K\x02\x85", "K\x01\x85", storagePickle("DoubleStorage")),
      "it has 8 bytes, its tensors say 2 elements of float64",
    ],
  ])("%s", async (_, value, message) => {
    await expect(readPickle(dictPickle(value))).rejects.toThrow(message);
  });

  test("a view that repeats one number endlessly is refused before it is written out", async () => {
    const repeated = tensorPickle("K\x00", "J\x00\x00\x00\x10\x85", "K\x00\x85");
    const allocated = await measureAllocation(async () => {
      await expect(readPickle(dictPickle(repeated))).rejects.toThrow(
        'm.pth, tensor "w": the tensors would take many times the size of the file, as views that repeat its data. If that is meant, save them as tensor.contiguous().',
      );
    });
    expect(allocated).toBeLessThan(100_000);
    const million = tensorPickle("K\x01", "J\x40\x42\x0f\x00\x85", "K\x00\x85");
    expect((await readPickle(dictPickle(million))).tensors.get("w")?.data.at(-1)).toBe(-2);
    // 17 of them come to more than the 64 MB.
    const many = Array.from({ length: 17 }, (__, index) => pickleBytes(pickleText(`w${index}`), million));
    await expect(readPickle("}(", ...many, "u")).rejects.toThrow(
      'm.pth, tensor "w16": the tensors would take',
    );
  });

  test.each(["neg", "conj"])("a view with its sign yet to be turned is refused: %s", async (kind) => {
    const metadata = pickleBytes("}", pickleText(kind), "\x88s");
    const lazy = pickleBytes(pair.subarray(0, -2), metadata, "tR");
    await expect(readPickle(dictPickle(lazy))).rejects.toThrow(
      `m.pth, tensor "w": it is a view with the sign of what it shows turned (${kind}), which is not supported. Save it as tensor.resolve_${kind}().`,
    );
    const plain = pickleBytes(pair.subarray(0, -2), "}", pickleText(kind), "\x89s", "tR");
    expect((await readPickle(dictPickle(plain))).tensors.size).toBe(1);
  });

  test("tensors in counters, queues and dictionaries with defaults are found", async () => {
    const of = (name: string, parameters: PicklePart) =>
      pickleBytes(pickleName("collections", name), parameters, "\x85R");
    const { tensors } = await readPickle(
      ...[
        "}(",
        pickleText("a"),
        of("Counter", dictPickle(pair)),
        pickleText("b"),
        of("deque", pickleBytes("]", pair, "a")),
      ],
      ...[pickleText("c"), of("defaultdict", pickleName("builtins", "list")), pickleText("x"), pair, "su"],
    );
    expect([...tensors.keys()]).toEqual(["a.w", "b.0", "c.x"]);
  });

  test("a storage that is not there", async () => {
    const bytes = zipFile([{ name: "m/data.pkl", bytes: pickleBytes(dictPickle(pair), ".") }]);
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
    const nested = dictPickle(dictPickle(pair));
    const { tensors, metadata } = await readPickle(
      ...["}(", pickleText("a"), nested, pickleText("optimizer"), nested, "K\x07", pair, "u"],
    );
    expect([...tensors.keys()]).toEqual(["a.w.w", "7"]);
    expect(metadata).toEqual({});
    const twice = ["}(", pickleText("a.w"), pair, pickleText("a"), dictPickle(pair), "u"];
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
