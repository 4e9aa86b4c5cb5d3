import { FormatError } from "../tensor/errors.ts";

/** Whether the bytes begin as a gzip file (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file, stopping as soon as more comes out than allowed.
 *
 * @param options - `name`: the file's name, for errors; `maximumBytes`: the most that may come out
 * @throws FormatError when the data are damaged, cut short or larger than allowed
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly name: string; readonly maximumBytes: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, maximumBytes } = options;
  const chunks: Uint8Array[] = [];
  let total = 0;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = unpacked.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new FormatError("the gzip data are damaged or cut short", {
        where: name,
        hint: "Download the file again.",
        cause,
      });
    });
    if (done) break;
    total += value.length;
    if (total > maximumBytes) {
      await reader.cancel().catch(() => undefined);
      throw new FormatError(`the gzip data unpack to more than the ${maximumBytes} bytes allowed`, {
        where: name,
        hint: "Check that this is the right file; if it is, unpack it first (gunzip) and pass the unpacked file.",
      });
    }
    chunks.push(value);
  }
  const result = new Uint8Array(total);
  let position = 0;
  for (const chunk of chunks) {
    result.set(chunk, position);
    position += chunk.length;
  }
  return result;
}
