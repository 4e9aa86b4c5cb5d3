/**
 * Draws a block of branches: boxes in rows by how far they are from the block's beginning (Sugiyama, Tagawa and Toda 1981), in
 * lanes, so that what follows on each other stands below each other. A line that passes by a row has a lane of its own there,
 * between rows it goes sideways on tracks that no other line is on: so none runs through a box.
 */
import type { Placed, PlacedEdge, PlacedUnit, Point } from "./placed.ts";
import type { Segment } from "./segments.ts";
import type { Unit } from "./unit.ts";

/** Width and height of a box. */
export type BoxSize = readonly [width: number, height: number];

const laneGap = 14;
/** Of a lane that only lines pass through. */
const thinLane = 12;
const track = 7;
const rowGap = 18;

/** A place in the grid: the box of a unit, or where a line passes a row. */
interface Cell {
  readonly row: number;
  readonly lane: number;
}

/** A line between two units, with the rows that it passes. */
interface Line {
  readonly from: number | null;
  readonly to: number;
  /** From the row below `from` to that of `to`. */
  readonly cells: readonly Cell[];
}

/** The block's beginning, from which its first boxes get what they work on. */
const entryRow = -1;

/** Places a box that all ways pass, and the branches that lead to it. */
export function placeSegment(
  units: readonly Unit[],
  segment: Segment,
  sizeOf: (unit: number) => BoxSize,
): Placed {
  const { inner, end } = segment;
  const [endWidth, endHeight] = sizeOf(end);
  if (inner.length === 0) {
    return {
      units: [{ unit: end, x: -endWidth / 2, y: 0, width: endWidth, height: endHeight }],
      edges: [{ from: null, to: end, points: [[0, 0]] }],
      ...{
        frames: [],
        left: endWidth / 2,
        right: endWidth / 2,
        height: endHeight,
        exit: { unit: end, y: endHeight },
      },
    };
  }
  const grid = new Grid(units, segment);
  const centres = laneCentres(grid, sizeOf);
  const x = ({ lane }: Cell) => (lane === trunkLane ? 0 : centres[lane]);
  const gaps = tracksOf(grid, x);
  const tops: number[] = [];
  let y = gaps[0].height;
  for (let row = 0; row < grid.rows; row++) {
    tops.push(y);
    const tallest = Math.max(
      ...[...grid.cells].filter(([, cell]) => cell.row === row).map(([unit]) => sizeOf(unit)[1]),
    );
    y += tallest + (gaps[row + 1]?.height ?? 0);
  }
  const placed: PlacedUnit[] = [...grid.cells].map(([unit, cell]) => {
    const [width, height] = sizeOf(unit);
    return { unit, x: x(cell) - width / 2, y: tops[cell.row], width, height };
  });
  const bottoms = new Map(placed.map(({ unit, y: top, height }) => [unit, top + height]));
  const edges = grid.lines.map((line): PlacedEdge => {
    const { from, to, cells } = line;
    let at: Cell = from === null ? { row: entryRow, lane: trunkLane } : grid.cellOf(from);
    const points: Point[] = [[x(at), from === null ? 0 : (bottoms.get(from) ?? 0)]];
    for (const cell of cells) {
      if (x(cell) !== x(at)) {
        const gapBegin = at.row === entryRow ? 0 : tops[cell.row] - gaps[cell.row].height;
        const level = gapBegin + gaps[cell.row].levelOf(line, at, cell);
        points.push([x(at), level], [x(cell), level]);
      }
      points.push([x(cell), tops[cell.row]]);
      at = cell;
    }
    return { from, to, points };
  });
  const extents = [
    ...placed.map((box) => [box.x, box.x + box.width]),
    ...edges.flatMap(({ points }) => points.map(([px]) => [px - thinLane / 2, px + thinLane / 2])),
  ];
  return {
    ...{ units: placed, edges, frames: [] },
    left: Math.max(...extents.map(([begin]) => -begin)),
    right: Math.max(...extents.map(([, finish]) => finish)),
    height: y,
    exit: { unit: end, y: tops[grid.rows - 1] + endHeight },
  };
}

/** The lane of the block's beginning and end. */
const trunkLane = -1;

/** Rows and lanes of a block. */
class Grid {
  readonly cells = new Map<number, Cell>();
  readonly lines: Line[] = [];
  readonly rows: number;
  /** Rows that are taken, by lane. */
  readonly #taken: Set<number>[] = [];

  constructor(units: readonly Unit[], { inner, end }: Segment) {
    const members = new Set([...inner, end]);
    const rows = new Map<number, number>();
    for (const unit of inner) {
      const above = units[unit].inputs.map((source) => rows.get(source) ?? entryRow);
      rows.set(unit, 1 + Math.max(entryRow, ...above));
    }
    this.rows = Math.max(...rows.values()) + 2;
    rows.set(end, this.rows - 1);
    const rowOf = (unit: number) => rows.get(unit) ?? entryRow;
    /** Units that another one stands below already. */
    const continued = new Set<number>();
    for (const unit of inner) {
      const [source = -1] = units[unit].inputs;
      const above = rowOf(source) + 1;
      const own = this.cells.get(source);
      const follows =
        own !== undefined && !continued.has(source) && this.#isFree(own.lane, above, rowOf(unit));
      if (follows) continued.add(source);
      const lane = follows ? own.lane : this.#freeLane(above, rowOf(unit));
      this.#take(lane, above, rowOf(unit));
      this.cells.set(unit, { row: rowOf(unit), lane });
    }
    this.cells.set(end, { row: this.rows - 1, lane: trunkLane });
    for (const unit of [...inner, end]) {
      // What comes from the same place outside is one line.
      const sources = new Set(units[unit].inputs.map((source) => (members.has(source) ? source : null)));
      for (const [index, source] of [...sources].entries()) {
        this.lines.push(this.#lineOf(source, unit, index === 0 && unit !== end));
      }
    }
  }

  cellOf(unit: number): Cell {
    return this.cells.get(unit) ?? { row: entryRow, lane: trunkLane };
  }

  get lanes(): number {
    return this.#taken.length;
  }

  #lineOf(from: number | null, to: number, isFirst: boolean): Line {
    const target = this.cellOf(to);
    const source = from === null ? null : this.cellOf(from);
    const [begin, last] = [(source?.row ?? entryRow) + 1, target.row - 1];
    if (begin > last) return { from, to, cells: [target] };
    // The first line of a box has taken the rows above it.
    const own = source?.lane ?? trunkLane;
    const lane = isFirst
      ? target.lane
      : own !== trunkLane && this.#isFree(own, begin, last)
        ? own
        : this.#freeLane(begin, last);
    this.#take(lane, begin, last);
    const passed = Array.from({ length: last - begin + 1 }, (_, step) => ({ row: begin + step, lane }));
    return { from, to, cells: [...passed, target] };
  }

  #isFree(lane: number, begin: number, last: number): boolean {
    const taken = this.#taken[lane];
    for (let row = begin; row <= last; row++) if (taken?.has(row)) return false;
    return true;
  }

  #freeLane(begin: number, last: number): number {
    let lane = 0;
    while (!this.#isFree(lane, begin, last)) lane++;
    return lane;
  }

  #take(lane: number, begin: number, last: number): void {
    while (this.#taken.length <= lane) this.#taken.push(new Set());
    for (let row = begin; row <= last; row++) this.#taken[lane].add(row);
  }
}

/** Middles of the lanes, from the trunk: below the first lane where there are two of boxes, in the middle where there are more. */
function laneCentres(grid: Grid, sizeOf: (unit: number) => BoxSize): number[] {
  const widths = Array.from({ length: grid.lanes }, (_, lane) =>
    Math.max(0, ...[...grid.cells].filter(([, cell]) => cell.lane === lane).map(([unit]) => sizeOf(unit)[0])),
  );
  const centres: number[] = [];
  let x = 0;
  for (const width of widths) {
    const own = width || thinLane;
    centres.push(x + own / 2);
    x += own + laneGap;
  }
  const withBoxes = centres.filter((_, lane) => widths[lane] > 0);
  const middle = withBoxes.length <= 2 ? centres[0] : (withBoxes[0] + withBoxes[withBoxes.length - 1]) / 2;
  return centres.map((centre) => centre - middle);
}

/** The room above a row, and where lines go sideways in it. */
interface Gap {
  readonly height: number;
  /** From the gap's beginning. */
  levelOf(line: Line, from: Cell, to: Cell): number;
}

/** One stretch of tracks for what leaves a place on several ways, below it one for what comes in from several. */
function tracksOf(grid: Grid, x: (cell: Cell) => number): Gap[] {
  return Array.from({ length: grid.rows }, (_, row): Gap => {
    const hops = grid.lines.flatMap(({ from, cells }) => {
      const index = cells.findIndex((cell) => cell.row === row);
      if (index < 0) return [];
      const before = index > 0 ? cells[index - 1] : from === null ? null : grid.cellOf(from);
      return [{ source: sourceKey(before), begin: before === null ? 0 : x(before), end: x(cells[index]) }];
    });
    const fans = new Map<string, number>();
    for (const { source } of hops) fans.set(source, (fans.get(source) ?? 0) + 1);
    const keyOf = (source: string, end: number) => ((fans.get(source) ?? 0) > 1 ? `a ${source}` : `b ${end}`);
    const spans = new Map<string, [begin: number, end: number]>();
    for (const { source, begin, end } of hops) {
      if (begin === end) continue;
      const key = keyOf(source, end);
      const [low, high] = spans.get(key) ?? [begin, begin];
      spans.set(key, [Math.min(low, begin, end), Math.max(high, begin, end)]);
    }
    const levels = leveled(spans);
    const used = Math.max(0, ...levels.values()) + (levels.size > 0 ? 1 : 0);
    const height = used === 0 ? (row === 0 ? 0 : rowGap) : rowGap + (used - 1) * track;
    return {
      height,
      levelOf: ({ from }, before, to) => {
        const source = from === null && before.row === entryRow ? sourceKey(null) : sourceKey(before);
        return rowGap / 2 + (levels.get(keyOf(source, x(to))) ?? 0) * track;
      },
    };
  });
}

function sourceKey(cell: Cell | null): string {
  return cell === null ? "entry" : `${cell.row} ${cell.lane}`;
}

/** Levels on which spans do not meet: those that leave ("a") above those that come in ("b"). */
function leveled(spans: ReadonlyMap<string, readonly [begin: number, end: number]>): Map<string, number> {
  const levels = new Map<string, number>();
  let first = 0;
  for (const kind of ["a", "b"]) {
    const own = [...spans].filter(([key]) => key.startsWith(kind)).sort(([, a], [, b]) => a[0] - b[0]);
    const ends: number[] = [];
    for (const [key, [begin, end]] of own) {
      const free = ends.findIndex((last) => last < begin);
      const level = free < 0 ? ends.length : free;
      ends[level] = end;
      levels.set(key, first + level);
    }
    first += ends.length;
  }
  return levels;
}
