/** What comes of {@link finetune}: plain data, all that a report, a terminal or a record of the run needs. */
import type { ConfusionMatrix } from "../metrics/index.ts";
import type { ClassProbability, Model } from "../models/index.ts";
import type { EpochRecord } from "../train/index.ts";

/** A part of the photos. */
export type PhotoPart = "train" | "validation" | "test";

/** Where a photo is. */
export interface PhotoPlace {
  /** For people: below the folder of the photos, with `/`. */
  readonly path: string;
  /** To open it: as the folder was given, and the path. */
  readonly file: string;
}

/** A photo and what it was used for. */
export interface DealtPhoto extends PhotoPlace {
  readonly part: PhotoPart;
  /** The class that it has; an index into the class names. */
  readonly label: number;
}

/** A photo that could not be used. */
export interface PhotoProblem extends PhotoPlace {
  /** What is wrong with it: `the image is cut short`. */
  readonly problem: string;
}

/** How many photos a class has in each part. */
export interface ClassCounts {
  readonly name: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  /** Sum of the parts. */
  readonly all: number;
}

/** What the classifier says of one photo. */
export interface PhotoPrediction extends PhotoPlace {
  readonly part: PhotoPart;
  /** The class that it has; an index into the class names. */
  readonly label: number;
  /** The likeliest classes, at most five, the likeliest first. */
  readonly top: readonly ClassProbability[];
  /** Whether the likeliest class is the photo's. */
  readonly right: boolean;
  /** Probability of the photo's own class. */
  readonly labelProbability: number;
}

/** How well one class is told from the others. */
export interface ClassScores {
  readonly name: string;
  /** Photos of the class. */
  readonly examples: number;
  /** Of what was taken for this class, the share that is; `null` where nothing was. */
  readonly precision: number | null;
  /** Of the photos of this class, the share that was found; `null` where there are none. */
  readonly recall: number | null;
  /** Harmonic mean of both, 0 where both are 0; `null` where there are no photos of this class. */
  readonly f1: number | null;
}

/** How the classifier does on one part of the photos. */
export interface PartScores {
  readonly part: PhotoPart;
  readonly examples: number;
  /** Share of photos whose likeliest class is theirs. */
  readonly accuracy: number;
  /** Mean over photos of -ln(probability of their own class). */
  readonly loss: number;
  readonly confusion: ConfusionMatrix;
  /** In the order of the class names. */
  readonly classes: readonly ClassScores[];
  /** In the order of the photos. */
  readonly predictions: readonly PhotoPrediction[];
  /** The wrong ones, the surest of a wrong class first; at most 50. */
  readonly mistakes: readonly PhotoPrediction[];
}

/** What the classifier is built on. */
export interface BackboneReport {
  /** The model's name: `mobilenet-v1-0.25`. */
  readonly name: string;
  /** Where its weights are from: `torchvision:v2`, a file; `null` when it was given as a model. */
  readonly weights: string | null;
  /** The tap or layer that it is cut behind. */
  readonly tap: string;
  /** Numbers that it makes of a photo. */
  readonly features: number;
  /** Its parameters up to there. */
  readonly parameters: number;
  /** Shape of the images that it takes: `[height, width, channels]`. */
  readonly inputShape: readonly number[];
}

/** How the last layer was trained. */
export interface HeadReport {
  /** One record an epoch, with scores on the validation photos. */
  readonly epochs: readonly EpochRecord[];
  /** Weight decay that was chosen. */
  readonly weightDecay: number;
  /** Epoch whose weights were kept, counted from 0. */
  readonly bestEpoch: number;
  /**
   * Whether it was then trained anew, with that decay, on training and validation photos together: that is what the model has,
   * and what the test photos judge. Scores on validation photos are of the one before.
   */
  readonly refitted: boolean;
}

/** How the unfrozen part was trained. */
export interface UnfrozenReport {
  /** Stages or beginnings of layers' names, as asked for. */
  readonly stages: readonly string[];
  /** Parameters that were trained, the last layer's included. */
  readonly parameters: number;
  readonly epochs: readonly EpochRecord[];
  /** Epoch whose weights were kept, counted from 0; `null` when none did better than the frozen backbone. */
  readonly bestEpoch: number | null;
  readonly augmented: boolean;
}

/** What folds come to: each photo is judged once, by a last layer that has not seen it. */
export interface FoldsReport {
  readonly folds: number;
  /** Of each fold. */
  readonly accuracies: readonly number[];
  /** Over all photos. */
  readonly accuracy: number;
}

/** What took the time, in the order in which it was done. */
export interface FinetuneTiming {
  readonly phase: FinetunePhase;
  readonly milliseconds: number;
}

/** What is done, one behind the other. */
export type FinetunePhase =
  | "scan"
  | "backbone"
  | "features"
  | "split"
  | "head"
  | "unfreeze"
  | "judge"
  | "save";

/** Your own classifier, and how well it does. */
export interface FinetuneResult {
  /** Folder or CSV file that the photos are from, as given. */
  readonly photos: string;
  readonly classNames: readonly string[];
  /** In the order of the class names; photos that could not be used are not among them. */
  readonly counts: readonly ClassCounts[];
  /** Every photo that was used, in the order of classes and paths. */
  readonly dealt: readonly DealtPhoto[];
  /** Photos that could not be used; files that are no photos at all are not among them. */
  readonly problems: readonly PhotoProblem[];
  /** Groups of photos that are the same or nearly so. Each group lies in one part. */
  readonly duplicates: readonly (readonly PhotoPlace[])[];
  readonly backbone: BackboneReport;
  readonly head: HeadReport;
  /** `null` when nothing was unfrozen. */
  readonly unfrozen: UnfrozenReport | null;
  /** `null` without validation photos. */
  readonly validation: PartScores | null;
  /** `null` without test photos; then validation is all there is to judge by. */
  readonly test: PartScores | null;
  /** `null` when no folds were asked for. */
  readonly folds: FoldsReport | null;
  /** How many photos' features came from the cache, and how many were worked out. */
  readonly features: { readonly cached: number; readonly computed: number };
  /** Why features were not kept on disk; `null` when they were, or were not to be. */
  readonly cacheProblem: string | null;
  readonly timings: readonly FinetuneTiming[];
  readonly seed: number;
  /** Of what it was made with: `{ fovea: "0.1.0", runtime: "Node 20.20.2", engine: "wasm ..." }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Backbone and last layer in one, with preprocessing and class names: `predict` takes photos as they are. */
  readonly model: Model;
}
