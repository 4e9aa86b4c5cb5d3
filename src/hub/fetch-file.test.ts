import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RandomStream } from "../tensor/random.ts";
import { messageOf } from "../testing/error-message.ts";
import { type Answer, sendRange, startServer, type TestServer } from "../testing/http-server.ts";
import { fetchFile } from "./fetch-file.ts";
import { cachePath, type FetchOptions, type FetchProgress, type RemoteFile } from "./settings.ts";

const stream = new RandomStream(4);
const content = Uint8Array.from({ length: 300_000 }, () => stream.integer(256));
const sha256 = createHash("sha256").update(content).digest("hex");

let cacheFolder: string;
let server: TestServer;
beforeEach(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), "fovea-hub-"));
});
afterEach(async () => {
  await server?.close();
  await rm(cacheFolder, { recursive: true, force: true });
});

// Long enough that a busy machine is no silent server: only the tests of silence wait for less.
const patience = { stall: 20_000, pause: 5, attempts: 4, others: 20_000 };

async function serve(answer: Answer): Promise<RemoteFile> {
  server = await startServer(answer);
  return {
    url: `${server.origin}/models/net-1234.pth`,
    checksum: { algorithm: "sha256", hex: sha256.slice(0, 8) },
    bytes: { minimum: content.length, maximum: content.length },
  };
}

const options = (more: FetchOptions = {}): FetchOptions => ({ cacheFolder, patience, ...more });

/** Where a server falls silent. */
const impatience = { patience: { ...patience, stall: 300 } };

function place(): string {
  return join(cacheFolder, new URL(server.origin).host.replace(":", "_"), "models", "net-1234.pth");
}

describe("a good server", () => {
  test("sends a file once; then it comes from the cache", async () => {
    const file = await serve((request, response) => sendRange(request, response, content));
    const seen: FetchProgress[] = [];
    const { bytes, place: where } = await fetchFile(
      file,
      options({ onProgress: (event) => seen.push(event) }),
    );
    expect(Buffer.compare(bytes, content)).toBe(0);
    expect(where).toBe(place());
    expect(seen[0]).toEqual({ name: "net-1234.pth", received: 0, total: 300_000 });
    expect(seen.at(-1)).toEqual({ name: "net-1234.pth", received: 300_000, total: 300_000 });
    expect(Buffer.compare((await fetchFile(file, options())).bytes, content)).toBe(0);
    expect(server.paths).toEqual(["/models/net-1234.pth"]);
    expect(await readdir(join(place(), ".."))).toEqual(["net-1234.pth"]);
  });

  test("is asked once by many at the same time", async () => {
    const file = await serve((request, response) => {
      setTimeout(() => sendRange(request, response, content), 50);
    });
    const all = await Promise.all(Array.from({ length: 5 }, () => fetchFile(file, options())));
    for (const { bytes } of all) expect(Buffer.compare(bytes, content)).toBe(0);
    expect(server.paths).toHaveLength(1);
  });

  test("may send the request on, and may be another one, the mirror", async () => {
    const file = await serve((request, response) => {
      if (request.url?.startsWith("/mirror/") === true)
        response.writeHead(302, { location: "/elsewhere" }).end();
      else sendRange(request, response, content);
    });
    const published = { ...file, url: "https://weights.invalid/models/net-1234.pth" };
    const { place: where } = await fetchFile(published, options({ mirror: `${server.origin}/mirror/` }));
    expect(server.paths).toEqual(["/mirror/models/net-1234.pth", "/elsewhere"]);
    expect(where).toBe(join(cacheFolder, "weights.invalid", "models", "net-1234.pth"));
  });

  test("need not announce a size, nor have a published one", async () => {
    const file = await serve((_, response) => {
      response.writeHead(200);
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
    });
    const { bytes } = await fetchFile({ ...file, bytes: null, checksum: null }, options());
    expect(Buffer.compare(bytes, content)).toBe(0);
  });

  test("md5 is checked where that is what is published", async () => {
    const file = await serve((request, response) => sendRange(request, response, content));
    const hex = createHash("md5").update(content).digest("hex");
    const checked: RemoteFile = { ...file, checksum: { algorithm: "md5", hex } };
    expect((await fetchFile(checked, options())).bytes).toHaveLength(300_000);
    const other: RemoteFile = { ...file, checksum: { algorithm: "md5", hex: "00000000" } };
    expect(await messageOf(fetchFile(other, options()))).toContain(
      `net-1234.pth: this is not the published file: its md5 is ${hex.slice(0, 8)}, 00000000 was expected. Delete it, and it is fetched again.`,
    );
  });
});

describe("a connection that breaks off", () => {
  test("is taken up again where it ended, as often as it brings something", async () => {
    const file = await serve((request, response, count) => {
      sendRange(request, response, content, { until: 40_000 * (count + 1) });
    });
    const { bytes } = await fetchFile(file, options());
    expect(Buffer.compare(bytes, content)).toBe(0);
    expect(server.ranges).toEqual([null, ...[1, 2, 3, 4, 5, 6, 7].map((part) => `bytes=${part * 40_000}-`)]);
  });

  test("and a process that ended: the next one goes on", async () => {
    const file = await serve((request, response, count) => {
      if (count === 0) sendRange(request, response, content, { until: 100_000 });
      else if (count < 3) response.destroy();
      else sendRange(request, response, content);
    });
    const impatient = options({ patience: { ...patience, attempts: 2 } });
    expect(await messageOf(fetchFile(file, impatient))).toMatch(/^FileError: .* it cannot be fetched \(/);
    expect(existsSync(`${place()}.part`)).toBe(true);
    const { bytes } = await fetchFile(file, options());
    expect(Buffer.compare(bytes, content)).toBe(0);
    expect(server.ranges.at(-1)).toBe("bytes=100000-");
    expect(existsSync(`${place()}.part`)).toBe(false);
  });

  test("of a file that has changed since: it begins again", async () => {
    const file = await serve((request, response, count) => {
      if (count === 0)
        sendRange(
          request,
          response,
          content.map((byte) => byte ^ 1),
          { until: 100_000 },
        );
      else sendRange(request, response, content, { tag: '"two"' });
    });
    expect(Buffer.compare((await fetchFile(file, options())).bytes, content)).toBe(0);
    expect(server.ranges).toEqual([null, "bytes=100000-"]);
  });

  test("of a server that does not heed ranges, or answers another one", async () => {
    const file = await serve((request, response, count) => {
      const { range, ...headers } = request.headers;
      const plain = Object.assign(request, { headers });
      if (count === 0) sendRange(plain, response, content, { until: 100_000 });
      else if (count === 1) {
        response.writeHead(206, { "content-range": "bytes 5-9/300000", "content-length": 5 }).end("12345");
      } else if (count === 2) sendRange(plain, response, content, { until: 50_000 });
      else sendRange(plain, response, content);
    });
    expect(Buffer.compare((await fetchFile(file, options())).bytes, content)).toBe(0);
    expect(server.ranges).toEqual([null, "bytes=100000-", null, "bytes=50000-"]);
  });

  test("stalls", async () => {
    const file = await serve((request, response, count) => {
      if (count === 0) return;
      if (count === 1) response.writeHead(200, { "content-length": 300_000 }).write(content.subarray(0, 9));
      else sendRange(request, response, content);
    });
    expect(Buffer.compare((await fetchFile(file, options(impatience))).bytes, content)).toBe(0);
    const silent = { ...file, url: `${server.origin}/silent` };
    await server.close();
    server = await startServer(() => {});
    const url = `${server.origin}/silent`;
    const start = Date.now();
    expect(await messageOf(fetchFile({ ...silent, url }, options(impatience)))).toContain(
      "it cannot be fetched (nothing came for 0.3 seconds)",
    );
    expect(Date.now() - start).toBeLessThan(15_000);
  });

  test("a beginning that was damaged on the disk costs one more fetch, not the file", async () => {
    const file = await serve((request, response, count) => {
      if (count === 0) sendRange(request, response, content, { until: 100_000 });
      else if (count === 1) response.destroy();
      else sendRange(request, response, content);
    });
    await messageOf(fetchFile(file, options({ patience: { ...patience, attempts: 1 } })));
    await writeFile(`${place()}.part/data`, new Uint8Array(100_000));
    await messageOf(fetchFile(file, options({ patience: { ...patience, attempts: 1 } })));
    expect(Buffer.compare((await fetchFile(file, options())).bytes, content)).toBe(0);
    expect(server.ranges.slice(-2)).toEqual(["bytes=100000-", null]);
  });
});

describe("a server that lies", () => {
  test("with wrong bytes", async () => {
    const file = await serve((request, response) =>
      sendRange(
        request,
        response,
        content.map((x) => x ^ 1),
      ),
    );
    expect(await messageOf(fetchFile(file, options()))).toMatch(
      new RegExp(
        `^FormatError: ${file.url}: what the server sends is not the published file: its sha256 is [0-9a-f]{8}, ${sha256.slice(0, 8)} was expected\\. Something on the way`,
      ),
    );
    expect(existsSync(place())).toBe(false);
    expect(existsSync(`${place()}.part`)).toBe(false);
    expect(server.paths).toHaveLength(1);
  });

  test("about sizes: another than the published one, more than announced, less than announced", async () => {
    const file = await serve((request, response) => {
      const { url } = request;
      if (url === "/large") response.writeHead(200, { "content-length": 2 ** 40 }).write("x");
      else if (url === "/endless") {
        response.writeHead(200);
        response.write(content);
        response.write(content);
      } else response.writeHead(200, { "content-length": 300_000 }).end(content.subarray(0, 10));
    });
    const at = (path: string) =>
      messageOf(fetchFile({ ...file, url: server.origin + path }, options(impatience)));
    expect(await at("/large")).toBe(
      `FormatError: ${server.origin}/large: the server has ${2 ** 40} bytes under this name, 300000 were expected. It is another file than the published one: fetch it from elsewhere.`,
    );
    expect(await at("/endless")).toContain("the server sends more than the 300000 bytes that the file has");
    expect(await at("/short")).toMatch(/it cannot be fetched \(/);
    expect(
      await messageOf(
        fetchFile({ ...file, bytes: null, url: `${server.origin}/large` }, options(impatience)),
      ),
    ).toContain(`the server has ${2 ** 40} bytes under this name, 1 to ${16 * 2 ** 30} were expected`);
  });
});

describe("what cannot be had", () => {
  test("404 is final, and says where the file can be put by hand", async () => {
    const file = await serve((_, response) => response.writeHead(404).end());
    expect(await messageOf(fetchFile(file, options()))).toBe(
      `FileError: ${file.url}: the server answers 404 Not Found. Check the address, or whether it needs a login. Or fetch it by other means, and put it at ${place()}.`,
    );
    expect(server.paths).toHaveLength(1);
    await mkdir(join(place(), ".."), { recursive: true });
    await writeFile(place(), content);
    expect((await fetchFile(file, options())).bytes).toHaveLength(300_000);
  });

  test("500 may pass, and does not for ever", async () => {
    const file = await serve((request, response, count) => {
      if (count % 4 < 3) response.writeHead(503, { "retry-after": "0.02" }).end();
      else sendRange(request, response, content);
    });
    expect((await fetchFile(file, options())).bytes).toHaveLength(300_000);
    await server.close();
    const failing = await serve((_, response) => response.writeHead(500).end());
    expect(await messageOf(fetchFile(failing, options()))).toContain(
      "it cannot be fetched (the server answers 500 Internal Server Error). Check the connection, or name another server by FOVEA_MIRROR. Or fetch it by other means, and put it at",
    );
    expect(server.paths).toHaveLength(4);
  });

  test("nobody there: offline", async () => {
    const file = await serve(() => {});
    await server.close();
    expect(await messageOf(fetchFile(file, options()))).toMatch(
      /^FileError: http:\/\/127\.0\.0\.1:\d+\/models\/net-1234\.pth: the server cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:\d+\)\. Check the connection/,
    );
  });

  test("a signal ends it", async () => {
    const file = await serve((_, response) => {
      response.writeHead(200, { "content-length": 300_000 }).write(content.subarray(0, 1000));
    });
    const controller = new AbortController();
    const onProgress = ({ received }: FetchProgress) => {
      if (received > 0) controller.abort(new Error("enough"));
    };
    const work = fetchFile(file, options({ signal: controller.signal, onProgress }));
    expect(await messageOf(work)).toBe("Error: enough");
  });

  test("a server that sends it on to where nothing is encrypted", async () => {
    server = await startServer(() => {});
    const response = new Response(content);
    Object.defineProperty(response, "url", { value: "http://a.invalid/net.pth" });
    vi.stubGlobal("fetch", async () => response);
    try {
      const file = { url: "https://a.invalid/net.pth", checksum: null, bytes: null };
      expect(await messageOf(fetchFile(file, options()))).toContain(
        "https://a.invalid/net.pth: the server sends it on to an address without encryption. It goes to http://a.invalid/net.pth: give that address, if you trust it. Or fetch it by other means, and put it at ",
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("wrong addresses and mirrors", async () => {
    const file = await serve(() => {});
    expect(await messageOf(fetchFile({ ...file, url: "ftp://a/b" }, options()))).toBe(
      'OptionError: weights: "ftp://a/b" is no address of a file. Addresses look so: https://example.org/weights.safetensors.',
    );
    expect(await messageOf(fetchFile(file, options({ mirror: "file:///x" })))).toBe(
      'OptionError: FOVEA_MIRROR: the mirror "file:///x" is no address of a server. Give a host (mirror.example.org) or an address (https://mirror.example.org/weights).',
    );
  });
});

describe("a cache that cannot be written", () => {
  test("is read-only", async () => {
    const file = await serve((request, response) => sendRange(request, response, content));
    await chmod(cacheFolder, 0o500);
    // Who may do anything (root) is stopped by a file in the way.
    const folder = process.getuid?.() === 0 ? join(cacheFolder, "file") : cacheFolder;
    if (folder !== cacheFolder) await writeFile(folder, "");
    const message = await messageOf(fetchFile(file, options({ cacheFolder: folder })));
    await chmod(cacheFolder, 0o700);
    expect(message).toMatch(
      /^FileError: .*: fetched files cannot be kept here: .*\. Set FOVEA_CACHE to a folder that you can write to\.$/,
    );
  });

  test.skipIf(!existsSync("/dev/full"))("has no space left", async () => {
    const file = await serve((request, response) => sendRange(request, response, content));
    await mkdir(`${place()}.part`, { recursive: true });
    await symlink("/dev/full", `${place()}.part/data`);
    expect(await messageOf(fetchFile(file, options()))).toContain("no space is left on the disk");
  });

  test("keeps what another process holds to itself", async () => {
    const file = await serve((request, response) => sendRange(request, response, content));
    await mkdir(`${place()}.part`, { recursive: true });
    const owner = { pid: 1, hostname: "elsewhere.invalid", began: null, token: "t" };
    await writeFile(`${place()}.part/.fovea-lock`, JSON.stringify(owner));
    expect(await messageOf(fetchFile(file, options({ patience: { ...patience, others: 50 } })))).toBe(
      `FileError: ${place()}: another process has been fetching this file for too long. If there is none, delete ${place()}.part.`,
    );
    expect(await readFile(`${place()}.part/.fovea-lock`, "utf8")).toContain("elsewhere");
  });
});

describe("places in the cache", () => {
  test.each([
    ["https://a.org/models/net.pth", "a.org/models/net.pth"],
    ["https://a.org:8443/x/../net.pth?v=1&w=2", "a.org_8443/net.pth_v=1_w=2"],
    ["https://a.org/%2e%2e%2f%2e%2e/.hidden/a%20b.h5", "a.org/__../_hidden/a_b.h5"],
    ["https://a.org/%E0%A4%A/net.pth", "a.org/_E0_A4_A/net.pth"],
  ])("%s is at %s", (url, place) => {
    expect(cachePath(new URL(url))).toBe(place);
  });
});
