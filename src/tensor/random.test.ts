import { describe, expect, it } from "vitest";
import { RandomStream, threefry2x32 } from "./random.ts";

describe("threefry2x32", () => {
  // Known answers of the Random123 distribution (kat_vectors, threefry2x32, 20 rounds).
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("key %j, counter %j", (key, [counter0, counter1], expected) => {
    expect(threefry2x32(key, counter0, counter1)).toEqual(expected);
  });
});

describe("RandomStream", () => {
  it("draws the first words of successive counters", () => {
    const stream = new RandomStream(7).split("test", 3);
    const expected = Array.from({ length: 100 }, (_, counter) => threefry2x32(stream.key, counter, 0)[0]);
    expect(Array.from({ length: 100 }, () => stream.bits())).toEqual(expected);
  });

  it("carries the counter over into its high word", () => {
    const stream = new RandomStream({ key: [1, 2], counter: 2 ** 32 - 1 });
    expect([stream.bits(), stream.bits()]).toEqual([
      threefry2x32([1, 2], 0xffffffff, 0)[0],
      threefry2x32([1, 2], 0, 1)[0],
    ]);
  });

  it("goes on from a saved state, and is not advanced by a split", () => {
    const stream = new RandomStream(1);
    stream.bits();
    stream.split("other");
    const copy = new RandomStream(stream.state);
    expect(copy.bits()).toBe(stream.bits());
  });

  it("gives different streams for different names, indices and seeds", () => {
    const firsts = [
      new RandomStream(1).split("a"),
      new RandomStream(1).split("b"),
      new RandomStream(1).split("a", 1),
      new RandomStream(2).split("a"),
      new RandomStream(2 ** 32 + 1).split("a"),
    ].map((stream) => stream.bits());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it("draws permutations in which every place sees every number alike", () => {
    const stream = new RandomStream(5);
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let round = 0; round < 4000; round++) {
      const order = stream.permutation(4);
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
      for (let place = 0; place < 4; place++) counts[place][order[place]]++;
    }
    // 1000 expected, standard deviation 27: five deviations.
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(137);
  });

  it("draws standard normals", () => {
    const stream = new RandomStream(3);
    const values = Array.from({ length: 20_000 }, () => stream.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});
