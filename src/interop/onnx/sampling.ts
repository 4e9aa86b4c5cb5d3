import type { Coordinates, Rounding } from "../../layers/sampling.ts";

/** `coordinate_transformation_mode` of Resize, as far as layers know it. */
export const coordinates: { readonly [name: string]: Coordinates } = {
  half_pixel: "halfPixel",
  pytorch_half_pixel: "pytorchHalfPixel",
  align_corners: "alignCorners",
  asymmetric: "asymmetric",
};

/** `nearest_mode` of Resize. */
export const roundings: { readonly [name: string]: Rounding } = {
  round_prefer_floor: "roundPreferFloor",
  round_prefer_ceil: "roundPreferCeil",
  floor: "floor",
  ceil: "ceil",
};
