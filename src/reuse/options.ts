import type { DecodePool, ImageFolder } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import type { FetchOptions } from "../hub/index.ts";
import type { Model } from "../models/index.ts";

/** Side of the images that a backbone takes: its own, a larger one, or a number of pixels. */
export type BackboneSize = "own" | "larger" | number;

/** A trained net whose last layers are left away, and where it is cut. */
export interface BackboneOptions {
  /** A model by name (`mobilenet-v1-0.25`, `resnet18`), or one that has its weights and preprocessing already. */
  readonly backbone: string | Model;
  /** For a backbone by name: published weights (`torchvision`, `keras`), a file, or an address. */
  readonly weights?: string | null;
  /** The tap or layer that it is cut behind; default what its last layer with weights reads. */
  readonly tap?: string | null;
  /**
   * Side of the images that a backbone by name takes, or `"larger"`: 9 / 7 of what it was trained with, where its features
   * are means over a grid. Default `"own"`; of {@link finetune} `"larger"`, which tells more apart.
   */
  readonly size?: BackboneSize;
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine;
  /** Where and how files are fetched; features are kept in the same cache folder. */
  readonly fetch?: FetchOptions;
}

/** How your own classifier is made of a backbone and your own photos. */
export interface FinetuneOptions extends BackboneOptions {
  /** A folder `CLASS/*.jpg`, or with `train/`, `val/`, `test/` above the classes, or a CSV file of path,label; or what `data.imageFolder` made of one. */
  readonly photos: string | ImageFolder;
  /** Share of the photos that the classifier is judged by in the end, and that nothing else sees; default 0.2. */
  readonly test?: number;
  /** Share of the photos that training is watched by, and stopped early; default 0.1. */
  readonly validation?: number;
  /** Of split, order and initial weights; default 1. */
  readonly seed?: number;
  /** The most epochs of the last layer's training; default 200, of which early stopping usually leaves most away. */
  readonly epochs?: number;
  /** Whether classes of few photos count as much as those of many; default `"none"`. */
  readonly classWeights?: "none" | "balanced";
  /** Judges by so many folds (each photo is held out once) in addition to the held-out part; default 0: not. */
  readonly folds?: number;
  /** Whether features are kept on disk and taken from there; default true. */
  readonly cache?: boolean;
  /** Stages (or the beginnings of layers' names) of the backbone to train afterwards, or `["all"]`; default none. */
  readonly unfreeze?: readonly string[];
  /** How what is unfrozen is trained. */
  readonly unfrozen?: UnfrozenOptions;
  /** Photos at a time; default 32. */
  readonly batchSize?: number;
  /** Threads that decode photos; default those that the process shares. */
  readonly decoders?: DecodePool;
  /** Ends it; what has been worked out is kept in the cache. */
  readonly signal?: AbortSignal | null;
  /**
   * Called when photos, backbone and stages have been found good, and waited for before the work begins: the moment to make
   * room for what comes of it. What it throws ends it.
   */
  readonly onReady?: () => Promise<void>;
  /**
   * Called with the classifier as it is so far, as the bytes of a model file, and waited for, so that not all is lost when it is
   * ended: the one with the frozen backbone before layers are unfrozen, then after each epoch that has done better on the
   * validation photos.
   */
  readonly onCheckpoint?: ((model: Uint8Array) => Promise<void>) | null;
}

/** How the unfrozen part of a backbone is trained, together with the last layer. */
export interface UnfrozenOptions {
  /** Default 5. */
  readonly epochs?: number;
  /** Examples a step; default 32. */
  readonly batchSize?: number;
  /** Of the last layer; default 1e-3. */
  readonly learningRate?: number;
  /** What the backbone's rate is of the last layer's; default 0.1. */
  readonly backboneFactor?: number;
  /** Whether photos are changed at random on the way: moved, mirrored, recoloured; default true. */
  readonly augment?: boolean;
  /** Whether the statistics of batch normalization are trained too; default false: they stay as they are. */
  readonly trainStatistics?: boolean;
}
