import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32 } from "../tensor/crc32.ts";
import { Tensor } from "../tensor/tensor.ts";
import { fuzzReader } from "../testing/fuzz-reader.ts";
import { type ZipDraft, zipFile } from "../testing/zip-file.ts";
import { encodeNpy } from "./npy.ts";
import { decodeNpz } from "./npz.ts";

const decode = (bytes: Uint8Array) => decodeNpz(bytes, { name: "x.npz" });
const quarters = Tensor.from([0, 0.25, 0.5, 0.75, 1, 1.25], [2, 3]);
const pixels = new Tensor("uint8", [5], Uint8Array.of(1, 2, 3, 4, 5));

function deflated(name: string, content: Uint8Array): ZipDraft {
  const bytes = new Uint8Array(deflateRawSync(content));
  return { name, bytes, method: 8, size: content.length, crc: crc32(content) };
}

describe("decodeNpz", () => {
  test("arrays by name, stored and deflated", async () => {
    const file = zipFile([
      { name: "a.weight.npy", bytes: encodeNpy(quarters) },
      deflated("b/c.npy", encodeNpy(pixels)),
    ]);
    expect([...(await decode(file))]).toEqual([
      ["a.weight", quarters],
      ["b/c", pixels],
    ]);
  });

  test("errors name file and entry", async () => {
    await expect(decode(zipFile([{ name: "a.npy", bytes: Uint8Array.of(1) }]))).rejects.toThrow(
      'x.npz, entry "a.npy": not a valid .npy file: the file does not begin with the bytes 93 "NUMPY"',
    );
    await expect(decode(zipFile([{ name: "a.txt", bytes: Uint8Array.of(1) }]))).rejects.toThrow(
      'x.npz: the entry "a.txt" is no .npy file. Save arrays alone, with numpy.savez or numpy.savez_compressed.',
    );
  });

  test("broken in every manner it is read or refused", async () => {
    const files = {
      npz: zipFile([{ name: "a.npy", bytes: encodeNpy(quarters) }, deflated("b.npy", encodeNpy(pixels))]),
    };
    await fuzzReader({ read: decode, files, memory: 64 * 2 ** 20 });
  });
});
