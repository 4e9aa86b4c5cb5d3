import type { Buffer, LoweringContext } from "./lowering.ts";
import { emitProduct } from "./matrix.ts";
import { buffersOf, noRiders, type Riders } from "./riders.ts";
import {
  blockOf,
  bytesOfRows,
  emitInput,
  frequencies,
  isLarge,
  roundUp,
  rowsOf,
  stretchesOf,
  stripsOf,
  type TiledConvolution,
  tileScratchBytes,
  tilesOf,
  tilesPerChunk,
  tilingTable,
} from "./winograd-tiling.ts";

interface Operands {
  readonly x: Buffer;
  readonly filter: Buffer;
  readonly y: Buffer;
}

/** How the channels of a filter take part: as they lie, or turned for an input gradient. */
interface FilterUse {
  readonly filter: Buffer;
  readonly turn: boolean;
}

/** U of some output channels. */
interface TransformedFilter {
  readonly buffer: Buffer;
  /** Floats from a frequency to the next. */
  readonly frequency: number;
  /** Floats of a frequency's panels. */
  readonly panels: number;
}

/** Channels k in a chunk of a filter's transform. */
const depthPerChunk = 128;

/** y = conv2d(x, filter) with riders, or with `turn` the input gradient, where x is dy and y is dx. */
export function emitWinograd(
  convolution: TiledConvolution,
  { x, filter, y }: Operands,
  { turn, riders }: { readonly turn: boolean; readonly riders: Riders },
  context: LoweringContext,
): void {
  const use = { filter, turn };
  if (isLarge(convolution)) emitSteps(convolution, { x, y, use }, riders, context);
  else emitBlocks(convolution, { x, y, use }, riders, context);
}

/** U of output channels [first, first + count). */
function emitFilter(
  { input, output, size }: TiledConvolution,
  { filter, turn }: FilterUse,
  { first, count }: { readonly first: number; readonly count: number },
  context: LoweringContext,
): TransformedFilter {
  const [inputs, outputs] = [input[3], output[3]];
  const panels = inputs * roundUp(count, context.tile.columns);
  const { frequency } = rowsOf(panels, 1, 1);
  const transformed = context.temporary(4 * frequencies * frequency, "transformed filter");
  const [filterInputs, filterOutputs] = turn ? [outputs, inputs] : [inputs, outputs];
  context.emit({
    kernel: "winogradFilter",
    arguments: {
      ...{ filter, transformed, frequency, filterInputs, filterOutputs, size, turn: Number(turn) },
      ...{ firstColumn: first, perChunk: depthPerChunk },
    },
    chunks: Math.ceil(count / context.tile.columns) * Math.ceil(inputs / depthPerChunk),
    reads: [filter],
    writes: [transformed],
    scratchBytes: 16 * frequencies + 4 * 16 * size * size,
  });
  return { buffer: transformed, frequency, panels };
}

interface Walk {
  readonly x: Buffer;
  readonly y: Buffer;
  readonly use: FilterUse;
}

/** Block by block of tiles, each through all three steps in one thread's scratch. */
function emitBlocks(
  convolution: TiledConvolution,
  { x, y, use }: Walk,
  riders: Riders,
  context: LoweringContext,
): void {
  const { input, output, size } = convolution;
  const [inputs, outputs] = [input[3], output[3]];
  const u = emitFilter(convolution, use, { first: 0, count: outputs }, context);
  const tiling = tilingTable(convolution, context, riders.yStride ?? outputs);
  const block = blockOf(convolution);
  const v = rowsOf(inputs, 4, block);
  const m = rowsOf(outputs, context.tile.columns, block);
  context.emit({
    kernel: "winograd",
    arguments: {
      ...{ x, filter: u.buffer, y, ...riders, tiling, block },
      ...{ vRow: v.row, vFrequency: v.frequency, mRow: m.row, mFrequency: m.frequency },
      filterGap: 4 * (u.frequency - u.panels),
    },
    chunks: Math.ceil(tilesOf(output, size) / block),
    reads: [x, u.buffer, tiling, ...buffersOf(riders)],
    writes: [y],
    scratchBytes: tileScratchBytes(Math.max(inputs, outputs)) + bytesOfRows(v) + bytesOfRows(m),
  });
}

/**
 * The three steps as calls of their own. Few tiles are done at once, strip by strip of output channels, so that U, which is
 * larger than they are, stays in the cache between its transform and its product; many tiles in stretches, with all of U.
 */
function emitSteps(
  convolution: TiledConvolution,
  { x, y, use }: Walk,
  riders: Riders,
  context: LoweringContext,
): void {
  const { input, output } = convolution;
  const [inputs, outputs] = [input[3], output[3]];
  const tiling = tilingTable(convolution, context, riders.yStride ?? outputs);
  const stretches = stretchesOf(convolution);
  const strips = stretches.length === 1 ? stripsOf(inputs, outputs) : [{ first: 0, count: outputs }];
  const whole = stretches.length === 1 ? null : emitFilter(convolution, use, strips[0], context);
  for (const { first, count } of stretches) {
    const v = emitInput(convolution, x, { first, count, tiling }, context);
    const m = rowsOf(outputs, 4, count);
    const products = context.temporary(bytesOfRows(m), "transformed products");
    const strides = { aStride: v.rows.row, bStride: outputs, cStride: m.row };
    for (const strip of strips) {
      const u = whole ?? emitFilter(convolution, use, strip, context);
      emitProduct(
        {
          ...{ a: v.buffer, b: u.buffer, c: products, cOffset: strip.first, ...noRiders },
          ...{ m: count, n: strip.count, k: inputs, transposeA: false, transposeB: false, packed: true },
          batch: { count: frequencies, a: v.rows.frequency, b: u.frequency, c: m.frequency, ...strides },
        },
        context,
      );
    }
    context.emit({
      kernel: "winogradOutput",
      arguments: {
        ...{ source: products, y, ...riders, tiling },
        ...{ firstTile: first, count, perChunk: tilesPerChunk, row: m.row, frequency: m.frequency },
      },
      chunks: Math.ceil(count / tilesPerChunk),
      reads: [products, tiling, ...buffersOf(riders)],
      writes: [y],
      scratchBytes: tileScratchBytes(outputs),
    });
  }
}
