import { describe, expect, it } from "vitest";
import { directCost, directGradientCost, winogradCost, winogradGradientCost } from "./convolution-cost.ts";
import type { TiledConvolution } from "./winograd-tiling.ts";

/** A convolution that keeps its image's size. */
function convolution(
  images: number,
  side: number,
  inputs: number,
  outputs: number,
  size = 3,
): TiledConvolution {
  const pad = (size - 1) / 2;
  const image = [images, side, side];
  return { input: [...image, inputs], output: [...image, outputs], size, padTop: pad, padLeft: pad };
}

describe("estimates for convolutions", () => {
  it("count the multiply-adds of the direct way, and little more where sums are long", () => {
    const wide = convolution(4, 56, 256, 256);
    const multiplyAdds = 4 * 56 * 56 * 9 * 256 * 256;
    expect(directCost(wide) / multiplyAdds).toBeGreaterThan(1);
    expect(directCost(wide) / multiplyAdds).toBeLessThan(1.01);
    expect(directGradientCost(wide) / multiplyAdds).toBeCloseTo(1, 1);
  });

  it("find Winograd three to four times cheaper for wide layers, as is measured", () => {
    for (const wide of [convolution(4, 56, 256, 256), convolution(4, 112, 128, 128)]) {
      const gain = directCost(wide) / winogradCost(wide, true);
      expect(gain).toBeGreaterThan(2.8);
      expect(gain).toBeLessThan(4);
      expect(directGradientCost(wide) / winogradGradientCost(wide)).toBeGreaterThan(1.9);
    }
  });

  it("find it dearer for few channels, where the transforms weigh more than the products", () => {
    const narrow = convolution(8, 28, 3, 8);
    expect(winogradCost(narrow, false)).toBeGreaterThan(directCost(narrow));
    // And for few tiles: then taking the gradient's sum back does.
    const small = convolution(1, 7, 16, 16);
    expect(winogradGradientCost(small)).toBeGreaterThan(2 * directGradientCost(small));
  });

  it("charge a filter's transform only where it is made in every step", () => {
    const few = convolution(1, 7, 512, 512);
    expect(winogradCost(few, false) - winogradCost(few, true)).toBe(512 * 512 * (800 - 250));
    expect(winogradCost(few, false)).toBeGreaterThan(directCost(few));
  });

  it("grow with the batch but for the filter", () => {
    const one = convolution(1, 28, 64, 64);
    const eight = convolution(8, 28, 64, 64);
    expect(directCost(eight)).toBe(8 * directCost(one));
    expect(winogradCost(eight, false) - winogradCost(one, false)).toBe(
      7 * (winogradCost(one, false) - 64 * 64 * 800),
    );
  });
});
