import { describe, expect, test } from "vitest";
import { digitOf, type Stroke, smooth } from "../../studio/src/ui/digit.ts";

/** The rectangle of all pixels that are not black. */
function extent(pixels: Uint8Array): { rows: [number, number]; columns: [number, number] } {
  const lit = [...pixels.entries()].filter(([, value]) => value > 0).map(([index]) => index);
  const rows = lit.map((index) => Math.floor(index / 28));
  const columns = lit.map((index) => index % 28);
  return {
    rows: [Math.min(...rows), Math.max(...rows)],
    columns: [Math.min(...columns), Math.max(...columns)],
  };
}

function massOf(pixels: Uint8Array): [x: number, y: number] {
  const total = pixels.reduce((sum, value) => sum + value, 0);
  const mean = (place: (index: number) => number) =>
    pixels.reduce((sum, value, index) => sum + value * (place(index) + 0.5), 0) / total;
  return [mean((index) => index % 28), mean((index) => Math.floor(index / 28))];
}

const line = (...points: readonly (readonly [number, number])[]): Stroke =>
  points.map(([x, y]) => ({ x, y }));

describe("a drawn digit", () => {
  test("nothing drawn is black", () => {
    expect(digitOf([])).toEqual(new Uint8Array(784));
    expect(digitOf([[]])).toEqual(new Uint8Array(784));
  });

  test("fills 20 pixels and has its centre of mass in the middle, wherever and however large it is drawn", () => {
    const seven = [line([0, 0], [1, 0], [0.4, 2])];
    const placed = (scale: number, x: number, y: number) =>
      digitOf(seven.map((stroke) => stroke.map((at) => ({ x: x + scale * at.x, y: y + scale * at.y }))));
    const pixels = placed(0.4, 0.3, 0.1);
    const { rows } = extent(pixels);
    // The softened edge of the pen may light one pixel more on each side.
    expect(rows[1] - rows[0] + 1).toBeGreaterThanOrEqual(20);
    expect(rows[1] - rows[0] + 1).toBeLessThanOrEqual(22);
    for (const at of massOf(pixels)) expect(Math.abs(at - 14)).toBeLessThanOrEqual(0.75);
    expect(Math.max(...pixels)).toBe(255);
    expect(placed(0.2, 0.05, 0.5)).toEqual(pixels);
  });

  test("the pen is as wide for small drawings as for large ones", () => {
    const inkOf = (height: number) =>
      digitOf([line([0.5, 0.1], [0.5, 0.1 + height])]).reduce((sum, v) => sum + v, 0);
    expect(inkOf(0.2)).toBe(inkOf(0.8));
    // A line of 17.5 x 2.5 pixels with round ends, 255 each.
    expect(inkOf(0.8) / 255).toBeCloseTo(17.5 * 2.5 + Math.PI * 1.25 ** 2, -1);
  });

  test("a dot stays a dot", () => {
    const pixels = digitOf([line([0.2, 0.9])]);
    const { rows, columns } = extent(pixels);
    expect([rows[1] - rows[0], columns[1] - columns[0]]).toEqual([3, 3]);
    for (const at of massOf(pixels)) expect(at).toBeCloseTo(14, 5);
  });

  test("smoothing keeps the ends and cuts corners", () => {
    const smoothed = smooth(line([0, 0], [1, 0], [1, 1]));
    expect(smoothed[0]).toEqual({ x: 0, y: 0 });
    expect(smoothed.at(-1)).toEqual({ x: 1, y: 1 });
    expect(smoothed.some(({ x, y }) => x === 1 && y === 0)).toBe(false);
    expect(smooth(line([0, 0], [1, 1]))).toEqual(line([0, 0], [1, 1]));
  });
});
