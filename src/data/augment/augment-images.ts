import { type WarpSource, warpImage } from "../../ops/index.ts";
import { checkOptions, field, nullable, withFallback } from "../../options/index.ts";
import { DataError, formatShape, OptionError, ShapeError, Tensor } from "../../tensor/index.ts";
import { changeBytes } from "./bytes.ts";
import type { Draft } from "./draft.ts";
import { drawStep, planAugmentations, stepKey } from "./draws.ts";

/** How {@link augmentImages} draws. */
export interface AugmentImagesOptions {
  /** As the seed of `fit`. Default 0. */
  readonly seed?: number;
  /** The step whose draws are made, counted from 0. Default 0. */
  readonly step?: number;
  /** The images' classes, for augmentations that are limited to some; default `null`, not known: those do nothing. */
  readonly labels?: ArrayLike<number> | null;
  /** The names of all classes, for augmentations that name theirs. Default none: classes are numbers. */
  readonly classNames?: readonly string[] | null;
}

/** What {@link augmentImages} gives. */
export interface AugmentedImages {
  /** Shapes: `[N, H, W, C]`; rounded to whole bytes. */
  readonly images: Tensor<"uint8">;
  /** With which image each is blended, by its position. Shapes: `[N]` */
  readonly partners: Int32Array;
  /** How much of each image is its own, in [0, 1]: 1 without mixup. Shapes: `[N]` */
  readonly shares: Float32Array;
}

const where = "data.augmentImages";

const countField = field(
  "a whole number of at least 0",
  (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
);

const isList = (value: unknown): value is ArrayLike<number> =>
  typeof value === "object" && value !== null && "length" in value;

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

const fields = {
  seed: withFallback(countField, 0),
  step: withFallback(countField, 0),
  labels: nullable(field("a list of the images' classes", isList)),
  classNames: nullable(field("a list of names", isNames)),
};

/** Classes by number, where names are not known. */
const mostClasses = 2 ** 16;

/**
 * Images as a step of training with the same augmentations and seed would see them: those of a data set whose first
 * images they are. For looking at them; in training the engine does the same, in one pass and without rounding to bytes.
 *
 * Shapes: images uint8 `[N, H, W, C]` to the same.
 *
 * @param augmentations - a list of `augmentations.*`, or of their descriptions
 * @throws ShapeError when the images are not `[N, H, W, C]`
 * @throws DataError when there is not one label for each image
 * @throws OptionError for a wrong augmentation or option
 */
export function augmentImages(
  images: Tensor<"uint8">,
  augmentations: unknown,
  options: AugmentImagesOptions = {},
): AugmentedImages {
  const { seed, step, labels, classNames } = checkOptions<AugmentImagesOptions>(where, options, fields);
  checkImages(images, labels);
  const [count, height, width, channels] = images.shape;
  const names = classNames ?? Array.from({ length: mostClasses }, (_, index) => String(index));
  const draws = drawStep(planAugmentations(augmentations, names), stepKey(seed, step), {
    height,
    width,
    channels,
  });
  const size = height * width * channels;
  const values = new Float64Array(images.data.length);
  const examples = Array.from({ length: count }, (_, index) => ({ index, label: labels?.[index] ?? null }));
  const { drafts, partners, shares } = draws.batch(examples);
  drafts.forEach((draft, index) => {
    applyDraft(draft, images.data.subarray(index * size, (index + 1) * size), values, index * size);
  });
  const mixed = mixAll(values, partners, shares, size);
  return { images: new Tensor("uint8", images.shape, Uint8Array.from(mixed, Math.round)), partners, shares };
}

/** One image as its draft says, as numbers from 0 to 255; `pixels` stay as they are. */
function applyDraft(draft: Draft, pixels: Uint8Array, values: Float64Array, first: number): void {
  const { height, width, channels, bytes } = draft;
  const changed = bytes.length === 0 ? pixels : pixels.slice();
  changeBytes(changed, draft, bytes);
  const source: WarpSource = { pixels: changed, first: 0, height, width, channels };
  warpImage(source, draft.record(), { values, first, size: [height, width] });
}

function mixAll(
  values: Float64Array,
  partners: Int32Array,
  shares: Float32Array,
  size: number,
): Float64Array {
  return values.map((value, at) => {
    const index = Math.floor(at / size);
    const share = shares[index];
    return share === 1 ? value : share * value + (1 - share) * values[partners[index] * size + (at % size)];
  });
}

function checkImages(images: Tensor<"uint8">, labels: ArrayLike<number> | null): void {
  if (!(images instanceof Tensor) || images.dtype !== "uint8") {
    throw new OptionError("the images must be a Tensor of uint8", { where });
  }
  if (images.shape.length !== 4) {
    throw new ShapeError(`the images are ${formatShape(images.shape)}, [N, H, W, C] was expected`, { where });
  }
  if (labels !== null && labels.length !== images.shape[0]) {
    throw new DataError(`there are ${images.shape[0]} images and ${labels.length} labels`, {
      where,
      hint: "Give exactly one label for each image.",
    });
  }
}
