import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Answers one request. @param count - how many requests came before */
export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server on loopback that tests make misbehave. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Ranges that were asked for, in order; null for a request without. */
  readonly ranges: (string | null)[];
  /** Paths that were asked for, in order. */
  readonly paths: string[];
  close(): Promise<void>;
}

/** Starts a server on a free port of loopback. */
export async function startServer(answer: Answer): Promise<TestServer> {
  const ranges: (string | null)[] = [];
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    const count = paths.length;
    paths.push(request.url ?? "");
    ranges.push(request.headers.range ?? null);
    answer(request, response, count);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    ranges,
    paths,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Sends bytes from where the request's range begins, as a good server does, with a tag. */
export function sendRange(
  { headers }: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  { tag = '"one"', until = bytes.length }: { readonly tag?: string; readonly until?: number } = {},
): void {
  const [, first] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
  const { "if-range": wanted } = headers;
  const heeded = first !== undefined && (wanted === undefined || wanted === tag);
  const from = heeded ? Number(first) : 0;
  if (heeded && from >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  response.writeHead(heeded ? 206 : 200, {
    etag: tag,
    "content-length": bytes.length - from,
    ...(heeded ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  if (until >= bytes.length) response.end(bytes.subarray(from));
  // Broken off once these have left.
  else response.write(bytes.subarray(from, until), () => setTimeout(() => response.destroy(), 20));
}
