import { clip } from "../../../formats/format-errors.ts";
import type { Padding2d } from "../../../graph/index.ts";
import type { KerasOptions } from "../options.ts";
import { type Importer, single } from "./importer.ts";

function poolOf(options: KerasOptions) {
  options.requireChannelsLast();
  const padding = options.text("padding", "valid").toLowerCase();
  if (padding !== "valid" && padding !== "same") {
    throw options.error(`its padding is "${clip(padding, 40)}"`, 'Only "valid" and "same" are supported.');
  }
  const poolSize = options.pair("pool_size", [2, 2]);
  return { poolSize, strides: options.pair("strides", poolSize), padding } as const;
}

function globalOf(options: KerasOptions) {
  options.requireChannelsLast();
  return { keepDimensions: options.boolean("keepdims", false) };
}

/** Rows and columns at the four sides: one number, a pair, or a pair of pairs. */
function sidesOf(options: KerasOptions, name: string): Padding2d {
  options.requireChannelsLast();
  const isSize = (entry: unknown): entry is number => Number.isInteger(entry) && Number(entry) >= 0;
  const value: unknown = options.raw(name);
  const [rows = value, columns = value]: readonly unknown[] = Array.isArray(value) ? value : [];
  const [top = rows, bottom = rows]: readonly unknown[] = Array.isArray(rows) ? rows : [];
  const [left = columns, right = columns]: readonly unknown[] = Array.isArray(columns) ? columns : [];
  if (isSize(top) && isSize(bottom) && isSize(left) && isSize(right)) return { top, bottom, left, right };
  throw options.error(`"${name}" is not one number, two or two pairs`, "Save the model again.");
}

function interpolationOf(options: KerasOptions, fallback: "nearest" | "bilinear") {
  const interpolation = options.text("interpolation", fallback);
  if (interpolation === "nearest" || interpolation === "bilinear") return interpolation;
  throw options.error(
    `its interpolation is "${clip(interpolation, 40)}"`,
    'Only "nearest" and "bilinear" are supported.',
  );
}

const resizing: Importer = ({ options, make }) => {
  options.requireChannelsLast();
  for (const name of ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"]) {
    if (options.boolean(name, false))
      throw options.error(`it has ${name}`, "Resize images before prediction.");
  }
  const outputSize = [options.count("height"), options.count("width")] as const;
  // TensorFlow's nearest pixel: floor((i + 1/2) / scale).
  const layer = make("resize2d", {
    outputSize,
    interpolation: interpolationOf(options, "bilinear"),
    rounding: "roundPreferCeil",
  });
  return (inputs) => layer.apply(inputs);
};

/** Classes that pool, pad, cut and resize images, or put values into other shapes. */
export const imageImporters = {
  MaxPooling2D: single("maxPool2d", poolOf),
  MaxPool2D: single("maxPool2d", poolOf),
  AveragePooling2D: single("averagePool2d", poolOf),
  AvgPool2D: single("averagePool2d", poolOf),
  GlobalAveragePooling2D: single("globalAveragePool2d", globalOf),
  GlobalAvgPool2D: single("globalAveragePool2d", globalOf),
  GlobalMaxPooling2D: single("globalMaxPool2d", globalOf),
  GlobalMaxPool2D: single("globalMaxPool2d", globalOf),
  ZeroPadding2D: single("zeroPadding2d", (options) => ({ padding: sidesOf(options, "padding") })),
  Cropping2D: single("cropping2d", (options) => ({ cropping: sidesOf(options, "cropping") })),
  UpSampling2D: single("upSampling2d", (options) => {
    options.requireChannelsLast();
    return { size: options.pair("size", [2, 2]), interpolation: interpolationOf(options, "nearest") };
  }),
  Resizing: resizing,
  Flatten: single("flatten", (options) => {
    options.requireChannelsLast();
    return {};
  }),
  Reshape: single("reshape", (options) => ({ targetShape: options.wholeNumbers("target_shape") })),
  Permute: single("permute", (options) => ({ dims: options.wholeNumbers("dims") })),
} satisfies { readonly [className: string]: Importer };
