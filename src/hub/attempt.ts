/**
 * One attempt at fetching a file. It ends in one of three ways: the connection brought the file to its end; it broke off or
 * failed in a way that may pass (`Setback`); or it cannot be had so (`FileError`, `FormatError`).
 */
import type { PartialDownload } from "#host";
import { FileError, FormatError } from "../tensor/errors.ts";
import type { FetchProgress, RemoteFile } from "./settings.ts";

/** A failure after which another attempt may do better. */
export class Setback extends Error {
  /** Whether the server was not reached at all. */
  readonly unreachable: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly wait: number;

  constructor(what: string, options: { readonly unreachable?: boolean; readonly wait?: number } = {}) {
    super(what);
    this.unreachable = options.unreachable ?? false;
    this.wait = options.wait ?? 0;
  }
}

/** What an attempt needs. */
export interface AttemptContext {
  readonly file: RemoteFile;
  /** Where it is fetched from. */
  readonly address: string;
  /** The file's name. */
  readonly name: string;
  readonly stall: number;
  readonly onProgress: (progress: FetchProgress) => void;
  readonly signal: AbortSignal | undefined;
}

/** Without a published size: no file of weights is larger, and a server without an end would fill the disk. */
const largestFile = 16 * 2 ** 30;

/** @throws Setback, FileError, FormatError; the signal's reason when it is aborted */
export async function attemptDownload(part: PartialDownload, context: AttemptContext): Promise<void> {
  const { signal, stall, address } = context;
  const connection = new AbortController();
  const abort = () => connection.abort();
  signal?.addEventListener("abort", abort);
  let stalled = false;
  const giveUp = () => {
    stalled = true;
    connection.abort();
  };
  let timer = setTimeout(giveUp, stall);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, stall);
  };
  try {
    signal?.throwIfAborted();
    const response = await fetch(address, {
      headers: requestHeaders(part, context),
      signal: connection.signal,
    });
    alive();
    await receive(response, part, context, alive);
  } catch (error) {
    if (error instanceof Setback || error instanceof FileError || error instanceof FormatError) throw error;
    signal?.throwIfAborted();
    if (stalled) throw new Setback(`nothing came for ${stall / 1000} seconds`);
    throw networkSetback(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    // Ends what is still coming after an error.
    connection.abort();
  }
}

function requestHeaders(part: PartialDownload, { file }: AttemptContext): Record<string, string> {
  // Compressed on the way, sizes and ranges would be of something else.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  // Without a mark of the version, a checksum must tell whether both parts are of one file.
  if (part.size === 0 || (part.version === null && file.checksum === null)) return headers;
  headers["range"] = `bytes=${part.size}-`;
  if (part.version !== null) headers["if-range"] = part.version;
  return headers;
}

async function receive(
  response: Response,
  part: PartialDownload,
  context: AttemptContext,
  alive: () => void,
): Promise<void> {
  const { address, file, name } = context;
  if (address.startsWith("https:") && response.url.startsWith("http:")) {
    throw new FileError("the server sends it on to an address without encryption", {
      where: address,
      hint: `It goes to ${response.url}: give that address, if you trust it.`,
    });
  }
  const total = await beginning(response, part, address);
  if (total === "complete") return;
  checkTotal(total, context);
  context.onProgress({ name, received: part.size, total });
  for await (const chunk of chunksOf(response)) {
    alive();
    const limit = Math.min(file.bytes?.maximum ?? largestFile, total ?? largestFile);
    if (part.size + chunk.length > limit) {
      await part.clear(null);
      throw new FormatError(`the server sends more than the ${limit} bytes that the file has`, {
        where: address,
        hint: "It is another file than the published one: fetch it from elsewhere.",
      });
    }
    await part.append(chunk);
    context.onProgress({ name, received: part.size, total });
  }
  if (total !== null && part.size < total) {
    throw new Setback(`the connection ended after ${part.size} of ${total} bytes`);
  }
}

async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/**
 * Brings the part to where the response goes on.
 *
 * @returns bytes of the whole file; null when the server does not say; "complete" when there is nothing to come
 */
async function beginning(
  response: Response,
  part: PartialDownload,
  address: string,
): Promise<number | null | "complete"> {
  const { status, headers } = response;
  const [, from, whole] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
  const total = whole === undefined || whole === "*" ? null : Number(whole);
  if (status === 206 && from !== undefined && Number(from) === part.size) return total;
  if (status === 416 && total === part.size && part.size > 0) return "complete";
  if (status === 206 || status === 416) {
    await part.clear(null);
    throw new Setback("the server goes on at another place than was asked for");
  }
  if (status !== 200) throw statusFailure(response, address);
  // The whole file: the range was not heeded, or the file has changed since.
  await part.clear(versionOf(headers));
  const length = headers.get("content-length");
  const isPlain = (headers.get("content-encoding") ?? "identity") === "identity";
  return length !== null && isPlain && /^\d+$/.test(length) ? Number(length) : null;
}

/** A mark that `If-Range` takes: a strong tag, or a date. */
function versionOf(headers: Headers): string | null {
  const tag = headers.get("etag");
  return tag?.startsWith('"') ? tag : headers.get("last-modified");
}

/** @throws FormatError when the size that the server announces is not the published one */
function checkTotal(total: number | null, { file, address }: AttemptContext): void {
  if (total === null) return;
  const { minimum, maximum } = file.bytes ?? { minimum: 1, maximum: largestFile };
  if (total >= minimum && total <= maximum) return;
  const published = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
  throw new FormatError(`the server has ${total} bytes under this name, ${published} were expected`, {
    where: address,
    hint: "It is another file than the published one: fetch it from elsewhere.",
  });
}

/** Codes that pass by themselves: the server is busy, or one behind it is. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);
/** No server's wish to wait is heeded beyond it, in milliseconds. */
const longestWait = 60_000;

function statusFailure({ status, statusText, headers }: Response, address: string): Error {
  const answer = `the server answers ${status} ${statusText}`.trimEnd();
  if (!passing.has(status)) {
    return new FileError(answer, { where: address, hint: "Check the address, or whether it needs a login." });
  }
  const seconds = Number(headers.get("retry-after"));
  const wait = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, longestWait) : 0;
  return new Setback(answer, { wait });
}

/** Codes of connections that were never made. */
const unreachableCodes =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** Fetch says "fetch failed" of everything; what happened is behind it. */
function networkSetback(error: unknown): Setback {
  const causes: unknown[] = [error];
  for (let index = 0; index < causes.length && index < 8; index++) {
    const { cause, errors } = Object(causes[index]) as { cause?: unknown; errors?: unknown };
    if (cause !== undefined) causes.push(cause);
    if (Array.isArray(errors)) causes.push(...errors);
  }
  const known = causes.map((cause) => Object(cause) as { code?: unknown; message?: unknown });
  const code = known.map(({ code: value }) => value).find((value) => typeof value === "string");
  const messages = known
    .map(({ message }) => message)
    .filter((text) => typeof text === "string" && text !== "");
  const text = String(messages.at(-1) ?? error);
  return new Setback(text, { unreachable: typeof code === "string" && unreachableCodes.test(code) });
}
