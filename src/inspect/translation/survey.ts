import { greatestOf, type Model } from "../../models/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { DistanceFigures, MoveFigures, TranslationFigures } from "./figures.ts";
import { FlipFinder, type FlippedImage } from "./flips.ts";
import type { MovedBatch } from "./moved-program.ts";
import { distanceOf, movesByRow, movesOutwards, type PixelMove } from "./moves.ts";

/** Sums of one move. */
interface Tally {
  readonly move: PixelMove;
  /** Place in the order of moves. */
  readonly order: number;
  loss: number;
  correct: number;
  same: number;
  examples: number;
}

/** What is kept of the images in the engine. */
interface Part {
  /** Index of its first image in the data set. */
  readonly begin: number;
  readonly labels: Int32Array;
  /** What the model says of each unmoved image, and with which scores. */
  readonly classes: Int32Array;
  readonly scores: Float32Array;
  /** 1 for images that a move has flipped, or of which the model was wrong before. */
  readonly settled: Uint8Array;
}

/** Counts what comes of batches of moved images. The first move of a part must be none. */
export class Survey {
  readonly #tallies: readonly Tally[];
  readonly #classes: number;
  readonly #flips: FlipFinder;
  #part: Part = emptyPart(0, new Int32Array(0), 0);

  constructor(model: Model, maxShift: number, flips: number) {
    this.#tallies = movesOutwards(maxShift).map((move, order) => {
      return { move, order, loss: 0, correct: 0, same: 0, examples: 0 };
    });
    [this.#classes] = model.outputShape;
    this.#flips = new FlipFinder(model, flips);
  }

  /** The moves in their order, the smallest first. */
  get moves(): readonly PixelMove[] {
    return this.#tallies.map(({ move }) => move);
  }

  /** Begins with other images. */
  begin(begin: number, labels: Int32Array): void {
    this.#part = emptyPart(begin, labels, this.#classes);
  }

  /**
   * Counts a batch.
   *
   * @returns the move's figures so far, when that was its last batch of the images in the engine
   */
  add({ order, first, loss, scores }: MovedBatch): MoveFigures | null {
    const tally = this.#tallies[order];
    const { labels, classes, settled } = this.#part;
    const said = greatestOf(scores);
    const end = first + said.length;
    if (order === 0) {
      classes.set(said, first);
      this.#part.scores.set(scores.data, first * this.#classes);
    }
    tally.loss += loss;
    for (const [row, predicted] of said.entries()) {
      const place = first + row;
      if (predicted === labels[place]) tally.correct++;
      if (predicted === classes[place]) tally.same++;
      else if (settled[place] === 0) this.#settle(place, tally, scores, row, predicted);
      if (order === 0 && predicted !== labels[place]) settled[place] = 1;
    }
    tally.examples += said.length;
    return end === labels.length ? figuresOf(tally) : null;
  }

  /** What is there when all images have been counted. */
  result() {
    const moves = this.#tallies.map(figuresOf);
    const maxShift = distanceOf(moves[moves.length - 1]);
    const place = new Map(moves.map((move) => [keyOf(move), move] as const));
    const [{ accuracy, loss, examples }] = moves;
    return {
      examples,
      clean: { accuracy, loss },
      moves: movesByRow(maxShift).flatMap((move) => place.get(keyOf(move)) ?? []),
      byDistance: Array.from({ length: maxShift + 1 }, (_, distance) => meansAt(distance, moves)),
      flips: this.#flips.examples() satisfies readonly FlippedImage[],
    };
  }

  /** The smallest move that flips an image. */
  #settle(place: number, { move, order }: Tally, scores: Tensor, row: number, predicted: number): void {
    const { begin, labels, settled, scores: all } = this.#part;
    settled[place] = 1;
    this.#flips.add(
      { ...move, order, index: begin + place, label: labels[place], predicted },
      all.subarray(place * this.#classes, (place + 1) * this.#classes),
      Float32Array.from(scores.data.subarray(row * this.#classes, (row + 1) * this.#classes)),
    );
  }
}

function emptyPart(begin: number, labels: Int32Array, classes: number): Part {
  const count = labels.length;
  return {
    begin,
    labels,
    classes: new Int32Array(count),
    scores: new Float32Array(count * classes),
    settled: new Uint8Array(count),
  };
}

const keyOf = ({ dx, dy }: PixelMove) => `${dx},${dy}`;

function figuresOf({ move, loss, correct, same, examples }: Tally): MoveFigures {
  return {
    ...move,
    accuracy: correct / examples,
    loss: loss / examples,
    consistency: same / examples,
    examples,
  };
}

function meansAt(distance: number, all: readonly MoveFigures[]): DistanceFigures {
  const moves = all.filter((move) => distanceOf(move) === distance);
  const meanOf = (name: keyof TranslationFigures) =>
    moves.reduce((sum, { [name]: value }) => sum + value, 0) / moves.length;
  return {
    distance,
    moves: moves.length,
    accuracy: meanOf("accuracy"),
    lowestAccuracy: Math.min(...moves.map(({ accuracy }) => accuracy)),
    loss: meanOf("loss"),
    consistency: meanOf("consistency"),
  };
}
