// dx of a convolution with strides s: dx[n, q s + phase, c] = sum over the taps t of that phase and output channels o of
// dy[n, q + shift(t), o] filter[t, c, o]. Each of the s x s phases of dx sees a part of the kernel's taps only, each of
// them one pixel of dy: so a phase is a walk with stride 1 over dy, and no product is made with a zero. A phase that no
// tap reaches (3 of 4 for a 1 x 1 kernel with stride 2) is zero.
//
// The filter is packed with its taps ordered by phase, so that a phase is a stretch of k; one window of dy serves them
// all. A phase of a band is multiplied into a block in scratch and stored from there at its places in dx.
//
// A chunk is a band of rows q of one image and a stretch of each group's channels.
import { groupPanels, multiplyBand, setPatches } from "./convolution";
import { finishTile, scratch, setFinish } from "./tile";
import { openWindow, Walk } from "./window";

@unmanaged
export class StridedGradientArguments {
  dy: u32;
  filter: u32;
  dx: u32;
  /** 0 for none, as are residual and mask (see tile.ts). */
  bias: u32;
  residual: u32;
  mask: u32;
  rectify: u32;
  ceiling: f32;
  /** A `Walk` over dy, with one output for each q. */
  walk: u32;
  /** Byte offset of each pixel of a band from the window's start. */
  pixelOffsets: u32;
  /** Byte offset of each k from a pixel's place there. */
  offsets: u32;
  k: u32;
  bandRows: u32;
  /** Bands of all images; those of one stretch of channels follow each other, so that their filter stays in the cache. */
  bandCount: u32;
  /** Channels of a group in a chunk; a multiple of TILE_COLUMNS where they are not all. */
  columns: u32;
  height: u32;
  width: u32;
  strideHeight: u32;
  strideWidth: u32;
  /** Where the k of each phase end, in the order of their rows and columns. */
  phaseEnds: u32;
  /** Bytes that the window takes in scratch; the block comes behind it. */
  windowBytes: u32;
}

export function stridedGradient(g: StridedGradientArguments, chunk: u32): void {
  const walk = changetype<Walk>(g.walk);
  const column = (chunk / g.bandCount) * g.columns;
  const columns = min(g.columns, walk.groupOutput - column);
  const bands = (walk.outputHeight + g.bandRows - 1) / g.bandRows;
  const image = (chunk % g.bandCount) / bands;
  const firstRow = ((chunk % g.bandCount) % bands) * g.bandRows;
  const rows = min(g.bandRows, walk.outputHeight - firstRow);
  const pixels = rows * walk.outputWidth;
  const dy = g.dy + 4 * image * walk.inputHeight * walk.inputWidth * walk.inputChannels;
  const window = openWindow(walk, dy, firstRow, rows, scratch);
  const block = scratch + g.windowBytes;
  // Rows of whole vectors, so that the block is stored as it was written.
  const blockStride = 4 * ((columns + 3) & ~3);
  const dx = g.dx + 4 * image * g.height * g.width * walk.outputChannels;
  const finish = setFinish(g.dx, g.residual, g.rectify, g.mask, g.ceiling);
  setPatches(g.pixelOffsets, pixels, g.offsets);
  for (let group: u32 = 0; group < walk.groups; group++) {
    const firstChannel = group * walk.groupOutput + column;
    const filter = groupPanels(walk, g.filter, group, g.k);
    let kBegin: u32 = 0;
    for (let phase: u32 = 0; phase < g.strideHeight * g.strideWidth; phase++) {
      const kEnd = load<u32>(g.phaseEnds + 4 * phase);
      const bias = g.bias ? g.bias + 4 * firstChannel : 0;
      if (kBegin == kEnd) {
        fillBlock(block, blockStride, pixels, bias);
      } else {
        multiplyBand(
          window + 4 * group * walk.groupInput, filter, g.k, kBegin, kEnd, column, column + columns,
          block - 4 * column, blockStride, bias ? bias - 4 * column : 0, 0,
        );
      }
      storePhase(g, walk, phase, firstRow, rows, block, blockStride, dx + 4 * firstChannel, columns, finish);
      kBegin = kEnd;
    }
  }
}

/** What a phase without taps has: the bias, or zeros. */
function fillBlock(block: usize, blockStride: usize, pixels: u32, bias: usize): void {
  if (!bias) {
    memory.fill(block, 0, pixels * blockStride);
    return;
  }
  for (let p: u32 = 0; p < pixels; p++) memory.copy(block + p * blockStride, bias, blockStride);
}

/** Stores a block at the places of its phase in dx, as far as they lie inside. */
function storePhase(
  g: StridedGradientArguments, walk: Walk, phase: u32, firstRow: u32, rows: u32, block: usize, blockStride: usize,
  dx: usize, columns: u32, finish: u32,
): void {
  const column = phase % g.strideWidth;
  if (column >= g.width) return;
  const across = (g.width - column + g.strideWidth - 1) / g.strideWidth;
  const pixelBytes = 4 * walk.outputChannels;
  for (let r: u32 = 0; r < rows; r++) {
    const row = (firstRow + r) * g.strideHeight + phase / g.strideWidth;
    if (row >= g.height) return;
    const target = dx + (row * g.width + column) * pixelBytes;
    finishTile(block, blockStride, target, g.strideWidth * pixelBytes, across, columns, finish);
    block += walk.outputWidth * blockStride;
  }
}
