/** Where the maps of a layer lie on their sheet. */
export interface TileLayout {
  /** Of a map on the page, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly columns: number;
  readonly rows: number;
  /** Whether maps follow each other downwards, as units of a dense layer do. */
  readonly downwards: boolean;
}

/** A value of a map. */
export interface TilePlace {
  readonly channel: number;
  readonly y: number;
  readonly x: number;
}

/** Sizes between which maps are drawn, in CSS pixels. */
const [smallest, largest] = [26, 104];
/** As many rows as a sheet should have, while maps would not be of a good size in fewer. */
const wantedRows = 2;
const good = 56;
/** Cells of a dense layer. */
const cellSizes = [13, 10, 8, 6] as const;
const cellRows = 10;

/** Lays out maps in rows: as large as two rows have room for, within limits. */
export function layoutMaps(
  count: number,
  shape: { readonly height: number; readonly width: number },
  room: number,
): TileLayout {
  const gap = 4;
  const sizeFor = (columns: number) => Math.floor((room - (columns - 1) * gap) / columns);
  // A large map gains nothing from more room; a small one is easier to read when its values are large.
  const most = Math.min(largest, Math.max(smallest, Math.max(shape.width, shape.height) * 6));
  const rowsAtLeast = Math.ceil(count / Math.max(1, Math.floor((room + gap) / (smallest + gap))));
  // Few maps in one row where they are of a good size there, else in rows of the same length.
  let rows = Math.max(1, rowsAtLeast);
  while (rows < wantedRows && sizeFor(Math.ceil(count / rows)) < Math.min(most, good)) rows++;
  const columns = Math.max(1, Math.ceil(count / rows));
  const size = Math.max(1, Math.min(most, sizeFor(columns)));
  // Whole pixels a value, where that costs little.
  const whole = Math.floor(size / shape.width) * shape.width;
  const width = whole > 0.85 * size ? whole : size;
  const height = Math.max(1, Math.round((width * shape.height) / shape.width));
  const fitted = Math.min(count, Math.max(columns, Math.floor((room + gap) / (width + gap))));
  const spread = Math.ceil(count / Math.ceil(count / fitted));
  return { width, height, gap, columns: spread, rows: Math.ceil(count / spread), downwards: false };
}

/** Lays out units of a dense layer in columns of cells. */
export function layoutCells(count: number, room: number): TileLayout {
  const gap = 1;
  const rows = Math.min(count, cellRows);
  const columns = Math.ceil(count / rows);
  const size = cellSizes.find((one) => columns * (one + gap) <= room) ?? cellSizes[cellSizes.length - 1];
  const most = Math.max(1, Math.floor((room + gap) / (size + gap)));
  const fitted = Math.min(columns, most);
  return {
    width: size,
    height: size,
    gap,
    columns: fitted,
    rows: Math.ceil(count / fitted),
    downwards: true,
  };
}

/** Width and height of a sheet, in CSS pixels. */
export function sheetSize({
  width,
  height,
  gap,
  columns,
  rows,
}: TileLayout): [width: number, height: number] {
  return [columns * (width + gap) - gap, rows * (height + gap) - gap];
}

/** The left upper corner of a map. */
export function cornerOf(
  { width, height, gap, columns, rows, downwards }: TileLayout,
  index: number,
): [number, number] {
  const [column, row] = downwards
    ? [Math.floor(index / rows), index % rows]
    : [index % columns, Math.floor(index / columns)];
  return [column * (width + gap), row * (height + gap)];
}

/** The map whose place a point of the sheet is, and where in it, from 0 to 1; null beside all maps. */
export function hit(layout: TileLayout, count: number, x: number, y: number) {
  const { width, height, gap, columns, rows, downwards } = layout;
  const [column, row] = [Math.floor(x / (width + gap)), Math.floor(y / (height + gap))];
  if (column < 0 || row < 0 || column >= columns || row >= rows) return null;
  const index = downwards ? column * rows + row : row * columns + column;
  if (index >= count) return null;
  const within = (value: number) => Math.min(0.9999, Math.max(0, value));
  return {
    index,
    across: within((x - column * (width + gap)) / width),
    down: within((y - row * (height + gap)) / height),
  };
}
