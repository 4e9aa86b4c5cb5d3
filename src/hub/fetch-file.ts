import { checksumOf, type DownloadSlot, downloadSlot, type PartialDownload } from "#host";
import { FileError, FormatError, FoveaError } from "../tensor/errors.ts";
import { attemptDownload, Setback } from "./attempt.ts";
import {
  addressesOf,
  cacheFolderOf,
  cachePath,
  checkAddress,
  type FetchOptions,
  fileNameOf,
  type Patience,
  type RemoteFile,
  usualPatience,
} from "./settings.ts";

/** A file that was fetched, now or before. */
export interface FetchedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it is kept. */
  readonly place: string;
}

/**
 * A file from the cache, else from the server. What a connection that breaks off has brought is kept, and the next one goes
 * on from there. Size and checksum are checked, of cached files too; a file that is not the published one is never used.
 *
 * @throws FileError when it cannot be fetched or kept, with the place that it can be put at by hand; FormatError when what
 *   comes is not the published file; OptionError for a wrong address
 */
export async function fetchFile(file: RemoteFile, options: FetchOptions = {}): Promise<FetchedFile> {
  const url = checkAddress(file.url);
  const slot = downloadSlot(cacheFolderOf(options), cachePath(url));
  const patience = { ...usualPatience, ...options.patience };
  const start = Date.now();
  for (;;) {
    const cached = await slot.read();
    if (cached !== null) return { bytes: await checkCached(cached, file, slot), place: slot.place };
    const part = await begin(slot, file);
    if (part !== null) {
      try {
        // Another may have brought it to its end in between.
        if ((await slot.read()) === null) return await download(part, file, slot, options, patience);
      } finally {
        await part.release();
      }
    } else if (Date.now() - start > patience.others) {
      throw new FileError("another process has been fetching this file for too long", {
        where: slot.place,
        hint: `If there is none, delete ${slot.place}.part.`,
      });
    } else await pause(Math.min(200, patience.others), options.signal);
  }
}

async function begin(slot: DownloadSlot, { checksum }: RemoteFile): Promise<PartialDownload | null> {
  try {
    return await slot.begin(checksum?.algorithm ?? null);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new FileError(`fetched files cannot be kept here: ${error.what}`, {
      where: error.where ?? slot.place,
      hint: "Set FOVEA_CACHE to a folder that you can write to.",
      cause: error,
    });
  }
}

/** Asks each address in turn. What one has brought stays for the next, which goes on if it is sure to be the same file. */
async function download(
  part: PartialDownload,
  file: RemoteFile,
  slot: DownloadSlot,
  options: FetchOptions,
  patience: Patience,
): Promise<FetchedFile> {
  const addresses = addressesOf(file, options);
  const failures: FoveaError[] = [];
  for (const address of addresses) {
    try {
      return await downloadFrom(address, part, file, slot, options, patience);
    } catch (error) {
      // Anything else is of this machine: a full disk, say.
      if (!(error instanceof FoveaError) || error.where !== address) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (failures.length === 1) throw first;
  const reasons = failures.map(({ what }, index) => `${new URL(addresses[index]).host}: ${what}`);
  throw new FileError(`none of ${addresses.length} servers has it (${reasons.join("; ")})`, {
    where: file.url,
    hint: `Check the connection, or name another server by FOVEA_MIRROR. ${byHand(slot)}`,
    cause: first,
  });
}

async function downloadFrom(
  address: string,
  part: PartialDownload,
  file: RemoteFile,
  slot: DownloadSlot,
  options: FetchOptions,
  patience: Patience,
): Promise<FetchedFile> {
  const { onProgress = () => {}, signal } = options;
  const context = { file, address, name: fileNameOf(file.url), stall: patience.stall, onProgress, signal };
  let wasResumed = part.size > 0;
  let failures = 0;
  for (;;) {
    const before = part.size;
    try {
      await attemptDownload(part, context);
      const wrong = judge(part.size, await part.digest(), file);
      if (wrong === null) return { bytes: await part.finish(), place: slot.place };
      await part.clear(null);
      // The beginning may have been of another file, or damaged: once more, from the beginning.
      if (!wasResumed) throw notPublished(wrong, address);
      wasResumed = false;
    } catch (error) {
      if (!(error instanceof Setback)) throw withPlace(error, address, slot);
      // Servers that cut every connection still bring the file home, as long as each brings something.
      failures = part.size > before ? 1 : failures + 1;
      wasResumed ||= part.size > 0;
      const enough = error.unreachable ? Math.min(2, patience.attempts) : patience.attempts;
      if (failures >= enough) throw unreachable(error, address, slot);
      await pause(Math.max(error.wait, patience.pause * 2 ** (failures - 1)), signal);
    }
  }
}

/** What is wrong with a file of this size and checksum; null when it is the published one. */
function judge(size: number, digest: string | null, { bytes, checksum }: RemoteFile): string | null {
  if (bytes !== null && (size < bytes.minimum || size > bytes.maximum)) {
    const { minimum, maximum } = bytes;
    const published = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
    return `it has ${size} bytes, ${published} were expected`;
  }
  if (checksum === null || digest === null || digest.startsWith(checksum.hex)) return null;
  const { algorithm, hex } = checksum;
  return `its ${algorithm} is ${digest.slice(0, hex.length)}, ${hex} was expected`;
}

async function checkCached(
  bytes: Uint8Array<ArrayBuffer>,
  file: RemoteFile,
  { place }: DownloadSlot,
): Promise<Uint8Array<ArrayBuffer>> {
  const { checksum } = file;
  const digest = checksum === null ? null : await checksumOf(bytes, checksum.algorithm);
  const wrong = judge(bytes.length, digest, file);
  if (wrong === null) return bytes;
  throw new FormatError(`this is not the published file: ${wrong}`, {
    where: place,
    hint: "Delete it, and it is fetched again.",
  });
}

function notPublished(wrong: string, address: string): FormatError {
  return new FormatError(`what the server sends is not the published file: ${wrong}`, {
    where: address,
    hint: "Something on the way changes it (a proxy, a login page), or the mirror has another: fetch it from elsewhere.",
  });
}

function byHand({ place }: DownloadSlot): string {
  return `Or fetch it by other means, and put it at ${place}.`;
}

/** Adds to a refusal of the server what can be done about it. */
function withPlace(error: unknown, address: string, slot: DownloadSlot): unknown {
  if (!(error instanceof FileError) || error.where !== address) return error;
  return new FileError(error.what, {
    where: address,
    hint: `${error.hint ?? ""} ${byHand(slot)}`.trim(),
    cause: error,
  });
}

function unreachable(setback: Setback, address: string, slot: DownloadSlot): FileError {
  const what = setback.unreachable ? "the server cannot be reached" : "it cannot be fetched";
  return new FileError(`${what} (${setback.message})`, {
    where: address,
    hint: `Check the connection, or name another server by FOVEA_MIRROR. ${byHand(slot)}`,
    cause: setback,
  });
}

/** @throws the signal's reason when it is aborted */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
  signal?.throwIfAborted();
}
