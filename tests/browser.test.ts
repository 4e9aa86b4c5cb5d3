import { accessSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ShortResult, type ShortTraining, steps, trainShortly } from "./support/short-training.ts";

const executablePath = "/usr/bin/chromium";

/** A page may share memory between threads only if it is delivered with these. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const contentTypes: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

function hasChromium(): boolean {
  try {
    accessSync(executablePath);
    return true;
  } catch {
    return false;
  }
}

const skipped = !hasChromium();
// The short report of vitest leaves out why.
if (skipped)
  process.stderr.write(`browser tests skipped: there is no ${executablePath}; apt-get install chromium\n`);

describe.skipIf(skipped)("in Debian's chromium", () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-browser-"));
    await build({
      configFile: false,
      logLevel: "error",
      root: join(import.meta.dirname, "browser"),
      build: { outDir: folder, emptyOutDir: true, target: "es2022" },
    });
    browser = await chromium.launch({
      executablePath,
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the built page and trains in it. */
  async function trainInBrowser(training: ShortTraining, headers: Readonly<Record<string, string>>) {
    const server = await serve(folder, headers);
    const complaints: string[] = [];
    const page = await browser.newPage();
    try {
      page.on("console", (message) => complaints.push(`console.${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
      await page.goto(addressOf(server));
      const isolated = await page.evaluate(() => globalThis.crossOriginIsolated);
      const result = await page.evaluate((options) => globalThis.trainInPage(options), training);
      return { isolated, result, complaints };
    } finally {
      await page.close();
      server.close();
    }
  }

  const cases = [
    {
      name: "cross-origin isolated, 2 threads on shared memory",
      headers: isolation,
      threads: 2,
      isolated: true,
    },
    { name: "not isolated, 1 thread", headers: {}, threads: 1, isolated: false },
  ];

  test.each(cases)(
    "$name: trains to Node's losses",
    async ({ headers, threads, isolated }) => {
      const fast = await trainInBrowser({ precision: "fast", threads }, headers);
      expect(fast.isolated).toBe(isolated);
      expect(fast.complaints).toEqual([]);
      expectTrained(fast.result);
      const node = await trainShortly({ precision: "fast", threads: 2 });
      expect(fast.result.losses).toBeCloseToTensor(node.losses, { absolute: 0, relative: 1e-5 });
    },
    60_000,
  );

  test.each(cases)(
    "$name: exact precision gives Node's bits",
    async ({ headers, threads }) => {
      const { result, complaints } = await trainInBrowser({ precision: "exact", threads }, headers);
      expect(complaints).toEqual([]);
      expectTrained(result);
      const node = await trainShortly({ precision: "exact", threads: 2 });
      expect(result.losses).toEqual(node.losses);
      expect(result.weightsHash).toBe(node.weightsHash);
    },
    60_000,
  );
});

function expectTrained({ losses }: ShortResult): void {
  expect(losses.length).toBe(steps);
  expect(losses[steps - 1]).toBeLessThan(losses[0]);
}

/** Serves a folder on the loopback interface. */
async function serve(folder: string, headers: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = path === "/" ? "/index.html" : path;
    try {
      const bytes = await readFile(join(folder, file));
      response.writeHead(200, {
        "content-type": contentTypes[extname(file)] ?? "application/octet-stream",
        ...headers,
      });
      response.end(bytes);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}/`;
}
