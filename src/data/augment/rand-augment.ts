import { wholeNumberField } from "../../options/index.ts";
import { about } from "./affine.ts";
import type { ByteShape } from "./bytes.ts";
import { brightened, contrasted, saturated } from "./colour.ts";
import { type AugmentationDefinition, type CommonAugmentationOptions, commonFields } from "./definition.ts";
import type { Draft } from "./draft.ts";
import { rotate } from "./geometry.ts";

/** Options of {@link randAugment}. */
export interface RandAugmentOptions extends CommonAugmentationOptions {
  /** How many operations an image goes through; default 2. */
  readonly operations?: number;
  /** How strong they are, 0 to 30; default 9. */
  readonly magnitude?: number;
}

/** Magnitudes run from 0 to here. */
const greatest = 30;

/** One of the fourteen. */
interface Operation {
  /** How much, at a share of the greatest magnitude in [0, 1]; 0 where there is no more and less. */
  readonly amount: (strength: number, size: ByteShape) => number;
  /** Whether the amount goes to either side. */
  readonly signed: boolean;
  readonly add: (draft: Draft, amount: number) => void;
}

/** About the upper left corner of the image, as in PIL. */
const corner = -0.5;

/** The greatest share of a side that an image is moved by. */
const farthest = 150 / 331;

const enhancement = (add: Operation["add"]): Operation => ({
  amount: (strength) => 0.9 * strength,
  signed: true,
  add,
});

const shearing = (add: Operation["add"]): Operation => ({
  amount: (strength) => 0.3 * strength,
  signed: true,
  add,
});

const plain = (add: Operation["add"]): Operation => ({ amount: () => 0, signed: false, add });

/** The operations of the paper by torchvision's names, with the amounts of its RandAugment. */
export const randAugmentOperations: Readonly<Record<string, Operation>> = {
  Identity: plain(() => undefined),
  ShearX: shearing((draft, amount) => draft.move(about(corner, corner, 1, amount, 0, 1))),
  ShearY: shearing((draft, amount) => draft.move(about(corner, corner, 1, 0, amount, 1))),
  TranslateX: {
    amount: (strength, { width }) => farthest * width * strength,
    signed: true,
    add: (draft, amount) => draft.move([1, 0, -Math.trunc(amount), 0, 1, 0]),
  },
  TranslateY: {
    amount: (strength, { height }) => farthest * height * strength,
    signed: true,
    add: (draft, amount) => draft.move([1, 0, 0, 0, 1, -Math.trunc(amount)]),
  },
  Rotate: { amount: (strength) => 30 * strength, signed: true, add: rotate },
  Brightness: enhancement((draft, amount) => {
    draft.colours = brightened(draft.colours, 1 + amount);
  }),
  Color: enhancement((draft, amount) => {
    draft.colours = saturated(draft.colours, 1 + amount);
  }),
  Contrast: enhancement((draft, amount) => {
    draft.colours = contrasted(draft.colours, 1 + amount);
  }),
  Sharpness: enhancement((draft, amount) => void draft.bytes.push({ kind: "sharpness", factor: 1 + amount })),
  Posterize: {
    amount: (strength) => 8 - roundHalfToEven(4 * strength),
    signed: false,
    add: (draft, bits) => void draft.bytes.push({ kind: "posterize", bits }),
  },
  Solarize: {
    amount: (strength) => 255 * (1 - strength),
    signed: false,
    add: (draft, threshold) => void draft.bytes.push({ kind: "solarize", threshold }),
  },
  AutoContrast: plain((draft) => void draft.bytes.push({ kind: "autoContrast" })),
  Equalize: plain((draft) => void draft.bytes.push({ kind: "equalize" })),
};

const operationList = Object.values(randAugmentOperations);

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/**
 * RandAugment (Cubuk, Zoph, Shlens and Le 2020). The operations are drawn evenly, with replacement. They are not applied
 * one after another: bytes first, then geometry, then colours, each in the order of the draws.
 */
export const randAugment: AugmentationDefinition<RandAugmentOptions> = {
  fields: { ...commonFields(), operations: wholeNumberField(1, 2), magnitude: wholeNumberField(0, 9) },
  problem: ({ magnitude }) =>
    magnitude > greatest ? `"magnitude" must be at most ${greatest}, got ${magnitude}` : null,
  draw: ({ operations, magnitude }, random, draft) => {
    for (let count = 0; count < operations; count++) {
      const operation = operationList[random.integer(operationList.length)];
      const negative = random.integer(2) === 1;
      const amount = operation.amount(magnitude / greatest, draft);
      operation.add(draft, negative && operation.signed ? -amount : amount);
    }
  },
};
