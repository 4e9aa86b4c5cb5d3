// Axes in another order, where source and target run along different ones.
//
// One axis is contiguous in the source, `across`, and another one in the target, `along`; squares of 4 by 4 elements are
// turned in registers between them. All other axes are walked from outside. A unit of work is one index of those and
// `acrossPerUnit` positions across, a chunk `unitsPerChunk` units.
import { storeLanes } from "./vector";

/** Positions along that are walked for all those across before the next: their lines of the source stay in the cache. */
const BLOCK: u32 = 64;

@unmanaged
export class TransposeArguments {
  source: u32;
  target: u32;
  /** For each axis but the two: size, bytes from one to the next in the source, the same in the target. */
  axes: u32;
  axisCount: u32;
  across: u32;
  /** Bytes in the target from one position across to the next. */
  targetStride: u32;
  along: u32;
  /** Bytes in the source from one position along to the next. */
  sourceStride: u32;
  acrossPerUnit: u32;
  units: u32;
  unitsPerChunk: u32;
}

/** Up to 4 by 4 elements: `rows` along, `columns` across. Rows that are not there are read as the last one. */
// @ts-ignore: decorator
@inline
function turnSquare(
  source: usize, sourceStride: usize, rows: u32, target: usize, targetStride: usize, columns: u32,
): void {
  const last = rows - 1;
  const a = v128.load(source);
  const b = v128.load(source + min<u32>(1, last) * sourceStride);
  const c = v128.load(source + min<u32>(2, last) * sourceStride);
  const d = v128.load(source + min<u32>(3, last) * sourceStride);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  storeLanes(target, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), rows);
  if (columns > 1) storeLanes(target + targetStride, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), rows);
  if (columns > 2) {
    const high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const higher = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    storeLanes(target + 2 * targetStride, v128.shuffle<f32>(high, higher, 0, 1, 4, 5), rows);
    if (columns > 3) storeLanes(target + 3 * targetStride, v128.shuffle<f32>(high, higher, 2, 3, 6, 7), rows);
  }
}

/** `count` positions across and all along, from where source and target point to. */
function turnUnit(x: TransposeArguments, source: usize, target: usize, count: u32): void {
  const sourceStride: usize = x.sourceStride;
  const targetStride: usize = x.targetStride;
  for (let block: u32 = 0; block < x.along; block += BLOCK) {
    const stop = min(x.along, block + BLOCK);
    for (let column: u32 = 0; column < count; column += 4) {
      for (let row = block; row < stop; row += 4) {
        turnSquare(
          source + row * sourceStride + 4 * column, sourceStride, min<u32>(4, stop - row),
          target + column * targetStride + 4 * row, targetStride, min<u32>(4, count - column),
        );
      }
    }
  }
}

export function transpose(x: TransposeArguments, chunk: u32): void {
  const parts = (x.across + x.acrossPerUnit - 1) / x.acrossPerUnit;
  const end = min(x.units, (chunk + 1) * x.unitsPerChunk);
  for (let unit = chunk * x.unitsPerChunk; unit < end; unit++) {
    const begin = (unit % parts) * x.acrossPerUnit;
    let source: usize = x.source + 4 * begin;
    let target: usize = x.target + begin * x.targetStride;
    let rest = unit / parts;
    for (let axis: usize = x.axes + 12 * (x.axisCount - 1); axis >= <usize>x.axes; axis -= 12) {
      const size = load<u32>(axis);
      const index = rest % size;
      rest /= size;
      source += index * load<u32>(axis, 4);
      target += index * load<u32>(axis, 8);
    }
    turnUnit(x, source, target, min(x.acrossPerUnit, x.across - begin));
  }
}
