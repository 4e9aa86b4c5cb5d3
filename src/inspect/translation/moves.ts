/** A move by whole pixels: to the right and down; negative to the left and up. */
export interface PixelMove {
  readonly dx: number;
  readonly dy: number;
}

/** How far an image is moved: the larger of the pixels across and down, so that moves of a distance are a square around none. */
export function distanceOf({ dx, dy }: PixelMove): number {
  return Math.max(Math.abs(dx), Math.abs(dy));
}

/**
 * All moves by up to `maxShift` pixels each way, the smallest first: by distance, then by |dx| + |dy|, then from the top, from
 * the left. The first is none.
 */
export function movesOutwards(maxShift: number): PixelMove[] {
  const steps = (move: PixelMove) => Math.abs(move.dx) + Math.abs(move.dy);
  return movesByRow(maxShift).sort((a, b) => distanceOf(a) - distanceOf(b) || steps(a) - steps(b));
}

/** The same moves as a map shows them: from the top, each row from the left. */
export function movesByRow(maxShift: number): PixelMove[] {
  const reach = Array.from({ length: 2 * maxShift + 1 }, (_, index) => index - maxShift);
  return reach.flatMap((dy) => reach.map((dx) => ({ dx, dy })));
}
