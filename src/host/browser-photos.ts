/** What decoding photos in worker threads needs of a browser: the names of `node-photos.ts`. */

/** Which of the builds of a worker's source this host runs. */
export const hostKind: "node" | "browser" = "browser";

/** An address that means the same in a worker, whose own is not the page's. */
export function absolutePath(path: string): string {
  return new URL(path, globalThis.location.href).href;
}

/** Always null: the browser itself decodes. */
export function imageDecoderAddress(): string | null {
  return null;
}
