/** Files as answers: with their type, kept by the browser as long as they stay the same, packed where that pays. */
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

/** How a file is answered. */
export interface FileAnswerOptions {
  /** Whether its name changes with its content, so that it may be kept for good. */
  readonly isHashed?: boolean;
  /** What is in it; by its name's ending unless told. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const unknownType = "application/octet-stream";
/** What is packed: text, and machine code. Pictures are packed already. */
const packable = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;
/** Larger files are sent as they are, read piece by piece. */
const packedLimit = 4 * 2 ** 20;
/** Of packed files in memory. */
const keptLimit = 16 * 2 ** 20;

/** How many bytes are read at a time. */
const pieceSize = 2 ** 18;

const pack = promisify(gzip);

/** Answers with files, and keeps the packed forms of those that are asked for. */
export class FileAnswers {
  readonly #packed = new Map<string, Uint8Array<ArrayBuffer>>();
  #kept = 0;

  /**
   * Answers with a file; 304 without it where the browser has it.
   *
   * @param path - has been found good
   * @returns `null` when there is no such file
   */
  async answer(path: string, request: Request, options: FileAnswerOptions = {}): Promise<Response | null> {
    const handle = await open(path, "r").catch(() => null);
    if (handle === null) return null;
    let body: ReadableStream<Uint8Array> | null = null;
    try {
      // Of the open file: what the name leads to may be another by now.
      const status = await handle.stat();
      if (!status.isFile()) return null;
      const { size } = status;
      const { type = types[extname(path).toLowerCase()] ?? unknownType, isHashed = false } = options;
      const mayPack = packable.test(type) && size <= packedLimit;
      const isPacked = mayPack && takesGzip(request);
      const tag = [size, status.mtimeMs * 1000, status.ino]
        .map((part) => Math.round(part).toString(36))
        .join("-");
      const etag = `"${tag}${isPacked ? "-gzip" : ""}"`;
      const headers = {
        "content-type": type,
        "cache-control": isHashed ? "public, max-age=31536000, immutable" : "no-cache",
        etag,
        "last-modified": status.mtime.toUTCString(),
        ...(mayPack ? { vary: "accept-encoding" } : {}),
        ...options.headers,
      };
      if (knows(request, etag)) return new Response(null, { status: 304, headers });
      if (isPacked) {
        const bytes = await this.#pack(`${tag} ${path}`, handle);
        const about = { ...headers, "content-encoding": "gzip", "content-length": String(bytes.length) };
        return new Response(request.method === "HEAD" ? null : bytes, { headers: about });
      }
      if (request.method !== "HEAD" && size > 0) body = contentOf(handle, size);
      return new Response(body, { headers: { ...headers, "content-length": String(size) } });
    } finally {
      if (body === null) await handle.close();
    }
  }

  async #pack(key: string, handle: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#packed.get(key);
    if (known !== undefined) return known;
    const bytes = await handle.readFile();
    const packed = new Uint8Array(await pack(bytes, { level: constants.Z_BEST_COMPRESSION }));
    if (this.#kept + packed.length > keptLimit) {
      this.#packed.clear();
      this.#kept = 0;
    }
    this.#packed.set(key, packed);
    this.#kept += packed.length;
    return packed;
  }
}

/**
 * The bytes of an open file, read as they are wanted; closes it at the end. Of a file that has become shorter meanwhile the
 * stream fails, so that the connection is cut: what was announced does not come.
 */
function contentOf(handle: FileHandle, size: number): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const piece = new Uint8Array(Math.min(pieceSize, size - position));
          const { bytesRead } = await handle.read(piece, 0, piece.length, position);
          if (bytesRead === 0) throw new Error("the file has become shorter while it was sent");
          position += bytesRead;
          controller.enqueue(piece.subarray(0, bytesRead));
          if (position < size) return;
          await handle.close();
          controller.close();
        } catch (error) {
          await handle.close();
          throw error;
        }
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  );
}

function takesGzip({ headers }: Request): boolean {
  const codings = (headers.get("accept-encoding") ?? "").toLowerCase().split(",");
  return codings.some((coding) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/.test(coding));
}

/** Whether the browser has what this tag stands for (RFC 9110, 13.1.2). */
function knows({ headers }: Request, etag: string): boolean {
  const wanted = headers.get("if-none-match");
  if (wanted === null) return false;
  return wanted.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
}
