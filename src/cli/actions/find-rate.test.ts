import { expect, test } from "vitest";
import { rateText } from "./find-rate.ts";

const rates = [1e-4, 1e-3, 1e-2, 1e-1];
const losses = [2, 1.5, 0.5, 1];

test("a sweep is a table of rates and losses, with what they come to", () => {
  const sweep = { rates, losses, smoothed: losses, suggestion: 1e-3, lowest: 1e-2, diverged: true };
  const lines = rateText(sweep).split("\n");
  expect(lines.map((line) => line.trim()).filter((line) => /^\d/.test(line))).toEqual([
    `1.0e-4   2.0000   ${"━".repeat(30)}`,
    `1.0e-3   1.5000   ${"━".repeat(23)} steepest fall`,
    `1.0e-2   0.5000   ${"━".repeat(8)} lowest`,
    `1.0e-1   1.0000   ${"━".repeat(15)}`,
  ]);
  expect(lines.at(-2)).toBe(
    "Beyond, training diverges. Try --learning-rate 1.0e-3: there the loss falls most steeply.",
  );
});

test("a loss that never falls suggests nothing", () => {
  const rising = [1, 2, 3, 4];
  const sweep = { rates, losses: rising, smoothed: rising, suggestion: null, lowest: 1e-4, diverged: false };
  expect(rateText(sweep)).toMatch(/\nThe loss never falls: look at data and model before the rate\.\n$/);
});
