/**
 * Studio in Debian's chromium: how long LeNet takes from the press of the button to 98 % of MNIST's test digits, with the settings
 * that the panel Train begins with; whether the page answers meanwhile; and what opening it fetches.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "../report.mjs";
import { median, spread } from "../statistics.mjs";
import { launchChromium } from "./chromium.mjs";
import { startServer } from "./command.mjs";
import { pressTrain, watchLongTasks } from "./studio-page.mjs";

const rounds = 5;
const asked = { seconds: 30, longestTask: 100, firstLoad: 500_000 };

/**
 * @typedef {object} StudioRound
 * @property {number} seconds from the press of the button until the page shows 98 %
 * @property {number} epochs until then
 * @property {number} imagesPerSecond median of what the page shows meanwhile
 * @property {number} longestTask of the page's main thread meanwhile, in milliseconds by the clock; 0 where none took longer than 50
 * @property {number} threads of the engine in the page
 * @property {number} firstLoad bytes of what opening the page fetches, as they come over the wire, without data
 * @property {number} data the same of MNIST's files
 */

/** @type {import("./table.mjs").Trial} */
export async function measureStudio({ nodes, say }) {
  const node = nodes.find(({ path }) => path !== null)?.path ?? process.execPath;
  const browser = await launchChromium();
  const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  try {
    const studio = await startServer(node, ["studio", "--port", "0", "--runs", join(folder, "runs")]);
    try {
      const figures = [];
      for (let round = 1; round <= rounds; round++) {
        const figure = await trainOnce(browser, studio.address);
        say(
          `studio, round ${round}: 98 % after ${figure.seconds.toFixed(2)} s, ${figure.imagesPerSecond} images/s`,
        );
        figures.push(figure);
      }
      return reportOf(figures, `Chromium ${browser.version()}`);
    } finally {
      await studio.stop();
    }
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Opens Studio as for the first time, and trains until the page shows 98 %.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} address
 * @returns {Promise<StudioRound>}
 */
export async function trainOnce(browser, address) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(watchLongTasks);
    /** @type {Map<string, Promise<number>>} */
    const sizes = new Map();
    page.on("requestfinished", (request) => {
      const { protocol, pathname } = new URL(request.url());
      if (protocol === "http:" && !sizes.has(pathname)) sizes.set(pathname, sizeOf(request));
    });
    await page.goto(address);
    await page.getByText("60,000 images to train on").waitFor();
    const engine = await page.locator("#engine").textContent();
    await page.waitForLoadState("networkidle");
    const loads = { firstLoad: 0, data: 0 };
    for (const [path, size] of sizes) loads[path.startsWith("/data/") ? "data" : "firstLoad"] += await size;
    const opened = { ...loads, threads: Number.parseInt(engine ?? "", 10) };
    return { ...(await page.evaluate(pressTrain)), ...opened };
  } finally {
    await context.close();
  }
}

/** Of an answer's body, as it came. @param {import("playwright-core").Request} request */
async function sizeOf(request) {
  const { responseBodySize } = await request.sizes();
  // Of a worker's own script the browser tells no size; the server does.
  const told = await (await request.response())?.headerValue("content-length");
  return Math.max(responseBodySize, Number(told ?? 0));
}

/**
 * @param {readonly StudioRound[]} figures one a round
 * @param {string} browser its name and version
 * @returns {import("../report.mjs").TrialReport}
 */
export function reportOf(figures, browser) {
  const seconds = median(figures.map((round) => round.seconds));
  const longestTask = Math.max(...figures.map((round) => round.longestTask));
  const firstLoad = Math.max(...figures.map((round) => round.firstLoad));
  const failures = [
    ...(seconds < asked.seconds ? [] : [`98 % after ${seconds.toFixed(1)} s, asked: under ${asked.seconds}`]),
    ...(longestTask <= asked.longestTask
      ? []
      : [`a task of ${longestTask.toFixed(0)} ms on the page's main thread, asked: ${asked.longestTask}`]),
    ...(firstLoad < asked.firstLoad
      ? []
      : [`first load ${kilobytes(firstLoad)}, asked: under ${kilobytes(asked.firstLoad)}`]),
  ];
  const heads = ["browser", "threads", "98 % after, s", "spread", "epochs", "images/s", "longest task, ms"];
  const row = [
    browser,
    String(figures[0].threads),
    seconds.toFixed(2),
    `${(100 * spread(figures.map((round) => round.seconds))).toFixed(1)} %`,
    [...new Set(figures.map((round) => round.epochs))].join(", "),
    median(figures.map((round) => round.imagesPerSecond)).toFixed(0),
    longestTask === 0 ? "under 50" : longestTask.toFixed(0),
    kilobytes(firstLoad),
    `${(Math.max(...figures.map((round) => round.data)) / 1e6).toFixed(1)} MB`,
    failures.length === 0 ? "yes" : "NO",
  ];
  const title =
    `LeNet on MNIST in Studio, settings as they are when Train opens, medians of ${figures.length} rounds, each in a new page; ` +
    `asked: 98 % of the test digits within ${asked.seconds} s, no task over ${asked.longestTask} ms, a first load under ${kilobytes(asked.firstLoad)}`;
  return {
    name: "studio",
    markdown: `${title}\n\n${table([...heads, "first load", "data", "holds"], [row])}`,
    figures,
    failures: failures.map((failure) => `studio: ${failure}`),
  };
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
