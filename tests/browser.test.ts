import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { encodeImage } from "fovea";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImageBytes } from "../src/host/node-images.ts";
import { drawPhoto, ppmOf } from "../src/testing/photo-files.ts";
import { lacksChromium, launchChromium } from "./support/chromium.ts";
import { readShortly } from "./support/read-shortly.ts";
import { type ShortResult, type ShortTraining, steps, trainShortly } from "./support/short-training.ts";

/** A page may share memory between threads only if it is delivered with these. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const contentTypes: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

const skipped = lacksChromium("browser tests");

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
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the built page and does something in it. @returns also what the page complained of */
  async function inPage<Result>(
    headers: Readonly<Record<string, string>>,
    act: (page: Page) => Promise<Result>,
  ): Promise<{ isolated: boolean; result: Result; complaints: string[] }> {
    const server = await serve(folder, headers);
    const complaints: string[] = [];
    const page = await browser.newPage();
    try {
      page.on("console", (message) => complaints.push(`console.${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
      await page.goto(addressOf(server));
      const isolated = await page.evaluate(() => globalThis.crossOriginIsolated);
      return { isolated, result: await act(page), complaints };
    } finally {
      await page.close();
      server.close();
    }
  }

  const trainInBrowser = (training: ShortTraining, headers: Readonly<Record<string, string>>) =>
    inPage(headers, (page) => page.evaluate((options) => globalThis.trainInPage(options), training));

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

  test("image files: PNG keeps every pixel, JPEG comes close", async () => {
    const server = await serve(folder, {});
    const page = await browser.newPage();
    try {
      await page.goto(addressOf(server));
      const width = 24;
      const pixels = Array.from(
        { length: 3 * width * 16 },
        (_, index) => 40 + Math.floor(index / 3 / width) * 9,
      );
      const encode = (format: "png" | "jpeg") =>
        page.evaluate(([values, side, kind]) => globalThis.encodeInPage(values, side, kind), [
          pixels,
          width,
          format,
        ] as const);
      const png = await decodeImageBytes(Uint8Array.from(await encode("png")), "a.png");
      expect(png).toEqual({ width, height: 16, channels: 3, pixels: Uint8Array.from(pixels) });
      const jpeg = await decodeImageBytes(Uint8Array.from(await encode("jpeg")), "a.jpg");
      expect(jpeg).toMatchObject({ width, height: 16, channels: 3 });
      expect(jpeg.pixels).toBeCloseToTensor(pixels, { absolute: 4 });
    } finally {
      await page.close();
      server.close();
    }
  });

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

  test("images that are changed at random are changed as in Node, to the bit", async () => {
    const training = { precision: "exact", threads: 2, augmented: true } as const;
    const { result, complaints } = await trainInBrowser(training, isolation);
    expect(complaints).toEqual([]);
    const [node, plain] = [
      await trainShortly(training),
      await trainShortly({ ...training, augmented: false }),
    ];
    expect(result.losses).toEqual(node.losses);
    expect(result.weightsHash).toBe(node.weightsHash);
    expect(node.weightsHash).not.toBe(plain.weightsHash);
  }, 60_000);

  test.each([
    { name: "by workers", headers: {}, complains: false },
    // A page that may start none.
    {
      name: "on the page's thread",
      headers: { "content-security-policy": "worker-src 'none'" },
      complains: true,
    },
  ])(
    "photos are read $name to Node's bytes",
    async ({ headers, complains }) => {
      const photos = join(folder, "photos");
      await mkdir(photos, { recursive: true });
      const image = drawPhoto(4, 50, 40);
      await writeFile(join(photos, "1.ppm"), ppmOf(image));
      await writeFile(join(photos, "2.png"), await encodeImage(image.pixels, image, "png"));
      await writeFile(join(photos, "3.jpg"), "no image");
      const names = ["1.ppm", "2.png", "3.jpg", "4.jpg"];
      const { result, complaints } = await inPage(headers, (page) =>
        page.evaluate(
          (paths) => globalThis.readInPage(paths),
          names.map((name) => `photos/${name}`),
        ),
      );
      const node = await readShortly(names.map((name) => join(photos, name)));
      expect(result.slice(0, 3)).toEqual(
        node.slice(0, 3).map((reading, index) => ({ ...reading, path: `photos/${names[index]}` })),
      );
      expect(result[0].size).toEqual([50, 40]);
      expect(result[3].problem).toBe("the server answers 404 Not Found");
      const unexpected = complaints.filter((text) => !/404|4\.jpg|Content Security Policy/.test(text));
      expect(unexpected).toEqual([]);
      expect(complaints.some((text) => text.includes("Content Security Policy"))).toBe(complains);
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
