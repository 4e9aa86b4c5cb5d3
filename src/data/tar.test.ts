import { describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { fuzzReader } from "../testing/fuzz-reader.ts";
import { type TarDraft, tarFile } from "../testing/tar-file.ts";
import { tarEntries } from "./tar.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Names and contents of an archive that comes in pieces of a size. */
async function readAll(bytes: Uint8Array, size = 100): Promise<[string, string][]> {
  const files: [string, string][] = [];
  for await (const { name, chunks } of tarEntries(inPieces(bytes, size), "a.tar")) {
    let content = "";
    for await (const chunk of chunks()) content += new TextDecoder().decode(chunk);
    files.push([name, content]);
  }
  return files;
}

const drafts: readonly TarDraft[] = [
  { name: "dir/", type: "5" },
  { name: "dir/a.txt", bytes: text("hello") },
  { name: "dir/link", type: "2" },
  { name: "b.txt", prefix: "very/long", bytes: text("x".repeat(512)) },
  { name: "empty", bytes: text("") },
  { name: "old", type: "\0", bytes: text("y".repeat(1500)) },
];
const files = [
  ["dir/a.txt", "hello"],
  ["very/long/b.txt", "x".repeat(512)],
  ["empty", ""],
  ["old", "y".repeat(1500)],
];

describe("tarEntries", () => {
  test.each([1, 100, 512, 700, 100_000])("plain files, in pieces of %i bytes", async (size) => {
    expect(await readAll(tarFile(drafts), size)).toEqual(files);
  });

  test("what is not taken is skipped, and what follows the end is not looked at", async () => {
    const names: string[] = [];
    const bytes = new Uint8Array([...tarFile(drafts), ...text("garbage")]);
    for await (const { name, size } of tarEntries(inPieces(bytes, 300), "a.tar"))
      names.push(`${name} ${size}`);
    expect(names).toEqual(["dir/a.txt 5", "very/long/b.txt 512", "empty 0", "old 1500"]);
  });

  test("the source is closed when the reader stops", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(tarFile(drafts), 512);
      } finally {
        closed = true;
      }
    }
    for await (const _ of tarEntries(source(), "a.tar")) break;
    expect(closed).toBe(true);
  });

  const whole = tarFile(drafts);
  const brokenSum = whole.slice();
  brokenSum[512] ^= 1;
  test.each<[Uint8Array, string]>([
    [text("<html>".repeat(200)), "there is no header at byte 0, or it is damaged (its checksum is wrong)"],
    [brokenSum, "there is no header at byte 512, or it is damaged"],
    [whole.subarray(0, 700), "it ends inside a header, after 700 bytes"],
    [whole.subarray(0, 1030), "it ends inside a file, after 1030 bytes"],
    [tarFile([{ name: "a", size: "-0000000005" }]), "the header at byte 0 has no size"],
    [tarFile([{ name: "a", size: "77777777777" }]), "it ends inside a file, after 1536 bytes"],
  ])("a bad archive is refused %#", async (bytes, message) => {
    const reading = readAll(bytes);
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(`a.tar: not a valid tar archive: ${message}`);
  });

  test("archives of many empty files end", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      const block = tarFile([{ name: "a" }]).subarray(0, 512);
      for (;;) yield block;
    }
    const count = async () => {
      for await (const _ of tarEntries(endless(), "a.tar")) {
        // Nothing is taken.
      }
    };
    await expect(count()).rejects.toThrow("it has more than 10000 entries");
  });

  test("whatever the bytes, they are read or refused", async () => {
    await fuzzReader({ read: (bytes) => readAll(bytes, 4096), files: { "a.tar": whole } });
  });
});
