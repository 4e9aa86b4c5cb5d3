import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lacksChromium } from "../support/chromium.ts";
import { root } from "../support/sources.ts";
import { type StudioBrowser, startStudio } from "../support/studio.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".gz": "application/gzip",
};

/** Where the site lies on its host. */
const place = "/people/ada/studio/";

describe.skipIf(lacksChromium("Studio as files for any host"))("Studio as files for any host", () => {
  let folder: string;
  let host: Server;
  let studio: StudioBrowser;
  /** Paths that were asked for. */
  const asked: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-site-"));
    const site = join(folder, "site");
    await promisify(execFile)("node", [join(root, "scripts/build-studio-site.mjs"), "--out", site]);
    host = createServer(async ({ url = "/" }, response) => {
      asked.push(url);
      const path = url.startsWith(place) ? join(site, url.slice(place.length) || "index.html") : "";
      const isFile = path !== "" && (await stat(path).catch(() => null))?.isFile() === true;
      // A plain host: a type, and nothing else.
      response.writeHead(isFile ? 200 : 404, {
        "content-type": types[extname(path)] ?? "application/octet-stream",
      });
      if (isFile) createReadStream(path).pipe(response);
      else response.end();
    });
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    const { port } = host.address() as AddressInfo;
    studio = await startStudio({ address: `http://127.0.0.1:${port}${place}` });
  }, 60_000);
  afterAll(async () => {
    await studio?.close();
    host?.closeAllConnections();
    host?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const count = (path: string) => asked.filter((one) => one === place + path).length;

  test("becomes isolated by one reload, and threads share memory", async () => {
    asked.length = 0;
    const { page, complaints, close } = await studio.open("train");
    await expect.poll(() => page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    await expect.poll(() => page.locator("#engine").textContent()).toMatch(/^[2-9]\d* threads$/);
    expect(count("")).toBe(2);
    // The data are packed, under the names that the index tells; two threads learn from them.
    await page.getByText("60,000 images to train on, 10,000 test images held back").waitFor();
    await page.getByLabel("Epochs", { exact: true }).fill("1");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await expect.poll(() => page.locator("#run-state").textContent(), { timeout: 60_000 }).toBe("completed");
    const accuracy = page.locator(".run-bar .stats > div").filter({ hasText: "Accuracy" }).locator("dd");
    expect(await accuracy.textContent()).toMatch(/^9[678]\.\d+ %$/);
    // The model is lost with the page, which asks.
    page.once("dialog", (dialog) => void dialog.accept());
    // Isolated from the first byte from now on, and no reload.
    await page.reload();
    await page.locator("main#train").waitFor();
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    await page.waitForTimeout(500);
    expect(count("")).toBe(3);
    // The browser's own request for the icon, which the reload may cut off.
    expect(complaints.filter((complaint) => !/^failed: .*\/icon\.svg$/.test(complaint))).toEqual([]);
    await close();
  }, 90_000);

  test("works on one thread where there are no service workers, without a reload", async () => {
    asked.length = 0;
    const { page, complaints, close } = await studio.open("train", { serviceWorkers: "block" });
    await expect.poll(() => page.locator("#engine").textContent()).toBe("1 thread");
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(false);
    await page.waitForTimeout(500);
    expect(count("")).toBe(1);
    expect(complaints).toEqual(["console.warning: Service Worker registration blocked by Playwright"]);
    await close();
  });

  test("a new version is there at the next load, its service worker too", { timeout: 60_000 }, async () => {
    const { page, close } = await studio.open("train");
    await expect.poll(() => page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    // The old one stays as long as it has something in hand.
    await page.getByText("60,000 images to train on, 10,000 test images held back").waitFor();
    const worker = join(folder, "site/isolation-worker.js");
    const page0 = join(folder, "site/index.html");
    await writeFile(
      worker,
      (await readFile(worker, "utf8")).replace(
        "headers.set(name, value);",
        '$& headers.set("x-version", "2");',
      ),
    );
    await writeFile(
      page0,
      (await readFile(page0, "utf8")).replace("<title>", '<meta name="version" content="2" /><title>'),
    );
    await page.reload();
    expect(await page.locator('meta[name="version"]').getAttribute("content")).toBe("2");
    const version = () => page.evaluate(async () => (await fetch("./icon.svg")).headers.get("x-version"));
    // Chromium puts the change off while the old one is asked for files: it is left alone between the questions.
    await expect.poll(version, { timeout: 40_000, interval: 4_000 }).toBe("2");
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    await close();
  });
});
