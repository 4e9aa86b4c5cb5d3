import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWasmEngine } from "../src/engine/wasm/index.ts";
import { htmlReport } from "../src/reuse/index.ts";
import { drawnPhoto, drawnResult } from "../src/testing/finetune-result.ts";
import { lacksChromium, launchChromium } from "./support/chromium.ts";

const skipped = lacksChromium("report in a browser");

describe.skipIf(skipped)("the report in Debian's chromium", () => {
  let browser: Browser;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-report-"));
    file = join(folder, "report.html");
    const photos = Array.from({ length: 9 }, (_, index) => {
      const label = index % 3;
      return {
        path: `${label}/<img src=x onerror=alert(1)> ${index}.ppm`,
        label,
        taken: index < 3 ? 0 : label,
      };
    });
    for (const [index, { path }] of photos.entries()) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), drawnPhoto(index));
    }
    const engine = await createWasmEngine({ threads: 1, kernels: "rule" });
    const classNames = [
      "<script>alert(1)</script>",
      "a very long name without any place to break it at".replaceAll(" ", "_"),
      "كلب",
    ];
    await writeFile(file, await htmlReport(drawnResult({ folder, engine, classNames, photos }), { engine }));
    await engine.close();
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each([
    [1280, "light"],
    [1280, "dark"],
    [390, "light"],
    [390, "dark"],
  ] as const)(
    "%d px, %s: nothing sticks out, nothing is loaded, nothing complains",
    async (width, colorScheme) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      try {
        const events: string[] = [];
        page.on("console", (message) => events.push(message.text()));
        page.on("pageerror", (error) => events.push(String(error)));
        page.on("dialog", (dialog) => events.push(dialog.message()));
        page.on("request", (request) => {
          if (!request.url().startsWith("data:")) events.push(request.url());
        });
        await page.goto(pathToFileURL(file).href);
        expect(events).toEqual([pathToFileURL(file).href]);
        const seen = await page.evaluate(() => ({
          title: document.title,
          width: document.documentElement.scrollWidth,
          background: getComputedStyle(document.body).backgroundColor,
          images: [...document.images].map(({ naturalWidth, alt }) => naturalWidth > 0 && alt !== ""),
          headless: [...document.querySelectorAll("th")].filter((head) => !head.hasAttribute("scope")).length,
          heading: document.querySelector("tbody th")?.textContent,
          scripts: document.scripts.length,
        }));
        expect(seen.title).toMatch(/^Report: fovea-report-/);
        expect(seen.width).toBe(width);
        expect(seen.background).toBe(colorScheme === "dark" ? "rgb(20, 22, 26)" : "rgb(251, 251, 249)");
        // Two wrong photos with two heat maps each, and seven with one; two near-duplicates.
        expect(seen.images).toEqual(Array.from({ length: 2 * 3 + 7 * 2 + 2 }, () => true));
        expect(seen.headless).toBe(0);
        expect(seen.heading).toBe("<script>alert(1)</script>");
        expect(seen.scripts).toBe(0);
      } finally {
        await page.close();
      }
    },
  );

  test("prints, in the light whatever the screen, with all photos", async () => {
    const page = await browser.newPage({ colorScheme: "dark" });
    try {
      await page.goto(pathToFileURL(file).href);
      await page.emulateMedia({ media: "print" });
      const colours = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return { backgroundColor, color };
      });
      expect(colours).toEqual({ backgroundColor: "rgb(255, 255, 255)", color: "rgb(0, 0, 0)" });
      const pdf = await page.pdf({ format: "A4" });
      expect(pdf.subarray(0, 5).toString("latin1")).toBe("%PDF-");
      expect(pdf.length).toBeGreaterThan(20_000);
    } finally {
      await page.close();
    }
  });
});
