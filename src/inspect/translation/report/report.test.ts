import { describe, expect, test } from "vitest";
import { percent } from "../../../drawing/index.ts";
import { Tensor } from "../../../tensor/index.ts";
import { messageOf } from "../../../testing/error-message.ts";
import type { TranslationMap } from "../figures.ts";
import { movesByRow } from "../moves.ts";
import { type MovedModel, moveInWords, shareText } from "./content.ts";
import { captionOf, translationDrawing, translationSheet } from "./files.ts";
import { flipPictures } from "./flips.ts";
import { valuesOf } from "./maps.ts";
import { translationReport } from "./page.ts";

/** A map of 3 x 3 moves, accuracy 0.9 in the middle and less with each step. */
function mapOf(lost: number): TranslationMap {
  const moves = movesByRow(1).map(({ dx, dy }) => {
    const steps = Math.abs(dx) + Math.abs(dy);
    const accuracy = 0.9 - lost * steps;
    return { dx, dy, accuracy, loss: 0.3 + steps, consistency: 1 - lost * steps, examples: 50 };
  });
  const figures = { accuracy: 0.9 - 1.5 * lost, loss: 1.8, consistency: 1 - 1.5 * lost };
  return {
    maxShift: 1,
    background: "zeros",
    examples: 50,
    clean: { accuracy: 0.9, loss: 0.3 },
    moves,
    byDistance: [
      { distance: 0, moves: 1, lowestAccuracy: 0.9, accuracy: 0.9, loss: 0.3, consistency: 1 },
      { distance: 1, moves: 8, lowestAccuracy: 0.9 - 2 * lost, ...figures },
    ],
    flips: [{ index: 7, label: 1, dx: 1, dy: -1, predicted: 0, before: [0.1, 0.9], after: [0.75, 0.25] }],
  };
}

const image = Uint8Array.from({ length: 6 }, (_, index) => 10 * (index + 1));
const modelOf = (name: string, lost: number): MovedModel => ({
  name,
  parameters: 1234,
  map: mapOf(lost),
  classNames: ["zero & none", "one"],
  images: new Tensor("uint8", [1, 2, 3, 1], image),
});
const report = { data: "drawn", models: [modelOf("<flat>", 0.4), modelOf("pooled", 0.1)] };

test("shares and moves in words", () => {
  expect([0.9996, 1, 0.5, 0].map(shareText)).toEqual([
    "99.9\u00a0%",
    "100.0\u00a0%",
    "50.0\u00a0%",
    "0.0\u00a0%",
  ]);
  const words = [
    [0, 0],
    [2, 0],
    [-1, 0],
    [0, -1],
    [3, 4],
  ].map(([dx = 0, dy = 0]) => moveInWords({ dx, dy }));
  expect(words).toEqual(["not at all", "2 px right", "1 px left", "1 px up", "3 px right and 4 px down"]);
});

test("values stand by row and column, shares in percent", () => {
  const rows = valuesOf(mapOf(0.1), "accuracy").map((row) => row.map(Math.round));
  expect(rows).toEqual([
    [70, 80, 70],
    [80, 90, 80],
    [70, 80, 70],
  ]);
});

test("an example is shown as it is and moved", () => {
  const [{ before, after }] = flipPictures(modelOf("net", 0));
  expect([...before.pixels]).toEqual([10, 20, 30, 40, 50, 60]);
  // One to the right and one up: the lower row comes up, and loses its last pixel.
  expect([...after.pixels]).toEqual([0, 40, 50, 0, 0, 0]);
  expect(after).toMatchObject({ width: 3, height: 2, channels: 1 });
});

describe("translationReport", () => {
  test("says what the figures say, shows a map for each model and figure, and escapes names", async () => {
    const page = await translationReport(report);
    expect(page.match(/<svg class="chart heat"/g)).toHaveLength(6);
    expect(page).toContain(
      "<b>&lt;flat&gt;</b> has 90.0\u00a0% of the images right where they are; moved by 1 px it keeps less than half of that",
    );
    expect(page).toContain(
      "<b>pooled</b> has 90.0\u00a0% of the images right where they are; no distance up to 1 px takes half of that",
    );
    expect(page).toContain("zero &amp; none, 75.0\u00a0%");
    expect(page).toContain("<p>1 px right and 1 px up</p>");
    expect(page).not.toContain("<flat>");
    // It loads nothing.
    expect(page.match(/(?:src|href)="(?!data:|#)/g)).toBeNull();
    expect(page).not.toContain("<script");
  });

  test("without examples it says so; without models it is an error", async () => {
    const steady = { ...modelOf("steady", 0), map: { ...mapOf(0), flips: [] } };
    expect(await translationReport({ data: "drawn", models: [steady] })).toContain(
      "No move by up to 1 px flips an image that the model has right.",
    );
    expect(await messageOf(translationReport({ data: "drawn", models: [] }))).toBe(
      "OptionError: translationReport: there is no model to report on.",
    );
  });
});

test("a drawing has a row for each model and a column for each figure", () => {
  const svg = translationDrawing(report);
  expect(svg.match(/<g class="chart heat moves"/g)).toHaveLength(6);
  expect(svg).toContain('viewBox="0 0 1440 880"');
  expect(svg).toContain("&lt;flat&gt;: Consistency, %");
  // One scale for both: what is greatest of all is the last colour.
  expect(svg).toContain("<title>pixels to the right -1, pixels down -1: 2.3</title>");
});

test("a sheet has all maps and examples", () => {
  const sheet = translationSheet(report);
  expect(sheet.width).toBe(1600);
  // Three maps in a row each, then one pair of pictures for each model.
  expect(sheet.height).toBeGreaterThan(3 * 366);
  expect(new Set(sheet.pixels).size).toBeGreaterThan(20);
  // Below a map stands what it shows.
  const [model = expect.fail()] = report.models;
  const { name, map } = model;
  const [, { accuracy, consistency } = expect.fail()] = map.byDistance;
  const captions = (["accuracy", "consistency", "loss"] as const).map((figure) => captionOf(model, figure));
  expect(captions).toEqual([
    `${name}: 90 % unmoved, ${percent(accuracy)} at 1 px`.replaceAll("\u00a0", " "),
    `${name}: 100 % unmoved, ${percent(consistency)} at 1 px`.replaceAll("\u00a0", " "),
    `${name}: .30 unmoved, 1.8 at 1 px`,
  ]);
});
