import { busy, RequestFailure } from "./failure.ts";

/** What a request brought. */
export interface Upload {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The file's name in a form; `null` in a plain body. */
  readonly name: string | null;
}

/** What bodies may take. */
export interface UploadLimits {
  /** Bytes of one. */
  readonly bodyLimit: number;
  /** Seconds for one to come. */
  readonly bodyTimeout: number;
}

/** Bytes of bodies in memory, of all requests together. */
export class BodyMemory {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** @throws RequestFailure 503 when there would be too many */
  hold(bytes: number): void {
    if (this.#held + bytes > this.#limit) throw busy("too many images are in memory");
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

const wanted =
  "Send the file itself (curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg'), or a form with one file (curl -F image=@photo.jpg).";

/** How a body is to be read. @throws RequestFailure 415 for a type that is neither image nor form */
export function uploadKindOf(request: Request): "plain" | "form" {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0].trim().toLowerCase();
  if (type === "multipart/form-data") return "form";
  if (type === "" || type.startsWith("image/") || type === "application/octet-stream") return "plain";
  throw new RequestFailure(415, `a body of type ${type} is no image`, { hint: wanted });
}

/**
 * Reads a request's body, and gives its image to `use`. The bytes count as held until that is done.
 *
 * @throws RequestFailure 413 for too many bytes, 408 when they come too slowly, 503 when all requests have too many, 400 for
 *   no image, or a form that has not one
 */
export async function withUpload<Result>(
  request: Request,
  limits: UploadLimits,
  memory: BodyMemory,
  use: (upload: Upload) => Promise<Result>,
): Promise<Result> {
  const kind = uploadKindOf(request);
  let held = 0;
  try {
    const bytes = await readBody(request, limits, (size) => {
      memory.hold(size);
      held += size;
    });
    const upload = kind === "form" ? await fileOf(bytes, request) : { bytes, name: null };
    if (upload.bytes.length === 0) throw new RequestFailure(400, "there is no image in it", { hint: wanted });
    return await use(upload);
  } finally {
    memory.release(held);
  }
}

async function readBody(
  request: Request,
  { bodyLimit, bodyTimeout }: UploadLimits,
  hold: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > bodyLimit) throw tooLarge(bodyLimit);
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void reader.cancel().catch(() => undefined);
  }, bodyTimeout * 1000);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) throw tooSlow(bodyTimeout);
      if (done) break;
      size += value.length;
      if (size > bodyLimit) throw tooLarge(bodyLimit);
      hold(value.length);
      chunks.push(value);
    }
  } catch (error) {
    if (late) throw tooSlow(bodyTimeout);
    void reader.cancel().catch(() => undefined);
    throw error instanceof RequestFailure ? error : gone();
  } finally {
    clearTimeout(timer);
  }
  const bytes = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}

/** The one file of a form. */
async function fileOf(bytes: Uint8Array<ArrayBuffer>, request: Request): Promise<Upload> {
  const files = await filesOf(bytes, request.headers.get("content-type") ?? "");
  const [file] = files;
  if (files.length !== 1) {
    const found = files.length === 0 ? "no file" : `${files.length} files`;
    throw new RequestFailure(400, `the form has ${found}, one was expected`, { hint: wanted });
  }
  return { bytes: new Uint8Array(await file.arrayBuffer()), name: file.name };
}

async function filesOf(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<File[]> {
  try {
    const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
    return [...form.values()].filter((value): value is File => typeof value !== "string");
  } catch {
    throw new RequestFailure(400, "the form cannot be read: it is cut short, or its boundary is missing", {
      hint: wanted,
    });
  }
}

/** Nobody reads the answer; the status is for the count. */
export function gone(): RequestFailure {
  return new RequestFailure(499, "the client has gone");
}

// What is still to come of the body is not waited for: the connection ends with the answer.
const hangUp = { connection: "close" };

function tooLarge(limit: number): RequestFailure {
  const hint = "Make the image smaller: models look at a few hundred pixels a side.";
  return new RequestFailure(413, `the body has more than the ${limit} bytes allowed`, {
    hint,
    headers: hangUp,
  });
}

function tooSlow(seconds: number): RequestFailure {
  return new RequestFailure(408, `the body has not come within ${seconds} seconds`, { headers: hangUp });
}
