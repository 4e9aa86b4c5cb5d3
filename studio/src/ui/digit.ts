/**
 * What is drawn by hand, as MNIST's digits are made (LeCun et al. 1998, section III.A): brought to a box of 20 x 20 pixels with its
 * proportions kept, and set into 28 x 28 pixels with its centre of mass in the middle.
 *
 * Lines are scaled, not pixels, and drawn with the pen that MNIST's digits have: a small drawing does not become a bold one.
 */

/** A place on the pad: from 0 to 1 to the right and down. */
export interface PadPoint {
  readonly x: number;
  readonly y: number;
}

/** A line drawn without lifting the pen. */
export type Stroke = readonly PadPoint[];

/** Height and width of the result. */
export const digitSize = 28;
/** Height and width of the box that digits fill. */
const boxSize = 20;
/** Half the width of the pen, in pixels of the result. */
const penRadius = 1.25;
/** Smaller drawings are taken to be small: a dot does not become a disc. */
const smallestDrawing = 0.12;

/** Two rounds of cutting corners (Chaikin 1974): the points of a hand become a line without kinks. */
export function smooth(stroke: Stroke): Stroke {
  let points = stroke;
  for (let round = 0; round < 2 && points.length > 2; round++) {
    const cut = points.slice(1).flatMap((end, index) => {
      const begin = points[index];
      return [between(begin, end, 0.25), between(begin, end, 0.75)];
    });
    points = [points[0], ...cut, points[points.length - 1]];
  }
  return points;
}

function between(from: PadPoint, to: PadPoint, share: number): PadPoint {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/**
 * The digit as MNIST would have it: white, 255, on black, 0.
 *
 * @returns `[28, 28]`, row by row; black where nothing is drawn
 */
export function digitOf(strokes: readonly Stroke[]): Uint8Array<ArrayBuffer> {
  const smoothed = strokes.filter((stroke) => stroke.length > 0).map(smooth);
  if (smoothed.length === 0) return new Uint8Array(digitSize * digitSize);
  const all = smoothed.flat();
  const [left, right] = range(all.map(({ x }) => x));
  const [top, bottom] = range(all.map(({ y }) => y));
  // The pen is part of the digit: lines fill what the box leaves beside it.
  const scale = (boxSize - 2 * penRadius) / Math.max(smallestDrawing, right - left, bottom - top);
  const middle = digitSize / 2;
  const placed = (dx: number, dy: number) =>
    smoothed.map((stroke) =>
      stroke.map(({ x, y }) => ({
        x: middle + (x - (left + right) / 2) * scale + dx,
        y: middle + (y - (top + bottom) / 2) * scale + dy,
      })),
    );
  const mass = centreOfMass(draw(placed(0, 0)));
  // By whole pixels, as MNIST's were; the ink stays inside.
  const move = (centre: number, size: number) => {
    const room = Math.floor((digitSize - size * scale - 2 * penRadius) / 2);
    return Math.min(room, Math.max(-room, Math.round(middle - centre)));
  };
  return draw(placed(move(mass.x, right - left), move(mass.y, bottom - top)));
}

function range(values: readonly number[]): [least: number, greatest: number] {
  return [Math.min(...values), Math.max(...values)];
}

/** Draws lines with a round pen; a pixel on the edge is as bright as the share of it that is covered, nearly. */
function draw(strokes: readonly Stroke[]): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(digitSize * digitSize);
  for (const stroke of strokes) {
    for (let index = 0; index < Math.max(1, stroke.length - 1); index++) {
      drawLine(pixels, stroke[index], stroke[Math.min(stroke.length - 1, index + 1)]);
    }
  }
  return pixels;
}

function drawLine(pixels: Uint8Array, begin: PadPoint, end: PadPoint): void {
  const reach = penRadius + 1;
  const within = (value: number) => Math.min(digitSize - 1, Math.max(0, Math.floor(value)));
  const [first, last] = [Math.min(begin.y, end.y) - reach, Math.max(begin.y, end.y) + reach];
  const [left, right] = [Math.min(begin.x, end.x) - reach, Math.max(begin.x, end.x) + reach];
  for (let row = within(first); row <= within(last); row++) {
    for (let column = within(left); column <= within(right); column++) {
      const distance = distanceToLine({ x: column + 0.5, y: row + 0.5 }, begin, end);
      const covered = Math.min(1, Math.max(0, penRadius + 0.5 - distance));
      const at = row * digitSize + column;
      pixels[at] = Math.max(pixels[at], Math.round(255 * covered));
    }
  }
}

function distanceToLine(point: PadPoint, begin: PadPoint, end: PadPoint): number {
  const [dx, dy] = [end.x - begin.x, end.y - begin.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point.x - begin.x) * dx + (point.y - begin.y) * dy) / length;
  const nearest = between(begin, end, Math.min(1, Math.max(0, along)));
  return Math.hypot(point.x - nearest.x, point.y - nearest.y);
}

function centreOfMass(pixels: Uint8Array): PadPoint {
  let [sum, x, y] = [0, 0, 0];
  for (const [index, value] of pixels.entries()) {
    sum += value;
    x += value * ((index % digitSize) + 0.5);
    y += value * (Math.floor(index / digitSize) + 0.5);
  }
  return { x: x / sum, y: y / sum };
}
