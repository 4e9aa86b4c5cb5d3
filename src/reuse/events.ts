import type { TrainingEvent } from "../train/index.ts";
import type { BackboneReport, ClassCounts, FinetunePhase, PartScores, PhotoProblem } from "./result.ts";

/** A phase begins. */
export interface PhaseEvent {
  readonly type: "phase";
  readonly phase: FinetunePhase;
}

/** The folder has been looked through: classes and numbers of photos, unreadable ones among them. */
export interface ScannedEvent {
  readonly type: "scanned";
  readonly photos: number;
  readonly classes: readonly { readonly name: string; readonly photos: number }[];
  /** What was left out, and why. */
  readonly problems: readonly PhotoProblem[];
}

/** The backbone has been loaded. */
export interface BackboneEvent extends BackboneReport {
  readonly type: "backbone";
}

/** Some photos have their features. */
export interface FeaturesEvent {
  readonly type: "features";
  /** Photos that are done. */
  readonly done: number;
  readonly photos: number;
  /** How many of those done came from the cache. */
  readonly cached: number;
}

/** The photos are dealt out. */
export interface SplitEvent {
  readonly type: "split";
  readonly counts: readonly ClassCounts[];
  readonly problems: readonly PhotoProblem[];
  /** What else is worth knowing, a sentence each: classes of one photo, photos that are the same. */
  readonly notes: readonly string[];
  /** Groups of near-duplicates, each of which lies in one part. */
  readonly duplicates: number;
}

/** What training tells: of the last layer, or of what was unfrozen. */
export interface LearningEvent {
  readonly type: "learning";
  readonly phase: "head" | "unfreeze";
  /** The last layer is trained several times, with weight decays to choose among: which of them, from 1. */
  readonly attempt: number;
  readonly event: TrainingEvent;
}

/** It has been found which weights are kept: of the last layer, then, where layers were unfrozen, of all. */
export interface KeptEvent {
  readonly type: "kept";
  /** Where they were learned: `head` behind what was unfrozen means that none of that did better. */
  readonly phase: "head" | "unfreeze";
  readonly attempt: number;
  /** Of that attempt, counted from 0. */
  readonly epoch: number;
}

/** The classifier has been judged on a part. */
export interface JudgedEvent {
  readonly type: "judged";
  readonly scores: PartScores;
}

/** All that {@link finetune} tells on its way, told apart by `type`. */
export type FinetuneEvent =
  | PhaseEvent
  | ScannedEvent
  | BackboneEvent
  | FeaturesEvent
  | SplitEvent
  | LearningEvent
  | KeptEvent
  | JudgedEvent;
