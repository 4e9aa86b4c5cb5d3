import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommandLine } from "../src/cli/program.ts";
import { layers } from "../src/layers/index.ts";
import { sequential } from "../src/models/index.ts";
import { drawnPhoto } from "../src/testing/finetune-result.ts";
import { createTestTerminal } from "../src/testing/test-terminal.ts";
import { lacksChromium, launchChromium } from "./support/chromium.ts";

const skipped = lacksChromium("pages of features-map and graph in a browser");

describe.skipIf(skipped)("pages and drawings in Debian's chromium", () => {
  let browser: Browser;
  let folder: string;

  async function run(...words: readonly string[]): Promise<void> {
    const terminal = createTestTerminal();
    expect(await runCommandLine(words, terminal), terminal.errText()).toBe(0);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-seeing-"));
    const at = (name: string) => join(folder, name);
    const net = sequential([
      layers.conv2d({
        name: "first",
        filters: 8,
        kernelSize: 5,
        activation: "relu",
        inputShape: [28, 28, 1],
      }),
      layers.maxPool2d({ name: "pool" }),
      layers.flatten({ name: "row" }),
      layers.dense({ name: "wide", units: 70 }),
      layers.dense({ name: "out", units: 3 }),
    ]);
    await net.save(at("net.safetensors"));
    const odd = at("<img src=x onerror=alert(1)> & a_very_long_name_without_any_place_to_break_it_at.ppm");
    await writeFile(odd, drawnPhoto(1, 28, 28));
    for (const out of ["maps.html", "maps.svg", "maps/"]) {
      await run(
        "features-map",
        at("net.safetensors"),
        "mnist:test:0",
        odd,
        "--threads",
        "1",
        "--out",
        at(out),
      );
    }
    for (const out of ["graph.html", "graph.svg"]) await run("graph", "googlenet", "--out", at(out));
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(
    ["maps.html", "graph.html"].flatMap((file) =>
      ([1280, 390] as const).flatMap((width) =>
        (["light", "dark"] as const).map((colorScheme) => ({ file, width, colorScheme })),
      ),
    ),
  )(
    "$file, $width px, $colorScheme: nothing sticks out, nothing is loaded",
    async ({ file, width, colorScheme }) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      try {
        const events: string[] = [];
        page.on("console", (message) => events.push(message.text()));
        page.on("pageerror", (error) => events.push(String(error)));
        page.on("dialog", (dialog) => events.push(dialog.message()));
        page.on("request", (request) => {
          if (!request.url().startsWith("data:")) events.push(request.url());
        });
        const address = pathToFileURL(join(folder, file)).href;
        await page.goto(address);
        expect(events).toEqual([address]);
        const seen = await page.evaluate(() => ({
          width: document.documentElement.scrollWidth,
          background: getComputedStyle(document.body).backgroundColor,
          broken: [...document.images].filter(({ naturalWidth, alt }) => naturalWidth === 0 || alt === "")
            .length,
          scripts: document.scripts.length,
        }));
        const background = colorScheme === "dark" ? "rgb(20, 22, 26)" : "rgb(251, 251, 249)";
        expect(seen).toEqual({ width, background, broken: 0, scripts: 0 });
      } finally {
        await page.close();
      }
    },
  );

  test.each(["maps.svg", "graph.svg", "maps/distances.svg"])("%s is well-formed", async (file) => {
    const page = await browser.newPage();
    try {
      await page.goto(pathToFileURL(join(folder, file)).href);
      const seen = await page.evaluate(() => ({
        root: document.documentElement.tagName,
        errors: document.getElementsByTagName("parsererror").length,
        texts: document.getElementsByTagName("text").length,
      }));
      expect(seen).toMatchObject({ root: "svg", errors: 0 });
      expect(seen.texts).toBeGreaterThan(5);
    } finally {
      await page.close();
    }
  });
});
