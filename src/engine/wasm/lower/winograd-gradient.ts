import type { Buffer, LoweringContext } from "./lowering.ts";
import { emitProduct } from "./matrix.ts";
import { noRiders } from "./riders.ts";
import {
  bytesOfRows,
  dozen,
  emitInput,
  frequencies,
  isLarge,
  partsOf,
  type Rows,
  roundUp,
  rowsOf,
  type Stretch,
  stretchesOf,
  stripsOf,
  type TiledConvolution,
  tileScratchBytes,
  tilesPerChunk,
  tilingTable,
} from "./winograd-tiling.ts";

interface GradientOperands {
  readonly x: Buffer;
  readonly dy: Buffer;
  readonly gradient: Buffer;
}

/** dFilter from x and dy. */
export function emitWinogradFilterGradient(
  convolution: TiledConvolution,
  operands: GradientOperands,
  context: LoweringContext,
): void {
  const tiling = tilingTable(convolution, context);
  if (isLarge(convolution)) emitGradientOfSteps(convolution, operands, tiling, context);
  else emitGradientOfParts(convolution, operands, tiling, context);
}

/** Parts, each summed block by block by one thread. */
function emitGradientOfParts(
  convolution: TiledConvolution,
  { x, dy, gradient }: GradientOperands,
  tiling: Buffer,
  context: LoweringContext,
): void {
  const { input, output } = convolution;
  const pRow = roundUp(output[3], context.tile.columns);
  const { parts, block } = partsOf(convolution);
  const pFrequency = rowsOf(pRow, 1, roundUp(input[3], dozen)).frequency;
  const partial = context.temporary(4 * frequencies * pFrequency * parts, "transformed filter gradients");

  const v = rowsOf(input[3], 4, block);
  const z = rowsOf(output[3], context.tile.columns, block);
  context.emit({
    kernel: "winogradParts",
    arguments: {
      ...{ x, dy, partial, tiling, parts, block, pRow, pFrequency },
      ...{ vRow: v.row, vFrequency: v.frequency, zRow: z.row, zFrequency: z.frequency },
    },
    chunks: parts,
    reads: [x, dy, tiling],
    writes: [partial],
    scratchBytes: tileScratchBytes(Math.max(input[3], output[3])) + bytesOfRows(v) + bytesOfRows(z),
  });
  emitRestoredGradient(
    convolution,
    { partial, gradient, parts, pRow, frequency: pFrequency },
    { first: 0, count: input[3] },
    context,
  );
}

/**
 * The steps as calls of their own. Few tiles are summed at once, strip by strip of input channels, so that P, which is
 * larger than they are, stays in the cache until it is taken back; many tiles in stretches that add to all of P.
 */
function emitGradientOfSteps(
  convolution: TiledConvolution,
  { x, dy, gradient }: GradientOperands,
  tiling: Buffer,
  context: LoweringContext,
): void {
  const { input, output } = convolution;
  const [inputs, outputs] = [input[3], output[3]];
  const stretches = stretchesOf(convolution);
  const strips = stretches.length === 1 ? stripsOf(outputs, inputs) : [{ first: 0, count: inputs }];
  const pRow = roundUp(outputs, 4);
  const sums = strips.map(({ count }) => {
    const { frequency } = rowsOf(pRow, 1, count);
    return {
      frequency,
      partial: context.temporary(4 * frequencies * frequency + 64, "transformed gradient"),
    };
  });
  stretches.forEach((stretch, index) => {
    const v = emitInput(convolution, x, { ...stretch, tiling }, context);
    const z = emitOutputGradient(convolution, dy, { ...stretch, tiling }, context);
    strips.forEach((strip, at) => {
      const { partial, frequency } = sums[at];
      const strides = { aStride: v.rows.row, bStride: z.rows.row, cStride: pRow };
      emitProduct(
        {
          ...{ a: v.buffer, aOffset: strip.first, b: z.buffer, c: partial, ...noRiders },
          ...{ m: strip.count, n: outputs, k: stretch.count, transposeA: true, transposeB: false },
          accumulate: index > 0,
          batch: { count: frequencies, a: v.rows.frequency, b: z.rows.frequency, c: frequency, ...strides },
        },
        context,
      );
      if (index + 1 < stretches.length) return;
      emitRestoredGradient(convolution, { partial, gradient, parts: 1, pRow, frequency }, strip, context);
    });
  });
}

/** Z of a stretch of tiles. */
function emitOutputGradient(
  { output }: TiledConvolution,
  dy: Buffer,
  { first, count, tiling }: Stretch,
  context: LoweringContext,
): { readonly buffer: Buffer; readonly rows: Rows } {
  const rows = rowsOf(output[3], 4, count);
  const buffer = context.temporary(bytesOfRows(rows), "transformed output gradient");
  context.emit({
    kernel: "winogradOutputGradient",
    arguments: {
      ...{ dy, target: buffer, tiling, firstTile: first, count, perChunk: tilesPerChunk },
      ...{ row: rows.row, frequency: rows.frequency },
    },
    chunks: Math.ceil(count / tilesPerChunk),
    reads: [dy, tiling],
    writes: [buffer],
    scratchBytes: tileScratchBytes(output[3]),
  });
  return { buffer, rows };
}

interface Sum {
  readonly partial: Buffer;
  readonly gradient: Buffer;
  readonly parts: number;
  readonly pRow: number;
  readonly frequency: number;
}

/** Adds the parts of a transformed gradient and takes the sum back, for input channels [first, first + count). */
function emitRestoredGradient(
  { input, output, size }: TiledConvolution,
  sum: Sum,
  { first, count }: { readonly first: number; readonly count: number },
  context: LoweringContext,
): void {
  context.emit({
    kernel: "winogradFilterGradient",
    arguments: { ...sum, inputChannels: input[3], outputChannels: output[3], firstChannel: first, size },
    chunks: count,
    reads: [sum.partial],
    writes: [sum.gradient],
    scratchBytes: 2 * 16 * frequencies + 16 * size,
  });
}
