/**
 * An affine map of the plane, as `warpImages` takes it: a point (x, y) of what comes out lies at (a x + b y + c,
 * d x + e y + f) of what goes in. Pixels' centres are whole numbers; x runs to the right and y down.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Nothing moves. */
export const identityMap: Affine = [1, 0, 0, 0, 1, 0];

/** Whether nothing moves. */
export function isIdentity(map: Affine): boolean {
  return map.every((value, index) => value === identityMap[index]);
}

/**
 * What comes out when one change follows another: a point is sought by the later one first.
 *
 * @param earlier - from its result to the image
 * @param later - from its result to the earlier one's
 */
export function after(earlier: Affine, later: Affine): Affine {
  const [a, b, c, d, e, f] = earlier;
  const [p, q, r, s, t, u] = later;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

/** The linear map (a, b; d, e) about a point that stays where it is. */
export function about(x: number, y: number, a: number, b: number, d: number, e: number): Affine {
  return [a, b, x - a * x - b * y, d, e, y - d * x - e * y];
}

/** A box of an image, in pixels from its upper left corner, drawn out to a whole one of a size. */
export function boxTo(
  box: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
  height: number,
  width: number,
): Affine {
  const [across, down] = [box.width / width, box.height / height];
  // Edges of pixels lie half a pixel beside their centres.
  return [across, 0, box.left + across / 2 - 0.5, 0, down, box.top + down / 2 - 0.5];
}
