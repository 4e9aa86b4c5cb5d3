import { booleanField, type Fields, nullable, numberField, wholeNumberField } from "../../options/index.ts";
import type { RandomStream } from "../../tensor/index.ts";
import { about } from "./affine.ts";
import {
  type AugmentationDefinition,
  between,
  type CommonAugmentationOptions,
  commonFields,
  rangeField,
} from "./definition.ts";
import type { Draft, ShareBox } from "./draft.ts";

/** Options of {@link shift}: one of the two. */
export interface ShiftOptions extends CommonAugmentationOptions {
  /** Up to so many pixels on each axis. */
  readonly pixels?: number | null;
  /** Up to such a share of each side, in [0, 1]. */
  readonly share?: number | null;
}

/** Options of {@link flip}. */
export interface FlipOptions extends CommonAugmentationOptions {
  /** Left and right exchanged; default true. */
  readonly horizontal?: boolean;
  /** Above and below exchanged; default false. */
  readonly vertical?: boolean;
}

/** Options of {@link rotation}. */
export interface RotationOptions extends CommonAugmentationOptions {
  /** Up to so many degrees to either side. */
  readonly degrees: number;
}

/** Options of {@link scale}. */
export interface ScaleOptions extends CommonAugmentationOptions {
  /** The smallest factor; default 0.9. Below 1 the image becomes smaller. */
  readonly minimum?: number;
  /** The greatest factor; default 1.1. */
  readonly maximum?: number;
}

/** Options of {@link shear}. */
export interface ShearOptions extends CommonAugmentationOptions {
  /** Rows are moved against each other: columns lean by up to so many degrees to either side. Default 0. */
  readonly horizontal?: number;
  /** Columns are moved against each other: rows lean by up to so many degrees to either side. Default 0. */
  readonly vertical?: number;
}

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions extends CommonAugmentationOptions {
  /** What share of the image's area is kept, from and to; default [0.08, 1]. */
  readonly scale?: readonly [number, number];
  /** How the box's width is to its height, from and to, next to the image's own; default [3 / 4, 4 / 3]. */
  readonly ratio?: readonly [number, number];
}

/** A whole number from -limit to limit. */
function drawWhole(random: RandomStream, limit: number): number {
  return random.integer(2 * limit + 1) - limit;
}

export const shift: AugmentationDefinition<ShiftOptions> = {
  fields: {
    ...commonFields(),
    pixels: nullable(wholeNumberField(0)),
    share: nullable(numberField({ minimum: 0, maximum: 1 })),
  },
  problem: ({ pixels, share }) =>
    (pixels === null) === (share === null) ? 'give either "pixels" or "share"' : null,
  draw: ({ pixels, share }, random, draft) => {
    const along = (side: number) =>
      pixels === null
        ? Math.round(between(random, -(share ?? 0) * side, (share ?? 0) * side))
        : drawWhole(random, pixels);
    const [dx, dy] = [along(draft.width), along(draft.height)];
    draft.move([1, 0, -dx, 0, 1, -dy]);
  },
};

export const flip: AugmentationDefinition<FlipOptions> = {
  fields: { ...commonFields(0.5), horizontal: booleanField(true), vertical: booleanField(false) },
  problem: ({ horizontal, vertical }) =>
    horizontal || vertical ? null : '"horizontal" or "vertical" must be true',
  draw: ({ horizontal, vertical }, _random, draft) => {
    if (horizontal) draft.move([-1, 0, draft.width - 1, 0, 1, 0]);
    if (vertical) draft.move([1, 0, 0, 0, -1, draft.height - 1]);
  },
};

/** Adds a linear map about the middle of the image. */
function moveAboutMiddle(draft: Draft, a: number, b: number, d: number, e: number): void {
  draft.move(about((draft.width - 1) / 2, (draft.height - 1) / 2, a, b, d, e));
}

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Turns the image clockwise. */
export function rotate(draft: Draft, degrees: number): void {
  const [cosine, sine] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  moveAboutMiddle(draft, cosine, sine, -sine, cosine);
}

export const rotation: AugmentationDefinition<RotationOptions> = {
  fields: { ...commonFields(), degrees: numberField({ minimum: 0, maximum: 180 }) },
  draw: ({ degrees }, random, draft) => rotate(draft, between(random, -degrees, degrees)),
};

export const scale: AugmentationDefinition<ScaleOptions> = {
  fields: {
    ...commonFields(),
    minimum: numberField({ above: 0 }, 0.9),
    maximum: numberField({ above: 0 }, 1.1),
  },
  problem: ({ minimum, maximum }) =>
    minimum > maximum ? `"minimum" ${minimum} is above "maximum" ${maximum}` : null,
  draw: ({ minimum, maximum }, random, draft) => {
    const factor = between(random, minimum, maximum);
    moveAboutMiddle(draft, 1 / factor, 0, 0, 1 / factor);
  },
};

const angleField = numberField({ minimum: 0, below: 90 }, 0);

export const shear: AugmentationDefinition<ShearOptions> = {
  fields: { ...commonFields(), horizontal: angleField, vertical: angleField },
  problem: ({ horizontal, vertical }) =>
    horizontal > 0 || vertical > 0 ? null : '"horizontal" or "vertical" must be above 0',
  draw: ({ horizontal, vertical }, random, draft) => {
    const along = Math.tan(radians(between(random, -horizontal, horizontal)));
    const down = Math.tan(radians(between(random, -vertical, vertical)));
    moveAboutMiddle(draft, 1, along, 0, 1);
    moveAboutMiddle(draft, 1, 0, down, 1);
  },
};

const cropFields: Fields<RandomResizedCropOptions> = {
  ...commonFields(),
  scale: rangeField({ above: 0 }, [0.08, 1]),
  ratio: rangeField({ above: 0 }, [3 / 4, 4 / 3]),
};

/** Boxes that do not fit are drawn again, up to so often; then the largest of an allowed ratio is taken. */
const mostAttempts = 10;

function drawCrop(
  scaleRange: readonly [number, number],
  ratioRange: readonly [number, number],
  random: RandomStream,
): ShareBox {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const area = between(random, ...scaleRange);
    const ratio = Math.exp(between(random, Math.log(ratioRange[0]), Math.log(ratioRange[1])));
    const [height, width] = [Math.sqrt(area / ratio), Math.sqrt(area * ratio)];
    if (height > 1 || width > 1) continue;
    return { top: between(random, 0, 1 - height), left: between(random, 0, 1 - width), height, width };
  }
  const ratio = Math.min(ratioRange[1], Math.max(ratioRange[0], 1));
  const [height, width] = [Math.min(1, 1 / ratio), Math.min(1, ratio)];
  return { top: (1 - height) / 2, left: (1 - width) / 2, height, width };
}

export const randomResizedCrop: AugmentationDefinition<RandomResizedCropOptions> = {
  fields: cropFields,
  problem: ({ scale: [, largest] }) => (largest > 1 ? '"scale" must be at most 1, the whole image' : null),
  draw: (options, random, draft) => draft.cropTo(drawCrop(options.scale, options.ratio, random)),
};
