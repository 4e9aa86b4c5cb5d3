import type { FlippedImage } from "./flips.ts";
import type { MoveBackground } from "./margin.ts";
import type { PixelMove } from "./moves.ts";

/** Figures over images that were moved. */
export interface TranslationFigures {
  readonly accuracy: number;
  readonly loss: number;
  /** Share of images of which the model says the same as of the unmoved image. */
  readonly consistency: number;
}

/** Figures of one move: `dx` pixels to the right and `dy` down. */
export interface MoveFigures extends PixelMove, TranslationFigures {
  /** Images that they are over. */
  readonly examples: number;
}

/** Means over the moves of a distance. */
export interface DistanceFigures extends TranslationFigures {
  /** max(|dx|, |dy|). */
  readonly distance: number;
  /** How many moves are of that distance. */
  readonly moves: number;
  /** The lowest accuracy among them. */
  readonly lowestAccuracy: number;
}

/** How a model bears moves. */
export interface TranslationMap {
  readonly maxShift: number;
  readonly background: MoveBackground;
  /** Number of images. */
  readonly examples: number;
  /** Figures of the images as they are. */
  readonly clean: { readonly accuracy: number; readonly loss: number };
  /** `(2 maxShift + 1)^2` moves, from the top left: `dy` from -maxShift on, for each `dx` from -maxShift on. */
  readonly moves: readonly MoveFigures[];
  /** From 0 to maxShift. */
  readonly byDistance: readonly DistanceFigures[];
  /** Images that small moves flip, of as many classes as there are. */
  readonly flips: readonly FlippedImage[];
}
