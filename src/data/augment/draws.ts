import type { Resolved } from "../../options/index.ts";
import { nameHint, OptionError, type RandomKey, RandomStream, threefry2x32 } from "../../tensor/index.ts";
import {
  type Augmentation,
  type AugmentationKind,
  type AugmentationOptions,
  definitionOf,
  readAugmentations,
} from "./augmentation.ts";
import type { CommonAugmentationOptions } from "./definition.ts";
import { Draft, type DraftShape } from "./draft.ts";

/** Augmentations of a data set: the classes that they are limited to are known by number. */
export interface AugmentationPlan {
  readonly augmentations: readonly Augmentation[];
  /** For each augmentation the classes that it changes; `null` for all. */
  readonly classes: readonly (ReadonlySet<number> | null)[];
  /** Whether each image has a record of its own for `warpImages`. */
  readonly warps: boolean;
  /** Whether images are blended with others. */
  readonly mixes: boolean;
  /** Whether some of it is done to bytes, before the engine has them. */
  readonly changesBytes: boolean;
  /** Whether boxes are cut out. */
  readonly crops: boolean;
}

/** Kinds that have no part in a record. */
const onlyBytes: readonly AugmentationKind[] = [
  "posterize",
  "solarize",
  "equalize",
  "autoContrast",
  "sharpness",
];

/** RandAugment is all of it. */
const byteKinds: readonly AugmentationKind[] = [...onlyBytes, "randAugment"];

/**
 * Checks augmentations against a data set.
 *
 * @param list - augmentations, or their descriptions
 * @throws OptionError for a wrong description, or a class that the data set does not have
 */
export function planAugmentations(list: unknown, classNames: readonly string[]): AugmentationPlan {
  const augmentations = readAugmentations(list);
  const has = (kinds: readonly AugmentationKind[]) => augmentations.some(({ kind }) => kinds.includes(kind));
  return {
    augmentations,
    classes: augmentations.map((augmentation) => classesOf(augmentation, classNames)),
    warps: augmentations.some(({ kind }) => kind !== "mixup" && !onlyBytes.includes(kind)),
    mixes: has(["mixup"]),
    changesBytes: has(byteKinds),
    crops: has(["randomResizedCrop"]),
  };
}

function classesOf(
  { kind, options }: Augmentation,
  classNames: readonly string[],
): ReadonlySet<number> | null {
  const { classes }: Resolved<CommonAugmentationOptions> = options;
  if (classes === null) return null;
  const where = `augmentations.${kind}`;
  const indices = classes.map((entry) => {
    const index = typeof entry === "number" ? entry : classNames.indexOf(entry);
    if (index >= 0 && index < classNames.length) return index;
    const hint =
      typeof entry === "number" ? `Give 0 to ${classNames.length - 1}.` : nameHint(entry, classNames);
    throw new OptionError(`there is no class ${JSON.stringify(entry)}`, { where, hint });
  });
  return new Set(indices);
}

/** Key of all that is random in a step of training, counted from 0 over all training of a model. */
export function stepKey(seed: number, step: number): RandomKey {
  const { key } = new RandomStream(seed).split("step");
  return threefry2x32(key, step >>> 0, Math.floor(step / 2 ** 32));
}

/** An image to draw for: its place in the data set, and its class; `null` where it is not known. */
export interface DrawnExample {
  readonly index: number;
  readonly label: number | null;
}

/** What a step draws for a batch. Shapes: each of them [N]. */
export interface BatchDraws {
  readonly drafts: readonly Draft[];
  /** The position in the batch of the image that each is blended with: a round trip through all of them. */
  readonly partners: Int32Array<ArrayBuffer>;
  /** How much of each image is its own: 1 where it is not blended. */
  readonly shares: Float32Array<ArrayBuffer>;
}

/** What a step draws for images. */
export interface StepDraws {
  /** What happens to an image: a function of the step's key and the image's index alone, not of its batch. */
  readonly draft: (example: DrawnExample) => Draft;
  readonly batch: (examples: readonly DrawnExample[]) => BatchDraws;
}

/**
 * All draws of one step. Each augmentation has a stream of its own for each image, from the step's key, the image's index
 * and its place in the list.
 */
export function drawStep(plan: AugmentationPlan, key: RandomKey, shape: DraftShape): StepDraws {
  const random = new RandomStream({ key, counter: 0 });
  const { key: imageKey } = random.split("augment");
  const draft = ({ index, label }: DrawnExample): Draft => {
    const draft = new Draft(shape);
    plan.augmentations.forEach((augmentation, place) => {
      if (!changes(plan, place, label)) return;
      const stream = new RandomStream({ key: threefry2x32(imageKey, index, place), counter: 0 });
      draw(augmentation, stream, draft);
    });
    return draft;
  };
  return {
    draft,
    batch: (examples) => {
      const drafts = examples.map(draft);
      const partners = drawPartners(random.split("partners"), examples.length);
      const mixing = plan.augmentations.findIndex(({ kind }) => kind === "mixup");
      const shares = Float32Array.from(drafts, ({ share }, position) =>
        changes(plan, mixing, examples[partners[position]].label) ? share : 1,
      );
      return { drafts, partners, shares };
    },
  };
}

/** Whether the augmentation at a place of the list changes images of a class. */
function changes({ classes }: AugmentationPlan, place: number, label: number | null): boolean {
  const limits = classes[place] ?? null;
  return limits === null || (label !== null && limits.has(label));
}

/** For each position of a batch another one: everybody's turn comes once. */
function drawPartners(random: RandomStream, count: number): Int32Array<ArrayBuffer> {
  const order = random.permutation(count);
  const partners = new Int32Array(count);
  order.forEach((position, place) => {
    partners[position] = order[(place + 1) % count];
  });
  return partners;
}

function draw<K extends AugmentationKind>(
  { kind, options }: Augmentation<K>,
  random: RandomStream,
  draft: Draft,
): void {
  const { probability }: Resolved<CommonAugmentationOptions> = options;
  if (random.uniform() >= probability) return;
  definitionOf<keyof AugmentationOptions & K>(kind).draw(options, random, draft);
}
