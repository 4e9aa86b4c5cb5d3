import { type Model, probabilitiesFrom } from "../../models/index.ts";

/** An image of which a model is right as long as it is not moved. */
export interface FlippedImage {
  /** Of the image in its data set. */
  readonly index: number;
  readonly label: number;
  /** The smallest move that changes what the model says: by distance, then by |dx| + |dy|. */
  readonly dx: number;
  readonly dy: number;
  /** What the model says of the moved image. */
  readonly predicted: number;
  /** Probabilities of all classes, of the image as it is and moved. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** An image, and the move that flips it. */
interface Flip extends Omit<FlippedImage, "before" | "after"> {
  /** Place of the move in the order of moves. */
  readonly order: number;
}

/** Scores that are kept at most: for a thousand classes one example of each, where there are few classes all that are wanted. */
const mostKept = 2 ** 20;

interface Candidate extends Flip {
  /** How sure the model was before. */
  readonly sureness: number;
  readonly before: Float32Array;
  readonly after: Float32Array;
}

/** The smaller the move and the surer the model was, the more an example teaches. */
const byWorth = (a: Candidate, b: Candidate) => a.order - b.order || b.sureness - a.sureness;

/**
 * Finds, while moves are tried from the smallest on, images that a small move flips. It keeps a few of each class, so what
 * it holds does not grow with the data set.
 */
export class FlipFinder {
  readonly #probabilities: (scores: Float32Array) => number[];
  readonly #wanted: number;
  readonly #ofClass: number;
  readonly #candidates = new Map<number, Candidate[]>();

  constructor(model: Model, wanted: number) {
    this.#probabilities = probabilitiesFrom(model);
    this.#wanted = wanted;
    const [classes] = model.outputShape;
    this.#ofClass = Math.min(wanted, Math.max(1, Math.floor(mostKept / (2 * classes * classes))));
  }

  /** Takes an image that flips for the first time, with the model's scores before and after the move. */
  add(flip: Flip, before: Float32Array, after: Float32Array): void {
    if (this.#wanted === 0) return;
    const candidates = this.#candidates.get(flip.label) ?? [];
    const candidate = { ...flip, sureness: this.#probabilities(before)[flip.label], before, after };
    const last = candidates.at(this.#ofClass - 1);
    if (last !== undefined && byWorth(last, candidate) <= 0) return;
    // Those given are views of results that are soon gone.
    candidates.push({ ...candidate, before: before.slice(), after: after.slice() });
    candidates.sort(byWorth);
    this.#candidates.set(flip.label, candidates.slice(0, this.#ofClass));
  }

  /** The best of each class first, then the second best. */
  examples(): FlippedImage[] {
    const columns = [...this.#candidates.values()];
    const rounds = Array.from({ length: this.#ofClass }, (_, round) =>
      columns.flatMap((column) => column.slice(round, round + 1)).sort(byWorth),
    );
    return rounds
      .flat()
      .slice(0, this.#wanted)
      .map(({ order: _, sureness: __, before, after, ...rest }) => ({
        ...rest,
        before: this.#probabilities(before),
        after: this.#probabilities(after),
      }));
  }
}
