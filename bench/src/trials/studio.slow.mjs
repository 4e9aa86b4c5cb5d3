import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chromiumPath, launchChromium } from "./chromium.mjs";
import { startServer } from "./command.mjs";
import { trainOnce } from "./studio.mjs";

test.skipIf(!existsSync(chromiumPath))(
  "LeNet comes to 98 % in the page (skipped where there is no /usr/bin/chromium)",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-studio-"));
    const studio = await startServer(process.execPath, ["studio", "--port", "0", "--runs", folder]);
    const browser = await launchChromium();
    try {
      const round = await trainOnce(browser, studio.address);
      expect(round.epochs).toBeGreaterThanOrEqual(1);
      expect(round.epochs).toBeLessThanOrEqual(5);
      // 60,000 images an epoch, at the speed that the page shows: the clock and the speed are of the same run.
      const images = 60_000 * round.epochs;
      expect(images / round.seconds).toBeGreaterThan(round.imagesPerSecond / 4);
      expect(images / round.seconds).toBeLessThan(round.imagesPerSecond * 2);
      expect(round.longestTask).toBeGreaterThanOrEqual(0);
      expect(round.threads).toBeGreaterThanOrEqual(1);
      // Neither are data counted with the page, nor is what it consists of left out.
      expect(round.firstLoad).toBeGreaterThan(300_000);
      expect(round.firstLoad).toBeLessThan(500_000);
      expect(round.data).toBeGreaterThan(5_000_000);
    } finally {
      await browser.close();
      await studio.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
