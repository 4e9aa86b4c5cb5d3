import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lacksChromium } from "../support/chromium.ts";
import { root } from "../support/sources.ts";
import { type StudioBrowser, screenshots, startStudio } from "../support/studio.ts";

describe.skipIf(lacksChromium("Studio's shell"))("Studio's shell", () => {
  let studio: StudioBrowser;

  beforeAll(async () => {
    studio = await startStudio();
  }, 60_000);
  afterAll(() => studio?.close());

  test("starts the engine on threads that share memory", async () => {
    const { page, complaints, close } = await studio.open("train");
    await expect.poll(() => page.locator("#engine").textContent()).toMatch(/^\d+ threads?$/);
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    expect(await page.locator("#engine").getAttribute("title")).toMatch(/^Kernels: relaxed/);
    expect(complaints).toEqual([]);
    await close();
  });

  test("tells of one thread where memory cannot be shared", async () => {
    const plain = await startStudio({ headers: {} });
    const { page, complaints, close } = await plain.open("train");
    await expect.poll(() => page.locator("#engine").textContent()).toBe("1 thread");
    expect(await page.locator("#engine").getAttribute("title")).toContain("not cross-origin isolated");
    expect(complaints).toEqual([]);
    await close();
    await plain.close();
  });

  test("opens panels by tab, by keyboard and by address, and an unknown address opens the first", async () => {
    const { page, complaints, close } = await studio.open("train");
    for (const name of ["Look inside", "Move it", "Backprop", "Teach", "Runs", "Train"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { name, level: 1 }).waitFor();
      expect(await page.locator('.tabs [aria-current="page"]').textContent()).toBe(name);
      await expect.poll(() => page.title()).toBe(`${name} · Fovea Studio`);
    }
    await page.getByRole("link", { name: "Train", exact: true }).focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("main#look").waitFor();
    await page.goto(`${studio.address}#/nothing`);
    await page.locator("main#train").waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test("styles of a panel hold in that panel alone: it looks the same whichever others were opened before", async () => {
    const { page, close } = await studio.open("backprop");
    for (const panel of ["train", "look", "move", "backprop", "teach", "runs"]) {
      const css = await readFile(join(root, `studio/src/panels/${panel}/${panel}.css`), "utf8");
      const selectors = await page.evaluate((text) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        const all: string[] = [];
        const walk = (rules: CSSRuleList): void => {
          for (const rule of rules) {
            // Those that are nested in another have its prefix; a comma within parentheses separates no selectors.
            if (rule instanceof CSSStyleRule) all.push(...rule.selectorText.split(/,\s*(?![^(]*\))/));
            else if (rule instanceof CSSMediaRule) walk(rule.cssRules);
          }
        };
        walk(sheet.cssRules);
        return all;
      }, css);
      expect(selectors.length, panel).toBeGreaterThan(10);
      const own = new RegExp(`^(\\.${panel}(-[\\w-]+)?|#${panel}|:where\\(#${panel}\\))(?![\\w-])`);
      expect(
        selectors.filter((selector) => !own.test(selector)),
        panel,
      ).toEqual([]);
    }
    await close();
  });

  test("shows the tab that is open in a narrow window, too", async () => {
    const { page, close } = await studio.open("runs", { viewport: { width: 390, height: 800 } });
    const box = await page.locator('.tabs [aria-current="page"]').boundingBox();
    expect(box?.x).toBeGreaterThan(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
    await close();
  });

  test("is light or dark as the system is, or as one says; the choice stays", async () => {
    const { page, close } = await studio.open("train", { colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).toBe("rgb(246, 246, 243)");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).toBe("rgb(18, 20, 24)");
    await page.getByRole("button", { name: "Use light colours" }).click();
    expect(await background()).toBe("rgb(246, 246, 243)");
    await page.reload();
    await page.locator("main#train").waitFor();
    expect(await background()).toBe("rgb(246, 246, 243)");
    await close();
  });

  test("fits the window, light and dark, wide and narrow", async () => {
    const { page, close } = await studio.open("train");
    await page.locator("#engine").waitFor();
    expect(await screenshots(page, "shell")).toEqual([]);
    await close();
  });
});
