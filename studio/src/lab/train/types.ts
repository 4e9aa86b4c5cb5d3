/** What goes between the page and the lab for the panel Train. Plain data: messages are copied, arrays move. */
import type { EndReason, EpochRecord, RateChange, RunPosition, RunState, Shape } from "fovea";
import type { Block } from "../../panels/train/blocks.ts";

/** A data set that is ready to train on. */
export interface DataInfo {
  readonly id: string;
  readonly title: string;
  /** Shape of an image: [height, width, channels]. */
  readonly imageShape: Shape;
  readonly trainCount: number;
  /** Examples that are not trained on and give the figures of each epoch. */
  readonly validationCount: number;
  /** What those are: "test images", "validation images". */
  readonly validationTitle: string;
  readonly classes: readonly ClassInfo[];
  /** Of a folder: files that could not be read. */
  readonly problems: readonly FileProblem[];
}

export interface ClassInfo {
  readonly name: string;
  readonly trainCount: number;
  readonly validationCount: number;
  /** Some of its images, one behind the other: uint8 [n, height, width, channels]. */
  readonly samples: Uint8Array<ArrayBuffer>;
}

export interface FileProblem {
  readonly path: string;
  readonly problem: string;
}

/** A file of a folder that the page was given; the last part of its path's folder is its class. */
export interface FolderFile {
  readonly path: string;
  readonly file: File;
}

export interface FolderOptions {
  readonly title: string;
  /** Height and width of all images. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** Share of each class that is held back for validation. */
  readonly validationShare: number;
  readonly seed: number;
}

/** A network, as the page describes it. */
export type NetworkSpec =
  | { readonly source: "blocks"; readonly blocks: readonly Block[] }
  | { readonly source: "zoo"; readonly name: string }
  | { readonly source: "model"; readonly id: string };

/** A layer of a network that is described. */
export interface NetworkRow {
  readonly name: string;
  /** Layer's kind. */
  readonly kind: string;
  /** Of its output, without the batch; `null` where what comes before does not fit. */
  readonly shape: Shape | null;
  readonly parameters: number;
  /** Why it does not fit, and how to mend it. */
  readonly problem: string | null;
}

export interface NetworkReport {
  /** Of a network of blocks: one for each, and the classifier. */
  readonly rows: readonly NetworkRow[];
  readonly parameters: number;
  /** To predict one image. */
  readonly flops: number;
  /** Why it cannot be trained; `null` where it can. */
  readonly problem: string | null;
}

/** A net of the zoo that takes images of some size. */
export interface ZooEntryInfo {
  readonly name: string;
  readonly description: string;
  readonly parameters: number;
}

export type OptimizerName = "sgd" | "momentum" | "adam" | "adamW" | "rmsprop";
export type ScheduleName = "constant" | "cosine" | "oneCycle" | "step";

/** How a run trains. */
export interface RunSettings {
  readonly optimizer: OptimizerName;
  /** The first rate, with `oneCycle` the greatest. */
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  /** How many of the images are trained on, the first ones; 0: all. */
  readonly limit: number;
  /** Pixels that images are moved by at most. */
  readonly shift: number;
  /** Degrees that images are turned by at most. */
  readonly rotation: number;
  readonly flip: boolean;
  /** Side of a square that is covered, in pixels; 0: none. */
  readonly cutout: number;
  readonly seed: number;
  readonly precision: "fast" | "exact";
  /** 0: as many as the machine has. */
  readonly threads: number;
}

/** What a run is told of about ten times a second while it is under way. */
export interface RunUpdate {
  readonly state: RunState;
  readonly position: RunPosition | null;
  /** Mean losses of stretches of steps since the last update, in order. */
  readonly losses: Float32Array<ArrayBuffer>;
  /** For each, the last step of its stretch, counted from 1 over the run. */
  readonly steps: Float32Array<ArrayBuffer>;
  /** Exponentially smoothed loss after each of them. */
  readonly smoothed: Float32Array<ArrayBuffer>;
  /** Of the last step. */
  readonly learningRate: number | null;
  /** Over the last second or so in which it ran. */
  readonly imagesPerSecond: number;
  /** Epochs that have ended since the last update. */
  readonly epochs: readonly EpochRecord[];
  /** Milliseconds in which it ran, pauses not counted. */
  readonly milliseconds: number;
}

/** What a run has become. */
export interface RunResult {
  readonly reason: EndReason | "failed";
  /** Why it failed, and what to do. */
  readonly message: string | null;
  readonly rateChanges: readonly RateChange[];
}

/** A run that has begun. */
export interface RunInfo {
  readonly id: string;
  readonly modelId: string;
  readonly modelName: string;
  readonly parameters: number;
  readonly stepsPerEpoch: number;
  readonly threads: number;
  readonly kernels: string;
}

/** A stack of small maps of one layer. */
export interface MapStack {
  readonly layer: string;
  readonly height: number;
  readonly width: number;
  /** How many the layer has; `values` holds the first of them. */
  readonly count: number;
  /** Shapes: [n, height, width]. */
  readonly values: Float32Array<ArrayBuffer>;
}

/** A test image with what the model makes of it. */
export interface Prediction {
  readonly index: number;
  readonly label: number;
  /** Shapes: [height, width, channels]. */
  readonly image: Uint8Array<ArrayBuffer>;
  /** Of each class. */
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** A look at a model: what its first layers look for, and see. */
export interface Insight {
  readonly filters: MapStack | null;
  readonly maps: readonly MapStack[];
  readonly predictions: readonly Prediction[];
}
