/** Boxes and lines with places. A part of a drawing is placed around its trunk: the line from its beginning, at (0, 0), to its end. */

export type Point = readonly [x: number, y: number];

/** A rectangle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A box of a unit. */
export interface PlacedUnit extends Box {
  readonly unit: number;
}

/** A line, down and sideways only; `null` begins in the unit before the part. */
export interface PlacedEdge {
  readonly from: number | null;
  readonly to: number;
  readonly points: readonly Point[];
}

/** A frame around boxes that belong together. */
export interface Frame extends Box {
  readonly title: string;
  /** How many parts of the net look like this. */
  readonly repeats: number;
}

/** A part of a drawing around its trunk. */
export interface Placed {
  readonly units: readonly PlacedUnit[];
  readonly edges: readonly PlacedEdge[];
  readonly frames: readonly Frame[];
  /** Room to the left of the trunk. */
  readonly left: number;
  /** Room to the right of it. */
  readonly right: number;
  readonly height: number;
  /** The unit in which it ends, and how far down the trunk. */
  readonly exit: { readonly unit: number; readonly y: number };
}

/** The same elsewhere. */
export function moved({ units, edges, frames, ...rest }: Placed, dx: number, dy: number): Placed {
  const shift = <B extends Box>(box: B): B => ({ ...box, x: box.x + dx, y: box.y + dy });
  return {
    ...rest,
    units: units.map(shift),
    frames: frames.map(shift),
    edges: edges.map((edge) => ({ ...edge, points: edge.points.map(([x, y]): Point => [x + dx, y + dy]) })),
    exit: { ...rest.exit, y: rest.exit.y + dy },
  };
}

/** Lets the lines that begin before a part begin in a unit, after other points. */
export function begun(edges: readonly PlacedEdge[], from: number, way: readonly Point[]): PlacedEdge[] {
  return edges.map((edge) =>
    edge.from === null ? { ...edge, from, points: [...way, ...edge.points] } : edge,
  );
}

/** Between parts of a trunk. */
export const trunkGap = 18;

/** Parts one below the other, on one trunk. */
export function stacked(parts: readonly Placed[]): Placed {
  const units: PlacedUnit[] = [];
  const edges: PlacedEdge[] = [];
  const frames: Frame[] = [];
  let exit: Placed["exit"] | null = null;
  let y = 0;
  for (const part of parts) {
    const own = moved(part, 0, y);
    units.push(...own.units);
    frames.push(...own.frames);
    edges.push(...(exit === null ? own.edges : begun(own.edges, exit.unit, [[0, exit.y]])));
    exit = own.exit;
    y += part.height + trunkGap;
  }
  return {
    ...{ units, edges, frames, exit: exit ?? { unit: 0, y: 0 } },
    left: Math.max(0, ...parts.map(({ left }) => left)),
    right: Math.max(0, ...parts.map(({ right }) => right)),
    height: y - trunkGap,
  };
}

/** A line without the points that say nothing. */
export function simplified(points: readonly Point[]): Point[] {
  const result: Point[] = [];
  for (const point of points) {
    const [before, last] = result.slice(-2);
    const isSame = (a: Point | undefined, axis: 0 | 1) =>
      a !== undefined && Math.abs(a[axis] - point[axis]) < 0.01;
    const end = last ?? before;
    if (isSame(end, 0) && isSame(end, 1)) continue;
    const onLine = ([0, 1] as const).some(
      (axis) => last !== undefined && isSame(before, axis) && isSame(last, axis),
    );
    if (onLine) result.pop();
    result.push(point);
  }
  return result;
}

/** Around the boxes of a frame. */
const framePadding = 9;
const titleHeight = 16;

/** A part with a frame around it. The title stands to the right of the trunk, which comes in from above. */
export function framed(part: Placed, title: string, titleWidth: number, repeats: number): Placed {
  const { left, right, height, exit, ...own } = moved(part, 0, titleHeight + 4);
  const frame = {
    x: -left - framePadding,
    y: 0,
    width: left + Math.max(right, titleWidth + 4) + 2 * framePadding,
    height: height + titleHeight + 4 + framePadding,
    ...{ title, repeats },
  };
  return {
    ...own,
    // What comes from above passes the title.
    edges: own.edges.map((edge) =>
      edge.from === null ? { ...edge, points: [[0, 0] as const, ...edge.points] } : edge,
    ),
    frames: [frame, ...own.frames],
    left: -frame.x,
    right: frame.width + frame.x,
    height: frame.height,
    exit,
  };
}
