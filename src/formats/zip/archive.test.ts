import { deflateRawSync, crc32 as zlibCrc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../tensor/crc32.ts";
import { FormatError } from "../../tensor/errors.ts";
import { measureAllocation } from "../../testing/allocation.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { type ZipDraft, zipFile } from "../../testing/zip-file.ts";
import { ZipArchive, type ZipLimits, zipNames } from "./archive.ts";
import { zipPieces } from "./writer.ts";

const text = (value: string) => new TextEncoder().encode(value);
const open = (bytes: Uint8Array, limits?: ZipLimits) =>
  new ZipArchive(bytes, { name: "a.zip", ...(limits && { limits }) });
const plain: ZipDraft = { name: "a/b.txt", bytes: text("hello") };

function deflated(name: string, content: Uint8Array, draft: Partial<ZipDraft> = {}): ZipDraft {
  const bytes = new Uint8Array(deflateRawSync(content));
  return { name, bytes, method: 8, size: content.length, crc: crc32(content), ...draft };
}

async function readAll(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const archive = open(bytes);
  const contents = new Map<string, Uint8Array>();
  for (const name of archive.names) contents.set(name, await archive.read(name));
  return contents;
}

test("crc32 is that of zlib, for every remainder of eight", () => {
  // The standard's check value.
  expect(crc32(text("123456789"))).toBe(0xcbf43926);
  const bytes = Uint8Array.from({ length: 50 }, (_, index) => index * 37);
  for (let length = 0; length < 50; length++) {
    // Node 20 has no zlib.crc32.
    if (zlibCrc32 !== undefined)
      expect(crc32(bytes.subarray(0, length))).toBe(zlibCrc32(bytes.subarray(0, length)));
    expect(crc32(bytes.subarray(length), crc32(bytes.subarray(0, length)))).toBe(crc32(bytes));
    expect(crc32(bytes.subarray(3, 3 + length))).toBe(crc32(bytes.slice(3, 3 + length)));
  }
});

describe("archives as they should be", () => {
  const content4M = new Uint8Array(2 ** 22);
  const content = Uint8Array.from({ length: 5000 }, (_, index) => (index * index) >> 8);

  test("stored entries are views, deflated ones are inflated, folders are left out", async () => {
    const bytes = zipFile([plain, deflated("ü.bin", content), { name: "dir/", bytes: text("") }], {
      comment: "PK\u0005\u0006",
    });
    const archive = open(bytes);
    expect(archive.names).toEqual(["a/b.txt", "ü.bin"]);
    const stored = await archive.read("a/b.txt");
    expect(new TextDecoder().decode(stored)).toBe("hello");
    expect(stored.buffer).toBe(bytes.buffer);
    expect(await archive.read("ü.bin")).toEqual(content);
    expect(archive.has("ü.bin")).toBe(true);
    expect(archive.has("u.bin")).toBe(false);
    expect(zipNames(bytes)).toEqual(["a/b.txt", "ü.bin", "dir/"]);
  });

  test("64-bit sizes, in entries and at the end", async () => {
    const bytes = zipFile([{ ...plain, zip64: true }, deflated("z", content, { zip64: true })], {
      zip64: true,
    });
    expect([...(await readAll(bytes)).values()]).toEqual([text("hello"), content]);
  });

  test("an archive that would be too large is refused before anything is written", async () => {
    const none = new Uint8Array(0);
    const many = Array.from({ length: 65_536 }, (_, index) => ({ name: String(index), parts: [none] }));
    await expect(zipPieces(many, { compress: false }, "npz").next()).rejects.toThrow(
      "npz: 65536 arrays of 18676636 bytes are more than an archive of 4 GiB holds. Write a safetensors file.",
    );
    const large = { name: "l", parts: Array.from({ length: 1025 }, () => content4M) };
    await expect(zipPieces([large], { compress: false }, "npz").next()).rejects.toThrow("1 arrays of 42991");
  });

  test("an empty archive and empty entries", async () => {
    expect(open(zipFile([])).names).toEqual([]);
    const contents = await readAll(zipFile([{ name: "", bytes: text("") }, deflated("d", text(""))]));
    expect([...contents]).toEqual([
      ["", text("")],
      ["d", text("")],
    ]);
  });
});

describe("archives of unknown origin", () => {
  const whole = zipFile([plain]);
  const second: ZipDraft = { name: "second", bytes: text("xyz") };

  test.each<[string, Uint8Array, string]>([
    [
      "no directory",
      whole.subarray(0, -22),
      "a.zip: not a valid zip archive: its directory, which should be at its end",
    ],
    [
      "entries that are not there",
      zipFile([plain]).fill(0, whole.length - 75, whole.length - 74),
      "there is no entry of the directory at byte 42",
    ],
    ["the same name twice", zipFile([plain, plain]), 'the entry "a/b.txt" is there twice'],
    [
      "one over another",
      zipFile([plain, { ...second, offset: 0, localName: "a/b.txt" }]),
      "the directory and the entry's own header differ",
    ],
    ["one inside another", nested(), 'the entries "outer" and "inner" lie one over another'],
    [
      "beyond the entries",
      zipFile([{ ...plain, offset: 500 }]),
      'a.zip, entry "a/b.txt": not a valid zip archive: it is said to begin at byte 500',
    ],
    ["no local header", zipFile([{ ...plain, offset: 1 }]), "there is no entry at byte 1"],
    [
      "two names",
      zipFile([{ ...plain, localName: "c/b.txt" }]),
      "the directory and the entry's own header differ",
    ],
    [
      "a longer name",
      zipFile([{ ...plain, localName: "a/b.txt2" }]),
      "the directory and the entry's own header differ",
    ],
    ["encrypted", zipFile([{ ...plain, flags: 1 }]), "it is encrypted"],
    [
      "unknown method",
      zipFile([{ ...plain, method: 12 }]),
      "compression method 12 is neither stored (0) nor deflated (8)",
    ],
    ["stored sizes differ", zipFile([{ ...plain, size: 6 }]), "stored as it is, it has sizes 6 and 5"],
    [
      "checksum",
      zipFile([{ ...plain, crc: 1 }]),
      'a.zip, entry "a/b.txt": not a valid zip archive: its checksum is wrong',
    ],
    [
      "more than promised",
      zipFile([deflated("d", text("hello"), { size: 4 })]),
      "more comes of it than the promised 4 bytes",
    ],
    [
      "less than promised",
      zipFile([deflated("d", text("hello"), { size: 6 })]),
      "5 bytes come of it, 6 are promised",
    ],
    [
      "impossible size",
      zipFile([deflated("d", text("hello"), { size: 10_000_000 })]),
      "7 deflated bytes cannot hold the 10000000",
    ],
    [
      "no deflate",
      zipFile([{ name: "d", bytes: Uint8Array.of(7, 7), method: 8, size: 5 }]),
      "its deflated bytes make no sense",
    ],
    [
      "cut deflate",
      zipFile([{ ...deflated("d", text("hello")), bytes: Uint8Array.of(0xcb, 0x48) }]),
      "its deflated bytes make no sense",
    ],
    ["64-bit size missing", zipFile([{ ...plain, size: 0xffffffff }]), "its 64-bit sizes are not there"],
  ])("%s", async (_, bytes, message) => {
    await expect(readAll(bytes)).rejects.toThrow(FormatError);
    await expect(readAll(bytes)).rejects.toThrow(message);
  });

  /** An entry whose content is itself an entry, which the directory lists too: the way of bombs that nest. */
  function nested(): Uint8Array {
    const inner = zipFile([{ name: "inner", bytes: text("x") }]).subarray(0, 36);
    return zipFile([
      { name: "outer", bytes: inner },
      { name: "inner", bytes: text("x"), offset: 35 },
    ]);
  }

  test("too many entries, and names that do not exist", async () => {
    const many = zipFile([plain], { zip64: true });
    new DataView(many.buffer).setUint32(many.length - 22 - 20 - 56 + 24, 100_001, true);
    new DataView(many.buffer).setUint32(many.length - 22 - 20 - 56 + 32, 100_001, true);
    expect(() => open(many)).toThrow("a.zip: not a valid zip archive: 100001 entries are more than 100000");
    await expect(open(whole).read("c")).rejects.toThrow(
      'a.zip: not a valid zip archive: it has no entry "c"',
    );
  });

  test("a bomb is refused before it is inflated, alone or in parts", async () => {
    const size = 65 * 2 ** 20;
    const bomb = zipFile([{ name: "zeros", bytes: new Uint8Array(70_000), method: 8, size }]);
    const allocated = await measureAllocation(async () => {
      await expect(open(bomb).read("zeros")).rejects.toThrow(
        `a.zip, entry "zeros": the archive would come to more than 20 times its size of ${bomb.length} bytes. If that is meant, save it without compression`,
      );
    });
    expect(allocated).toBeLessThan(1e6);
    const parts = ["a", "b", "c"].map((name) => deflated(name, new Uint8Array(1000)));
    const archive = open(zipFile(parts), { inflated: 2500, ratio: 1 });
    await archive.read("a");
    await archive.read("b");
    await expect(archive.read("c")).rejects.toThrow('a.zip, entry "c": the archive would come to more');
  });

  test("one that gives more than it promises is stopped early", async () => {
    const bytes = deflated("zeros", new Uint8Array(2 ** 24), { size: 2 ** 20 });
    const allocated = await measureAllocation(async () => {
      await expect(open(zipFile([bytes])).read("zeros")).rejects.toThrow(
        "more comes of it than the promised",
      );
    });
    // The size promised, and what the inflater makes of one piece while it grows its buffer.
    expect(allocated).toBeLessThan(2 ** 26);
  });

  test("broken in every manner it is read or refused", async () => {
    const numbers = Uint8Array.from({ length: 300 }, (_, index) => index % 7);
    await fuzzReader({
      read: readAll,
      files: {
        plain: zipFile([plain, second, deflated("d", numbers)], { comment: "a comment" }),
        zip64: zipFile([{ ...plain, zip64: true }, deflated("d", numbers, { zip64: true })], { zip64: true }),
      },
      memory: 64 * 2 ** 20,
    });
  });
});
