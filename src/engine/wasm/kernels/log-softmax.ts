// Logarithm of a softmax over rows of `columns` numbers, and its gradient.
//
//   logSoftmax           y = x - m - log(sum of exp(x - m)), m = max x
//   logSoftmaxGradient   dx = dy - exp(y) sum of dy
//
// A chunk is `rowsPerChunk` rows. A row is read whole before it is written, so both may run in place.
import { exp, logarithm } from "./exp";
import { laneMask, rowMaximum } from "./softmax";
import { multiplyAdd, storeLanes, sumLanes, zero } from "./vector";

@unmanaged
export class LogSoftmaxArguments {
  x: u32;
  y: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class LogSoftmaxGradientArguments {
  y: u32;
  dy: u32;
  dx: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
}

export function logSoftmax(x: LogSoftmaxArguments, chunk: u32): void {
  const columns = x.columns;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const source: usize = x.x + 4 * row * columns;
    const target: usize = x.y + 4 * row * columns;
    const greatest = f32x4.splat(rowMaximum(source, columns));
    let sum = zero();
    for (let i: u32 = 0; i < columns; i += 4) {
      const value = exp(f32x4.sub(v128.load(source + 4 * i), greatest));
      sum = f32x4.add(sum, v128.and(value, laneMask(columns - i)));
    }
    const shift = f32x4.splat(<f32>logarithm(sumLanes(sum)));
    for (let i: u32 = 0; i < columns; i += 4) {
      const centred = f32x4.sub(v128.load(source + 4 * i), greatest);
      storeLanes(target + 4 * i, f32x4.sub(centred, shift), columns - i);
    }
  }
}

export function logSoftmaxGradient(x: LogSoftmaxGradientArguments, chunk: u32): void {
  const columns = x.columns;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const y: usize = x.y + 4 * row * columns;
    const dy: usize = x.dy + 4 * row * columns;
    const dx: usize = x.dx + 4 * row * columns;
    let sum = zero();
    for (let i: u32 = 0; i < columns; i += 4) {
      sum = f32x4.add(sum, v128.and(v128.load(dy + 4 * i), laneMask(columns - i)));
    }
    const share = f32x4.splat(-sumLanes(sum));
    for (let i: u32 = 0; i < columns; i += 4) {
      storeLanes(dx + 4 * i, multiplyAdd(exp(v128.load(y + 4 * i)), share, v128.load(dy + 4 * i)), columns - i);
    }
  }
}
