import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FileError, OptionError } from "../../tensor/errors.ts";
import { dial, sendRaw } from "../../testing/dial.ts";
import { type RunningStudio, type ServeStudioOptions, serveStudio } from "./serve-studio.ts";

let folder: string;
const running: RunningStudio[] = [];
const failures: unknown[] = [];

async function start(options: Partial<ServeStudioOptions> = {}): Promise<RunningStudio> {
  const studio = await serveStudio({
    ...{ port: 0, page: join(folder, "page"), runs: join(folder, "runs"), version: "1.2.3" },
    pace: { records: 10, list: 20, heartbeat: 10_000 },
    onError: (error) => failures.push(error),
    ...options,
  });
  running.push(studio);
  return studio;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-studio-"));
  await mkdir(join(folder, "page/assets"), { recursive: true });
  await writeFile(join(folder, "page/index.html"), "<!doctype html><title>Studio</title>");
  await writeFile(join(folder, "page/assets/app-1a2b.js"), `export const text = "${"x".repeat(5000)}";`);
  await writeFile(join(folder, "page/assets/kernel.wasm"), new Uint8Array([0, 97, 115, 109]));
  await writeFile(join(folder, "page/.secret"), "hidden");
  await writeFile(join(folder, "secret.txt"), "outside");
  await symlink(join(folder, "secret.txt"), join(folder, "page/leak.txt"));
  await symlink(folder, join(folder, "page/up"));
  await mkdir(join(folder, "digits"));
  for (const name of ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", "t10k-images.idx3-ubyte"])
    await writeFile(join(folder, "digits", name), name);
  await writeFile(join(folder, "digits/t10k-labels-idx1-ubyte"), "labels");
  await writeFile(join(folder, "digits/private.txt"), "not for you");
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  await Promise.all(running.splice(0).map((studio) => studio.close(0)));
  expect(failures.splice(0)).toEqual([]);
});

const get = (address: string, path: string, request: string[] = []) =>
  sendRaw(
    address,
    [`GET ${path} HTTP/1.1`, `Host: ${new URL(address).host}`, "Connection: close", ...request, "", ""].join(
      "\r\n",
    ),
  );

describe("the page", () => {
  test("comes with types, headers that let threads share memory, and a policy without inline scripts", async () => {
    const { address } = await start();
    const page = await fetch(`${address}/`);
    expect(await page.text()).toBe("<!doctype html><title>Studio</title>");
    expect(Object.fromEntries(page.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    });
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).toContain("frame-ancestors 'none'");
    const wasm = await fetch(`${address}/assets/kernel.wasm`);
    expect(wasm.headers.get("content-type")).toBe("application/wasm");
    expect(wasm.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  });

  test("is packed for who takes it, and not sent again to who has it", async () => {
    const { address } = await start();
    const path = `${address}/assets/app-1a2b.js`;
    const packed = await fetch(path, { headers: { "accept-encoding": "br;q=1, gzip;q=0.5" } });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(Number(packed.headers.get("content-length"))).toBeLessThan(200);
    expect(await packed.text()).toHaveLength(5023);
    const plain = await fetch(path, { headers: { "accept-encoding": "gzip;q=0, br" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(plain.headers.get("content-length")).toBe("5023");
    expect(await plain.text()).toHaveLength(5023);
    const etag = plain.headers.get("etag") ?? "";
    expect(etag).not.toBe(packed.headers.get("etag"));
    const again = await fetch(path, {
      headers: { "accept-encoding": "identity", "if-none-match": `"x", W/${etag}` },
    });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const head = await fetch(path, { method: "HEAD", headers: { "accept-encoding": "identity" } });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5023", ""]);
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/C:/windows/win.ini",
    "/index.html::$DATA",
    "/con",
    "/index.html.",
    "/index.html%20",
    "/index.html%00.js",
    "/%c0%ae%c0%ae/secret.txt",
    "//etc/passwd",
    "/.secret",
    "/%2esecret",
    "/leak.txt",
    "/up/secret.txt",
    "/assets",
    "/assets/",
    "/data/../secret.txt",
    "/data/digits/private.txt",
    "/data/digits/..%2f..%2fsecret.txt",
    "/data/digits/",
    "/api/runs/..%2f..%2f/model",
    "/api/runs/%2e%2e",
    "/api/nothing",
  ])("has no file outside its folders: %s", async (path) => {
    const { address } = await start({ data: [join(folder, "digits")] });
    const answer = await get(address, path);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toContain("outside");
    expect(answer).not.toContain("not for you");
    expect(answer).not.toContain("hidden");
  });
});

describe("who may ask", () => {
  test("nobody under another name, and no page of another site or port", async () => {
    const { address } = await start();
    const { port, host } = new URL(address);
    const answer = (own: string, ...more: string[]) =>
      sendRaw(
        address,
        ["GET /api/host HTTP/1.1", `Host: ${own}`, "Connection: close", ...more, "", ""].join("\r\n"),
      );
    for (const own of [host, `localhost:${port}`, `[::1]:${port}`])
      expect(await answer(own)).toMatch(/^HTTP\/1\.1 200 /);
    for (const other of ["evil.example", `localhost.evil.example:${port}`, "127.0.0.1.evil.example"])
      expect(await answer(other)).toMatch(/^HTTP\/1\.1 421 [\s\S]*this service is not known as/);
    expect(await answer(host, `Origin: http://${host}`)).toMatch(/^HTTP\/1\.1 200 /);
    for (const origin of ["https://evil.example", "null", `http://localhost:${port}`, "http://127.0.0.1:1"])
      expect(await answer(host, `Origin: ${origin}`)).toMatch(/^HTTP\/1\.1 (421|403) /);
  });

  test("only GET and HEAD; what is no HTTP, too large or too slow ends, and others are served", async () => {
    const { address } = await start({ headTimeout: 0.3 });
    const { host } = new URL(address);
    const posted = await fetch(`${address}/api/runs`, { method: "POST", body: "x".repeat(1e6) });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(await sendRaw(address, "\x16\x03\x01 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await get(address, `/${"x".repeat(20_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await get(address, "/", [`Cookie: ${"x".repeat(20_000)}`])).toMatch(/^HTTP\/1\.1 431 /);
    expect(await get(address, `/api/events?${"run=a&".repeat(40)}`)).toMatch(/^HTTP\/1\.1 400 /);
    const flood = dial(address);
    flood.socket.write(`PUT /index.html HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000000\r\n\r\n`);
    expect(await flood.ended).toMatch(/^HTTP\/1\.1 405 /);
    const headless = dial(address);
    headless.socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
    const half = dial(address);
    half.socket.end("GET / HT");
    expect((await fetch(`${address}/`)).status).toBe(200);
    expect(await headless.ended).toMatch(/^HTTP\/1\.1 408 /);
    expect(await half.ended).toMatch(/^HTTP\/1\.1 400 |^$/);
  });
});

describe("data", () => {
  test("the index says what there is, and each file of it comes as it is", async () => {
    const { address } = await start({ data: [join(folder, "digits")] });
    expect(await (await fetch(`${address}/api/host`)).json()).toMatchObject({
      version: "1.2.3",
      runs: join(folder, "runs"),
      datasets: expect.arrayContaining(["mnist", "digits"]),
    });
    const { datasets, followsRuns } = await (await fetch(`${address}/data/index.json`)).json();
    expect(followsRuns).toBe(true);
    expect(datasets[0]).toEqual({
      name: "mnist",
      title: "MNIST, handwritten digits",
      files: {
        trainImages: "train-images-idx3-ubyte",
        trainLabels: "train-labels-idx1-ubyte",
        testImages: "t10k-images-idx3-ubyte",
        testLabels: "t10k-labels-idx1-ubyte",
      },
    });
    expect(datasets.at(-1)).toMatchObject({
      name: "digits",
      files: { trainImages: "train-images-idx3-ubyte.gz" },
    });
    const labels = await fetch(`${address}/data/mnist/t10k-labels-idx1-ubyte`);
    const bytes = new Uint8Array(await labels.arrayBuffer());
    expect(labels.headers.get("content-encoding")).toBeNull();
    expect([bytes.length, bytes[8], bytes[9]]).toEqual([10_008, 7, 2]);
    expect(await (await fetch(`${address}/data/digits/train-images-idx3-ubyte.gz`)).text()).toBe(
      "train-images-idx3-ubyte.gz",
    );
  });

  test("what cannot be served is told before it listens", async () => {
    await expect(start({ data: [join(folder, "nothing")] })).rejects.toThrow(FileError);
    await expect(start({ data: [join(folder, "page")] })).rejects.toThrow(
      /page: there are no IDX files in it \(.*\)\. Four are needed: train-images/,
    );
    await expect(start({ data: [join(folder, "digits"), join(folder, "digits")] })).rejects.toThrow(
      OptionError,
    );
    await expect(start({ page: join(folder, "nothing") })).rejects.toThrow(
      "Studio's page has not been built",
    );
    await expect(start({ port: 70_000 })).rejects.toThrow("studio: 70000 is no port");
  });
});
