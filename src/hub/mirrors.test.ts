import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RandomStream } from "../tensor/random.ts";
import { type Answer, sendRange, startServer, type TestServer } from "../testing/http-server.ts";
import { fetchFile } from "./fetch-file.ts";
import { cachePath, type FetchOptions, type RemoteFile } from "./settings.ts";

const stream = new RandomStream(4);
const content = Uint8Array.from({ length: 300_000 }, () => stream.integer(256));
const sha256 = createHash("sha256").update(content).digest("hex");

let cacheFolder: string;
let server: TestServer;
beforeEach(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), "fovea-hub-"));
});
afterEach(async () => {
  await server.close();
  await rm(cacheFolder, { recursive: true, force: true });
});

async function serve(answer: Answer): Promise<RemoteFile> {
  server = await startServer(answer);
  return {
    url: `${server.origin}/one/net.pth`,
    checksum: { algorithm: "sha256", hex: sha256 },
    bytes: { minimum: content.length, maximum: content.length },
  };
}

const options = (more: FetchOptions = {}): FetchOptions => ({
  cacheFolder,
  patience: { stall: 20_000, pause: 5, attempts: 4, others: 20_000 },
  ...more,
});
const place = ({ url }: RemoteFile) => join(cacheFolder, cachePath(new URL(url)));
const damaged = content.map((byte) => byte ^ 1);

test("the next server goes on where one broke off; the file is kept under its own address", async () => {
  const file = await serve((request, response, count) => {
    if (request.url?.startsWith("/two/") === true) sendRange(request, response, content);
    else if (count === 0) sendRange(request, response, content, { until: 100_000 });
    else response.destroy();
  });
  const mirrored = { ...file, mirrors: [`${server.origin}/two/net.pth`] };
  const { bytes, place: where } = await fetchFile(mirrored, options());
  expect(Buffer.compare(bytes, content)).toBe(0);
  expect(where).toBe(place(file));
  expect(server.paths.at(-1)).toBe("/two/net.pth");
  expect(server.ranges.at(-1)).toBe("bytes=100000-");
});

test("another file, a refusal, and then the right one", async () => {
  const file = await serve((request, response) => {
    if (request.url === "/two") response.writeHead(404).end();
    else if (request.url === "/three") sendRange(request, response, content);
    else sendRange(request, response, damaged);
  });
  const mirrors = [`${server.origin}/two`, `${server.origin}/three`];
  expect(Buffer.compare((await fetchFile({ ...file, mirrors }, options())).bytes, content)).toBe(0);
  expect(server.paths).toEqual(["/one/net.pth", "/two", "/three"]);
});

test("when none has it, each says why", async () => {
  const file = await serve((request, response) => {
    if (request.url === "/two") response.writeHead(403).end();
    else response.writeHead(404).end();
  });
  const host = new URL(server.origin).host;
  const fetching = fetchFile({ ...file, mirrors: [`${server.origin}/two`] }, options());
  await expect(fetching).rejects.toThrow(
    `${file.url}: none of 2 servers has it (${host}: the server answers 404 Not Found; ${host}: the server answers 403 Forbidden). Check the connection, or name another server by FOVEA_MIRROR. Or fetch it by other means, and put it at ${place(file)}.`,
  );
});

test("a mirror that is named takes the place of all", async () => {
  const file = await serve((request, response) => sendRange(request, response, content));
  const mirrored = { ...file, mirrors: ["https://never.invalid/net.pth"] };
  await fetchFile(mirrored, options({ mirror: `${server.origin}/other` }));
  expect(server.paths).toEqual(["/other/one/net.pth"]);
});
