/** Lays parts of a trunk out in columns, so that the whole is as large as it can be on a page. */
import { begun, moved, type Placed, type Point, stacked, trunkGap } from "./placed.ts";

/** What a page shows of A4 within its margins, in millimetres. */
const page = [190, 277] as const;
const columnGap = 40;
/** Room above and below columns, where lines go from one to the next. */
const turn = 14;
/** Between stacks that do not belong together in one column. */
const stackGap = 34;
const mostColumns = 12;
/** So much larger it must get to be worth another column. */
const worthwhile = 1.04;

/** A stack of parts, one below the other, whose first line comes from elsewhere. */
export interface Stack {
  readonly parts: readonly Placed[];
  /** Words above it; `null` for none. */
  readonly label: string | null;
}

/** A piece of a stack in a column. */
interface Piece {
  readonly parts: readonly Placed[];
  readonly label: string | null;
  /** Whether it goes on from the column before. */
  readonly continues: boolean;
}

/** Words in a drawing. */
export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** All parts at their places. */
export interface Columns extends Pick<Placed, "units" | "edges" | "frames"> {
  readonly labels: readonly PlacedLabel[];
  readonly width: number;
  readonly height: number;
}

/** Lays out stacks in as many columns as make it largest on a page, upright or across. */
export function inColumns(stacks: readonly Stack[]): Columns {
  const parts = stacks.reduce((sum, stack) => sum + stack.parts.length, 0);
  let best: Columns | null = null;
  for (let count = 1; count <= Math.min(parts, mostColumns); count++) {
    const next = laidOut(filled(stacks, count));
    if (best === null || scaleOf(next) > worthwhile * scaleOf(best)) best = next;
  }
  return best ?? laidOut([]);
}

/** How large it is on a page, upright or across. */
function scaleOf({ width, height }: Columns): number {
  const [short, long] = page;
  return Math.max(Math.min(short / width, long / height), Math.min(long / width, short / height));
}

/** The least height that so many columns get along with, and what is in each. */
function filled(stacks: readonly Stack[], count: number): Piece[][] {
  const heights = stacks.flatMap(({ parts }) => parts.map(({ height }) => height));
  let [low, high] = [Math.max(...heights), heights.reduce((sum, height) => sum + height + stackGap, 0)];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (filledTo(stacks, middle).length <= count) high = middle;
    else low = middle;
  }
  return filledTo(stacks, high);
}

function filledTo(stacks: readonly Stack[], limit: number): Piece[][] {
  const columns: Piece[][] = [[]];
  let used = 0;
  for (const { parts, label } of stacks) {
    let open: Placed[] = [];
    let hasBegun = false;
    const close = () => {
      if (open.length === 0) return;
      columns[columns.length - 1].push({ parts: open, label: hasBegun ? null : label, continues: hasBegun });
      hasBegun = true;
      open = [];
    };
    for (const part of parts) {
      const gap = open.length === 0 ? stackGap : trunkGap;
      if (used > 0 && used + gap + part.height > limit) {
        close();
        columns.push([]);
        used = 0;
      }
      used += (used === 0 ? 0 : gap) + part.height;
      open.push(part);
    }
    close();
  }
  return columns;
}

function laidOut(columns: readonly (readonly Piece[])[]): Columns {
  const units: Placed["units"][number][] = [];
  const edges: Placed["edges"][number][] = [];
  const frames: Placed["frames"][number][] = [];
  const labels: PlacedLabel[] = [];
  let x = 0;
  let height = 0;
  /** Where the piece before ended. */
  let end: { readonly unit: number; readonly point: Point } | null = null;
  for (const pieces of columns) {
    const stacks = pieces.map((piece) => ({ piece, stack: stacked(piece.parts) }));
    const trunk = x + Math.max(0, ...stacks.map(({ stack }) => stack.left));
    let y = turn;
    for (const { piece, stack } of stacks) {
      if (piece.label !== null) labels.push({ text: piece.label, x, y: y - 4 });
      const own = moved(stack, trunk, y);
      const gutter = x - columnGap / 2;
      const way: Point[] =
        end === null || !piece.continues
          ? []
          : [
              end.point,
              [end.point[0], end.point[1] + turn],
              [gutter, end.point[1] + turn],
              [gutter, turn / 3],
              [trunk, turn / 3],
            ];
      const begins = end !== null && piece.continues;
      units.push(...own.units);
      frames.push(...own.frames);
      edges.push(...(begins && end !== null ? begun(own.edges, end.unit, way) : own.edges));
      end = { unit: own.exit.unit, point: [trunk, own.exit.y] };
      y += stack.height + stackGap;
    }
    height = Math.max(height, y - stackGap + turn);
    x = trunk + Math.max(0, ...stacks.map(({ stack }) => stack.right)) + columnGap;
  }
  return { units, edges, frames, labels, width: Math.max(0, x - columnGap), height };
}
