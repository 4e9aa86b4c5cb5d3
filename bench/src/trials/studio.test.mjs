import { expect, test } from "vitest";
import { launchChromium } from "./chromium.mjs";
import { reportOf } from "./studio.mjs";

/** @param {Partial<import("./studio.mjs").StudioRound>} [changed] */
const round = (changed) => ({
  seconds: 4,
  epochs: 2,
  imagesPerSecond: 30_000,
  longestTask: 0,
  threads: 2,
  firstLoad: 430_800,
  data: 11_500_000,
  ...changed,
});

test("times are medians, tasks and loads the greatest of all rounds", () => {
  const rounds = [
    round({ seconds: 3 }),
    round({ seconds: 9, longestTask: 70 }),
    round({ imagesPerSecond: 20_000 }),
  ];
  const { markdown, failures, figures } = reportOf(rounds, "Chromium 1");
  expect(failures).toEqual([]);
  expect(figures).toBe(rounds);
  expect(markdown.split("\n").at(-1)).toBe(
    "| Chromium 1 | 2 | 4.00 | 75.0 % | 2 | 30000 | 70 | 430.8 kB | 11.5 MB | yes |",
  );
});

test("what is asked for and does not hold is told", () => {
  const slow = round({ seconds: 31, longestTask: 120, firstLoad: 600_000 });
  const { markdown, failures } = reportOf([slow], "Chromium 1");
  expect(failures).toEqual([
    "studio: 98 % after 31.0 s, asked: under 30",
    "studio: a task of 120 ms on the page's main thread, asked: 100",
    "studio: first load 600.0 kB, asked: under 500.0 kB",
  ]);
  expect(markdown).toMatch(/\| NO \|$/);
  expect(reportOf([round()], "Chromium 1").markdown).toContain("| under 50 |");
});

test("where there is no browser, it says what to install", async () => {
  await expect(launchChromium("/nowhere/chromium")).rejects.toThrow(
    "there is no /nowhere/chromium: apt-get install chromium",
  );
});
