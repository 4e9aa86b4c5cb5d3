import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError } from "../tensor/errors.ts";
import { sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { idxFile } from "../testing/idx-file.ts";
import { isGzip } from "./gzip.ts";
import { decodeIdxImages, decodeIdxLabels, unpackIdx } from "./idx.ts";

const name = "d/file";
const images = idxFile(
  [2, 2, 3],
  Array.from({ length: 12 }, (_, index) => index),
);
const labels = idxFile([3], [2, 0, 9]);

describe("decodeIdxImages and decodeIdxLabels", () => {
  test("read what is there", () => {
    const gray = new Tensor("uint8", [2, 2, 3, 1], Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    expect(decodeIdxImages(images, { name })).toEqual(gray);
    expect(decodeIdxImages(idxFile([1, 1, 1, 3], [7, 8, 9]), { name }).shape).toEqual([1, 1, 1, 3]);
    expect(decodeIdxLabels(labels, { name, classCount: 10 })).toEqual(
      new Tensor("int32", [3], Int32Array.of(2, 0, 9)),
    );
    expect(decodeIdxLabels(idxFile([1], [255]), { name }).data[0]).toBe(255);
  });

  test.each<[Uint8Array, string]>([
    [
      new Uint8Array(0),
      "not an IDX file of images: it begins with nothing, expected 00000803 or 00000804. Check",
    ],
    [
      new TextEncoder().encode("<!DOCTYPE html>"),
      "not an IDX file of images: it begins with 3c21444f, expected 00000803 or 00000804. Check that this is the right file, and download or copy it again.",
    ],
    [
      Uint8Array.of(0, 0, 8),
      "not an IDX file of images: it begins with 000008, expected 00000803 or 00000804.",
    ],
    [
      Uint8Array.of(0, 0, 13, 3),
      "its elements are 32-bit floats (magic 00000d03), expected unsigned bytes (00000803 or 00000804). Convert them to unsigned bytes, 0 to 255.",
    ],
    [
      labels,
      "1 dimensions (magic 00000801) are not those of images, expected 00000803 or 00000804. The files of images and labels seem to be swapped: check their names.",
    ],
    [
      idxFile([1, 1], [0]),
      "2 dimensions (magic 00000802) are not those of images, expected 00000803 or 00000804. Check",
    ],
    [
      images.subarray(0, 15),
      "the file ends inside its header: 16 bytes were expected, got 15. It is cut short: download or copy it again.",
    ],
    [
      images.subarray(0, 27),
      "images [2, 2, 3] make a file of 28 bytes, got 27. It is cut short: download or copy it again.",
    ],
    [
      Uint8Array.of(...images, 0),
      "images [2, 2, 3] make a file of 28 bytes, got 29. It is longer than its header says: download or copy it again.",
    ],
  ])("bad images are refused %#", (bytes, message) => {
    const decode = () => decodeIdxImages(bytes, { name });
    expect(decode).toThrow(FormatError);
    expect(decode).toThrow(`d/file: ${message}`);
  });

  test("bad labels are refused", () => {
    expect(() => decodeIdxLabels(images, { name })).toThrow(
      "d/file: 3 dimensions (magic 00000803) are not those of labels, expected 00000801. The files of images and labels seem to be swapped",
    );
    const decode = () => decodeIdxLabels(labels, { name, classCount: 9 });
    expect(decode).toThrow(DataError);
    expect(decode).toThrow(
      "d/file: the label at index 2 is 9, with 9 classes labels are 0 to 8. Correct that label, or check that the labels belong to this data set.",
    );
  });

  test("a file without images is a DataError", () => {
    const decode = () => decodeIdxImages(idxFile([0, 28, 28], []), { name });
    expect(decode).toThrow(DataError);
    expect(decode).toThrow(
      "d/file: there are no images in it: its shape is [0, 28, 28]. Pass a file with at least one",
    );
  });

  test("whatever the bytes, they are read or refused", () => {
    const change = fc.record({ at: fc.nat(images.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), fc.nat(images.length), (changes, length) => {
        const bytes = images.slice(0, length);
        for (const { at, to } of changes) if (at < length) bytes[at] = to;
        try {
          const tensor = decodeIdxImages(bytes, { name });
          expect(tensor.data.length).toBe(sizeOf(tensor.shape));
        } catch (error) {
          if (!(error instanceof FormatError || error instanceof DataError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("unpackIdx", () => {
  const packed = new Uint8Array(gzipSync(images));

  test("unpacks by content, and leaves the rest alone", async () => {
    expect(isGzip(packed)).toBe(true);
    expect(await unpackIdx(packed, { name })).toEqual(images);
    expect(await unpackIdx(images, { name })).toBe(images);
  });

  test("damaged, cut and too large gzip data are refused", async () => {
    const damaged = packed.slice();
    damaged.fill(0xff, 10);
    for (const bytes of [damaged, packed.slice(0, -1), packed.slice(0, 12), packed.slice(0, 2)]) {
      const unpacking = unpackIdx(bytes, { name });
      await expect(unpacking).rejects.toThrow(FormatError);
      await expect(unpacking).rejects.toThrow(
        "d/file: the gzip data are damaged or cut short. Download the file again.",
      );
    }
    const bomb = new Uint8Array(gzipSync(new Uint8Array(10_000_000)));
    await expect(unpackIdx(bomb, { name, maximumBytes: 1_000_000 })).rejects.toThrow(
      "d/file: the gzip data unpack to more than the 1000000 bytes allowed. Check that this is the right file; if it is, unpack it first (gunzip) and pass the unpacked file.",
    );
  });
});
