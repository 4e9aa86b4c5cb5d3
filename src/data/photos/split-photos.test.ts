import { describe, expect, test } from "vitest";
import { RandomStream } from "../../tensor/random.ts";
import { messageOf } from "../../testing/error-message.ts";
import { areAlike } from "./likeness.ts";
import { groupPhotos } from "./near-duplicates.ts";
import { type PhotoPart, photoParts, type SplitPhotosOptions, splitPhotos } from "./split-photos.ts";

/** Photos of each class: label 0 as often as the first number says, and so on. */
const labelsOf = (...counts: readonly number[]) =>
  counts.flatMap((count, label) => new Array<number>(count).fill(label));

function countsOf(options: SplitPhotosOptions): Record<PhotoPart, number>[] {
  const { parts } = splitPhotos(options);
  const labels = Array.from(options.labels);
  return [...new Set(labels)].map((label) => {
    const own = parts.filter((_, index) => labels[index] === label);
    const of = (wanted: PhotoPart) => own.filter((part) => part === wanted).length;
    return { train: of("train"), validation: of("validation"), test: of("test") };
  });
}

/** Bits as unlike each other as bits by chance are. */
function drawLikenesses(count: number, seed: number): Uint8Array[] {
  const random = new RandomStream(seed).split("likeness");
  return Array.from({ length: count }, () => Uint8Array.from({ length: 16 }, () => random.integer(256)));
}

function withFlips(likeness: Uint8Array, bits: readonly number[]): Uint8Array {
  const changed = likeness.slice();
  for (const bit of bits) changed[bit >> 3] ^= 1 << (bit & 7);
  return changed;
}

describe("splitPhotos", () => {
  test("each class in the given shares, every photo once", () => {
    const labels = labelsOf(100, 50, 10);
    expect(countsOf({ labels })).toEqual([
      { train: 70, validation: 10, test: 20 },
      { train: 35, validation: 5, test: 10 },
      { train: 7, validation: 1, test: 2 },
    ]);
    expect(countsOf({ labels, fractions: { validation: 0.25, test: 0 } })[0]).toEqual({
      train: 75,
      validation: 25,
      test: 0,
    });
    const { parts, indices } = splitPhotos({ labels });
    const all = photoParts.flatMap((part) => Array.from(indices[part], (index) => ({ index, part })));
    expect(all.length).toBe(160);
    for (const { index, part } of all) expect(parts[index]).toBe(part);
    for (const part of photoParts) expect(indices[part]).toEqual(indices[part].toSorted());
  });

  test("small classes: something to train on first, then to test with, then to validate with", () => {
    expect(countsOf({ labels: labelsOf(1, 2, 3, 4) })).toEqual([
      { train: 1, validation: 0, test: 0 },
      { train: 1, validation: 0, test: 1 },
      { train: 1, validation: 1, test: 1 },
      { train: 2, validation: 1, test: 1 },
    ]);
    expect(countsOf({ labels: labelsOf(2, 3), fractions: { validation: 0.45, test: 0.45 } })).toEqual([
      { train: 1, validation: 0, test: 1 },
      { train: 1, validation: 1, test: 1 },
    ]);
  });

  test("the same seed gives the same parts, another one others; a class's do not depend on the other classes", () => {
    const labels = labelsOf(60, 60);
    const first = splitPhotos({ labels, seed: 4 });
    expect(splitPhotos({ labels, seed: 4 })).toEqual(first);
    expect(splitPhotos({ labels, seed: 5 }).parts).not.toEqual(first.parts);
    expect(splitPhotos({ labels: labelsOf(60, 10), seed: 4 }).parts.slice(0, 60)).toEqual(
      first.parts.slice(0, 60),
    );
  });

  test("photos of the same bytes or of nearly the same looks go to one side", () => {
    const labels = labelsOf(40, 40);
    const likenesses = drawLikenesses(80, 1);
    const contentHashes = Array.from({ length: 80 }, (_, index) => `hash ${index}`);
    contentHashes[7] = contentHashes[3];
    likenesses[12] = withFlips(likenesses[11], [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99]);
    likenesses[13] = withFlips(likenesses[12], [1, 2, 3]);
    likenesses[50] = likenesses[3];
    for (let seed = 0; seed < 5; seed++) {
      const { parts, duplicates, contradictions, leaks } = splitPhotos({
        labels,
        contentHashes,
        likenesses,
        seed,
      });
      expect(duplicates).toEqual([
        [3, 7, 50],
        [11, 12, 13],
      ]);
      expect(contradictions).toEqual([[3, 7, 50]]);
      expect(leaks).toEqual([]);
      for (const group of duplicates) expect(new Set(group.map((index) => parts[index])).size).toBe(1);
    }
  });

  test("a class whose photos are all the same is trained on", () => {
    const contentHashes = ["a", "a", "a", "b", "c", "d"];
    expect(countsOf({ labels: labelsOf(3, 3), contentHashes })[0]).toEqual({
      train: 3,
      validation: 0,
      test: 0,
    });
  });

  test("parts that are given stay; what is like them joins them; what is on both sides is told", () => {
    const given: (PhotoPart | null)[] = ["train", "test", null, null, "validation", null];
    const contentHashes = ["a", "b", "b", "c", "d", ""];
    const { parts, leaks } = splitPhotos({ labels: [0, 0, 0, 0, 0, 0], given, contentHashes });
    expect([parts[0], parts[1], parts[2], parts[4]]).toEqual(["train", "test", "test", "validation"]);
    expect(leaks).toEqual([]);
    const leaking = splitPhotos({ labels: [0, 1], given: ["train", "test"], contentHashes: ["a", "a"] });
    expect(leaking.parts).toEqual(["train", "test"]);
    expect(leaking.leaks).toEqual([[0, 1]]);
  });

  test("says what is wrong with its options", async () => {
    expect(
      await messageOf(() => splitPhotos({ labels: [0], fractions: { test: 0.7, validation: 0.3 } })),
    ).toBe(
      "OptionError: data.splitPhotos: 0.3 of the photos to validate and 0.7 to test with leave none to train on. Give shares from 0 up whose sum is below 1, such as { validation: 0.1, test: 0.2 }.",
    );
    expect(await messageOf(() => splitPhotos({ labels: [0, 1], contentHashes: ["a"] }))).toBe(
      "OptionError: data.splitPhotos: there are 2 labels and 1 contentHashes. Give one for each photo, in the same order.",
    );
  });
});

describe("groupPhotos", () => {
  test("finds what a comparison of all pairs finds", () => {
    const random = new RandomStream(9);
    const seeds = drawLikenesses(60, 2);
    const likenesses = Array.from({ length: 400 }, () => {
      const flips = Array.from({ length: random.integer(16) }, () => random.integer(128));
      return withFlips(seeds[random.integer(60)], flips);
    });
    const firsts = Int32Array.from(likenesses, (_, index) => index);
    // Until nothing changes: a group is a chain of pairs.
    for (let changed = true; changed; ) {
      changed = false;
      for (let a = 0; a < 400; a++) {
        for (let b = 0; b < 400; b++) {
          if (firsts[b] <= firsts[a] || !areAlike(likenesses[a], likenesses[b])) continue;
          firsts[b] = firsts[a];
          changed = true;
        }
      }
    }
    expect(groupPhotos(400, { likenesses })).toEqual(firsts);
    expect(new Set(firsts).size).toBeGreaterThan(60);
  });

  test("photos without hash or likeness are like no other", () => {
    expect(groupPhotos(3, { contentHashes: ["", "", ""], likenesses: [null, null, null] })).toEqual(
      Int32Array.of(0, 1, 2),
    );
  });

  test("a hundred thousand photos take seconds", () => {
    const count = 100_000;
    const likenesses = drawLikenesses(count, 3);
    // Every tenth is a copy of the one before, and a tenth of all are blank.
    for (let index = 10; index < count; index += 10) {
      likenesses[index] = withFlips(likenesses[index - 1], [3, 50, 77, 120]);
      likenesses[index + 1] = new Uint8Array(16);
    }
    const before = process.cpuUsage();
    const firsts = groupPhotos(count, { likenesses });
    const { user } = process.cpuUsage(before);
    for (let index = 10; index < count; index += 10) {
      expect(firsts[index]).toBe(index - 1);
      expect(firsts[index + 1]).toBe(11);
    }
    expect(new Set(firsts).size).toBe(count - 2 * 9999 + 1);
    expect(user / 1e6).toBeLessThan(20);
  });
});
