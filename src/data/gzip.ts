import { FormatError } from "../tensor/errors.ts";

/** Whether the bytes begin as a gzip file (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What is unpacked, and how much may come of it. */
export interface GunzipOptions {
  /** The file's name, for errors. */
  readonly name: string;
  /** The most bytes that may come out. */
  readonly maximumBytes: number;
}

/**
 * Unpacks a gzip file, stopping as soon as more comes out than allowed.
 *
 * @throws FormatError when the data are damaged, cut short or larger than allowed
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  options: GunzipOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of gunzipChunks(bytes, options)) {
    chunks.push(chunk);
    total += chunk.length;
  }
  const result = new Uint8Array(total);
  let position = 0;
  for (const chunk of chunks) {
    result.set(chunk, position);
    position += chunk.length;
  }
  return result;
}

/**
 * What comes out of a gzip file, piece by piece, so that it need never be in memory as a whole.
 *
 * @throws FormatError when the data are damaged, cut short or larger than allowed
 */
export async function* gunzipChunks(
  bytes: Uint8Array<ArrayBuffer>,
  { name, maximumBytes }: GunzipOptions,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  const unpacked = inPieces(bytes).pipeThrough(new DecompressionStream("gzip"));
  const reader = unpacked.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new FormatError("the gzip data are damaged or cut short", {
          where: name,
          hint: "Download the file again.",
          cause,
        });
      });
      if (done) return;
      total += value.length;
      if (total > maximumBytes) {
        throw new FormatError(`the gzip data unpack to more than the ${maximumBytes} bytes allowed`, {
          where: name,
          hint: "Check that this is the right file; if it is, unpack it first (gunzip) and pass the unpacked file.",
        });
      }
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Bytes of a piece that is unpacked at a time. */
const pieceSize = 2 ** 16;

/** Views of the bytes, one behind the other: a Blob's stream would copy them all first. */
function inPieces(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      if (position < bytes.length) controller.enqueue(bytes.subarray(position, position + pieceSize));
      else controller.close();
      position += pieceSize;
    },
  });
}
