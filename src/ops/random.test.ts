import { expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import { createBuild } from "./build.ts";
import { dropoutThreshold } from "./dropout.ts";
import { shiftOf } from "./load.ts";

const build = createBuild();
const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
const size = 40_000;
const x = build("input", [], { name: "x", shape: [size], dtype: "float32" });
const ones = new Float64Array(size).fill(1);

function dropped(rate: number, stream: number, words: readonly number[]): Float64Array {
  return evaluate([build("dropout", [x, key], { rate, stream })], { x: ones, key: words })[0];
}

test("dropout keeps the mean and drops at its rate", () => {
  const output = dropped(0.25, 3, [1, 2]);
  const zeros = output.filter((value) => value === 0).length;
  // Five standard deviations of a binomial: 5 sqrt(40000 * 0.25 * 0.75) = 433.
  expect(Math.abs(zeros - 10_000)).toBeLessThan(433);
  expect(new Set(output)).toEqual(new Set([0, 1 / 0.75]));
});

test("dropout's mask depends on key and stream, and on nothing else", () => {
  const base = dropped(0.5, 0, [1, 2]);
  expect(dropped(0.5, 0, [1, 2])).toEqual(base);
  for (const other of [dropped(0.5, 1, [1, 2]), dropped(0.5, 0, [2, 2]), dropped(0.5, 0, [1, 3])]) {
    const agreeing = other.filter((value, index) => value === base[index]).length;
    expect(Math.abs(agreeing - size / 2)).toBeLessThan(500);
  }
});

test("dropout's threshold stays in 32 bits", () => {
  expect([dropoutThreshold(0), dropoutThreshold(0.5), dropoutThreshold(1 - 2 ** -40)]).toEqual([
    0,
    2 ** 31,
    2 ** 32 - 1,
  ]);
});

test("shifts are uniform on [-shift, shift] and independent on both axes", () => {
  const counts = new Map<string, number>();
  const draws = 25_000;
  for (let index = 0; index < draws; index++) {
    const { dx, dy } = shiftOf([9, 4_000_000_000], index, 2);
    counts.set(`${dx},${dy}`, (counts.get(`${dx},${dy}`) ?? 0) + 1);
  }
  const places = [-2, -1, 0, 1, 2].flatMap((dx) => [-2, -1, 0, 1, 2].map((dy) => `${dx},${dy}`));
  expect([...counts.keys()].sort()).toEqual(places.sort());
  // Each of 25 places expects 1000; five standard deviations are 155.
  for (const [place, count] of counts) expect(Math.abs(count - 1000), place).toBeLessThan(155);
});

test("an example's shift does not depend on its place in the batch", () => {
  const images = build("input", [], { name: "images", shape: [3, 5, 5, 1], dtype: "uint8" });
  const pixels = Float64Array.from({ length: 75 }, (_, index) => index + 1);
  const load = (indices: readonly number[]) => {
    const node = build("input", [], { name: "indices", shape: [indices.length], dtype: "int32" });
    const loaded = build("loadImages", [images, node, key], { scale: 1, offset: 0, shift: 2 });
    return evaluate([loaded], { images: pixels, indices, key: [5, 6] })[0];
  };
  const [all, second] = [load([0, 1, 2]), load([1])];
  expect(all.slice(25, 50)).toEqual(second);
  expect(load([2, 0]).slice(25)).toEqual(all.slice(0, 25));
  expect(all).not.toEqual(pixels);
});
