import { describe, expect, test } from "vitest";
import { warpParts } from "../../ops/index.ts";
import { RandomStream, Tensor } from "../../tensor/index.ts";
import { augmentImages } from "./augment-images.ts";
import { drawStep, planAugmentations, stepKey } from "./draws.ts";
import * as augmentations from "./factories.ts";
import { symmetricBeta } from "./mixup.ts";

const shape = { height: 8, width: 10, channels: 3 };
const names = ["0", "1", "2"];
const many = 4000;

/** The drafts of many images in one step. */
function drafts(list: readonly unknown[], label: (index: number) => number | null = () => 0) {
  const { draft } = drawStep(planAugmentations(list, names), stepKey(7, 3), shape);
  return Array.from({ length: many }, (_, index) => draft({ index, label: label(index) }));
}

/** The record's map of an image. */
function mapOf(draft: ReturnType<typeof drafts>[number]): number[] {
  // No minus zeros: toEqual tells them from zeros.
  return Array.from(draft.record().subarray(warpParts.map, warpParts.colour), (value) => value + 0);
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("draws", () => {
  test("depend on the step, the image and the place in the list alone", () => {
    const list = [
      augmentations.rotation({ degrees: 20 }),
      augmentations.colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
      augmentations.cutout({ size: 3 }),
    ];
    const plan = planAugmentations(list, names);
    const record = (step: number, index: number) =>
      drawStep(plan, stepKey(7, step), shape).draft({ index, label: null }).record();
    expect(record(3, 5)).toEqual(record(3, 5));
    expect(record(3, 5)).not.toEqual(record(3, 6));
    expect(record(3, 5)).not.toEqual(record(4, 5));
    // A seed that is known keeps its draws: these were made when augmentation was new.
    const expected = [
      [1, -0.012, 0.041, 0.012, 1, -0.052],
      [1.203, -0.24, 0.016, -0.067, 1.118, -0.072, -0.242, -0.088, 1.309],
      [-0.032, -0.063, -0.012, -0.032, -0.063, -0.012, -0.032, -0.063, -0.012],
      [0, 0, 0, 4, 4, 7, 7, -1],
    ];
    expect(record(3, 5)).toBeCloseToTensor(expected.flat(), { absolute: 5e-4 });
    // What comes later in the list changes nothing of what comes before.
    const short = planAugmentations(list.slice(0, 1), names);
    const { draft } = drawStep(short, stepKey(7, 3), shape);
    expect([...draft({ index: 5, label: null }).record().subarray(0, 6)]).toEqual([
      ...record(3, 5).subarray(0, 6),
    ]);
  });

  test("a shift is whole and even over its reach", () => {
    const columns = drafts([augmentations.shift({ pixels: 2 })]).map((draft) => mapOf(draft)[2]);
    for (const pixels of [-2, -1, 0, 1, 2]) {
      const share = columns.filter((value) => value === pixels).length / many;
      expect(Math.abs(share - 0.2)).toBeLessThan(0.03);
    }
    const shares = drafts([augmentations.shift({ share: 0.25 })]).map((draft) => mapOf(draft));
    expect(new Set(shares.map(([, , column]) => column))).toEqual(new Set([-2, -1, 0, 1, 2]));
    expect(Math.max(...shares.map((map) => map[5]))).toBe(2);
  });

  test("a flip mirrors half of the images, of the classes that it may", () => {
    const flipped = drafts([augmentations.flip({ classes: ["1", 2] })], (index) => index % 3).map(
      (draft) => mapOf(draft)[0] === -1,
    );
    const ofClass = (label: number) => meanOf(flipped.filter((_, index) => index % 3 === label).map(Number));
    expect(ofClass(0)).toBe(0);
    for (const label of [1, 2]) expect(Math.abs(ofClass(label) - 0.5)).toBeLessThan(0.05);
    const unknown = drafts([augmentations.flip({ classes: [1] })], () => null);
    expect(unknown.every((draft) => mapOf(draft)[0] === 1)).toBe(true);
    const all = drafts([augmentations.flip({ vertical: true, probability: 1 })]);
    expect(mapOf(all[0])).toEqual([-1, 0, 9, 0, -1, 7]);
  });

  test("flips and shifts stay whole in whatever order: nothing is interpolated", () => {
    const list = [
      augmentations.flip(),
      augmentations.shift({ pixels: 3 }),
      augmentations.flip({ vertical: true }),
    ];
    for (const map of drafts(list).map(mapOf)) expect(map.every(Number.isInteger)).toBe(true);
  });

  test("geometry is composed in the list's order", () => {
    const flip = augmentations.flip({ probability: 1 });
    const move = augmentations.shift({ pixels: 3 });
    const [flipLast] = drafts([move, flip]);
    const [moveLast] = drafts([flip, move]);
    // The draws have the place in the list: take the move apart from where it is seen.
    const [, , columnOfMove] = mapOf(drafts([move])[0]);
    expect(mapOf(flipLast)[2]).toBe(9 + columnOfMove);
    expect(mapOf(moveLast)[0]).toBe(-1);
  });

  test("a random resized crop keeps within the image, its area and its ratio", () => {
    const { draft } = drawStep(
      planAugmentations([augmentations.randomResizedCrop({ scale: [0.2, 0.6], ratio: [0.5, 2] })], names),
      stepKey(1, 0),
      { ...shape, cropsAtSource: true },
    );
    const crops = Array.from({ length: many }, (_, index) => draft({ index, label: null }).crop);
    for (const crop of crops) {
      if (crop === null) throw new Error("no crop");
      const { top, left, height, width } = crop;
      expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
      expect(Math.max(top + height, left + width)).toBeLessThanOrEqual(1 + 1e-12);
      expect(height * width).toBeGreaterThan(0.2 - 1e-9);
      expect(height * width).toBeLessThan(0.6 + 1e-9);
      expect(width / height).toBeGreaterThan(0.5 - 1e-9);
      expect(width / height).toBeLessThan(2 + 1e-9);
    }
    // The map takes the same box where it is not cut out at the source.
    const [inMap] = drafts([augmentations.randomResizedCrop({ scale: [0.25, 0.25], ratio: [1, 1] })]);
    expect(inMap.crop).toBe(null);
    expect(mapOf(inMap)[0]).toBe(0.5);
    expect(mapOf(inMap)[4]).toBe(0.5);
  });

  test("cutout's square may reach beyond the edge, its middle may not", () => {
    const boxes = drafts([augmentations.cutout({ size: 4, value: 9 })]).map((draft) => [
      ...draft.record().subarray(warpParts.box),
    ]);
    for (const [top, left, bottom, right, value] of boxes) {
      expect([bottom - top, right - left, value]).toEqual([4, 4, 9]);
      expect(top).toBeGreaterThanOrEqual(-2);
      expect(bottom).toBeLessThanOrEqual(9);
      expect(right).toBeLessThanOrEqual(11);
    }
  });
});

describe("mixup", () => {
  test.each([0.2, 1, 3])("shares are beta distributed: alpha %d", (alpha) => {
    const random = new RandomStream(5);
    const values = Array.from({ length: 20_000 }, () => symmetricBeta(random, alpha));
    const mean = meanOf(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    // The variance of a beta distribution of (a, a) is 1 / (4 (2 a + 1)).
    const variance = meanOf(values.map((value) => (value - mean) ** 2));
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.03);
  });

  test("keeps the greater share, and takes everybody's partner once", () => {
    const shares = drafts([augmentations.mixup({ alpha: 0.4 })]).map(({ share }) => share);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    const step = drawStep(planAugmentations([augmentations.mixup()], names), stepKey(7, 3), shape);
    const examples = Array.from({ length: 9 }, (_, index) => ({ index, label: null }));
    const { partners } = step.batch(examples);
    expect([...partners].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(partners.every((partner, position) => partner !== position)).toBe(true);
    expect([...step.batch(examples.slice(0, 1)).partners]).toEqual([0]);
  });

  test("blends images of its classes with each other only", () => {
    const plan = planAugmentations([augmentations.mixup({ alpha: 5, classes: [1] })], names);
    const examples = Array.from({ length: 300 }, (_, index) => ({ index, label: index % 3 }));
    const { partners, shares } = drawStep(plan, stepKey(7, 3), shape).batch(examples);
    const mixed = shares.map((share) => (share < 1 ? 1 : 0));
    const may = partners.map((partner, position) => (position % 3 === 1 && partner % 3 === 1 ? 1 : 0));
    expect(mixed).toEqual(Float32Array.from(may));
    expect(mixed.filter(Boolean).length).toBeGreaterThan(20);
  });
});

describe("augmentImages", () => {
  const pixels = Uint8Array.from({ length: 2 * 8 * 10 * 3 }, (_, index) => (index * 37) % 256);
  const images = new Tensor("uint8", [2, 8, 10, 3], pixels);

  test("gives the same for the same seed, and leaves the images alone", () => {
    const list = [augmentations.randAugment({ operations: 3 }), augmentations.mixup()];
    const before = pixels.slice();
    const first = augmentImages(images, list, { seed: 2 });
    expect(pixels).toEqual(before);
    expect(first.images.data).toEqual(augmentImages(images, list, { seed: 2 }).images.data);
    expect(first.images.data).not.toEqual(augmentImages(images, list, { seed: 3 }).images.data);
    expect([...first.partners]).toEqual([1, 0]);
  });

  test("blends as the shares say", () => {
    const { images: mixed, partners, shares } = augmentImages(images, [augmentations.mixup({ alpha: 1 })]);
    const size = pixels.length / 2;
    const expected = Array.from(pixels, (value, at) => {
      const share = shares[Math.floor(at / size)];
      return Math.round(share * value + (1 - share) * pixels[(at + size) % (2 * size)]);
    });
    expect([...mixed.data]).toEqual(expected);
    expect([...partners]).toEqual([1, 0]);
  });

  test("without augmentations gives the images", () => {
    expect(augmentImages(images, []).images.data).toEqual(pixels);
  });
});
