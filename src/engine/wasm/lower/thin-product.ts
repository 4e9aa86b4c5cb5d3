import type { LoweringContext } from "./lowering.ts";
import { buffersOf, type Product } from "./matrix.ts";

const env = (name: string, value: number) => Number((globalThis as any).process?.env?.[name] ?? value);

export function emitThin(product: Product, context: LoweringContext): boolean {
  const { a, b, c, m, n, k, bias, residual, mask, transposeA, transposeB } = product;
  if (transposeA || product.batch || product.accumulate || product.packed || product.sparse || m > env("THIN", 32)) return false;
  const base = { a, b, c, bias, residual, mask, m, n, k, rectify: Number(product.rectify) };
  const reads = [a, b, ...buffersOf(product)];
  const perChunk = transposeB ? Math.max(4, Math.ceil(65536 / k / 12) * 12) : Math.min(env("COLS", 512), Math.max(64, Math.ceil(n / 8 / 32) * 32));
    context.emit({ kernel: transposeB ? "thinDots" : "thinRows", arguments: { ...base, perChunk }, chunks: Math.ceil(n / perChunk), reads, writes: [c], scratchBytes: 4 * (m + 1) * perChunk + 64 });
  return true;
}
