import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWasmEngine, type WasmEngine } from "../../engine/wasm/index.ts";
import { messageOf } from "../../testing/error-message.ts";
import { drawnPhoto, drawnResult } from "../../testing/finetune-result.ts";
import type { FinetuneResult } from "../result.ts";
import { htmlReport } from "./report.ts";
import { selectPhotos } from "./selection.ts";

/** Names as files may have them. */
const classNames = ['<script>alert("cat")</script>', 'd\'ög & "friends"', "كلب"];

let folder = "";
let engine: WasmEngine;
let result: FinetuneResult;
let page = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fovea-report-"));
  engine = await createWasmEngine({ threads: 1, kernels: "rule" });
  const photos = Array.from({ length: 12 }, (_, index) => {
    const label = index % 3;
    const path = `${label}/<b>photo</b> ${index} '"&.ppm`;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    // One is gone by the time of the report.
    if (index !== 5) writeFileSync(join(folder, path), drawnPhoto(index));
    return { path, label, taken: index % 4 === 1 ? (label + 1) % 3 : label };
  });
  result = drawnResult({ folder, engine, classNames, photos });
  page = await htmlReport(result, { engine });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is read, without tags: of a table row, the cells with a bar between. */
function textOf(markup: string): string {
  return markup
    .replaceAll(/<\/t[hd]>/g, "|")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("\u00a0", " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function sectionOf(id: string): string {
  return page.match(new RegExp(`<section id="${id}">.*?</section>`, "s"))?.[0] ?? "";
}

const rowsOf = (markup: string) => [...markup.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) => textOf(row));

describe("the page", () => {
  test("holds the numbers of the result", () => {
    expect(textOf(page)).toContain(
      "accuracy, held-out photos75 % 9 of 12; with 95 % confidence 46.8 % to 91.1 %",
    );
    expect(textOf(page)).toContain("from photos to report13.4 s");
    // Each class has 4 photos; one of each is taken for the next class.
    const [, first] = rowsOf(sectionOf("scores"));
    expect(first).toBe("&lt;script&gt;alert(&quot;cat&quot;)&lt;/script&gt;|3|1|0|");
    expect(rowsOf(sectionOf("scores")).at(-1)).toBe("كلب|4|75 %|75 %|75 %|");
    expect(rowsOf(sectionOf("photos-counted"))).toEqual([
      "class|training|validation|held out|all|",
      "&lt;script&gt;alert(&quot;cat&quot;)&lt;/script&gt;|12|4|4|20|",
      "d&#39;ög &amp; &quot;friends&quot;|12|4|4|20|",
      "كلب|12|4|4|20|",
      "all|36|12|12|60|",
    ]);
    expect(rowsOf(sectionOf("problems"))[1]).toBe("broken.jpg|the image is cut short|");
    expect(textOf(sectionOf("duplicates"))).toContain("1 group of near-duplicates");
    expect(
      sectionOf("duplicates").match(/<img src="data:image\/jpeg;base64,[\w+/=]{200,}" alt="[^"]+"/g),
    ).toHaveLength(2);
    const making = rowsOf(sectionOf("making"));
    expect(making).toContain("cut behind|global_pool: 256 numbers a photo|");
    expect(making).toContain("features|30 worked out, 20 from the cache|");
    expect(making).toContain("2 folds|92.5 % (90 %, 95 %)|");
    expect(making).toContain("runtime|Node 20.20.2|");
    expect(making.slice(-5)).toEqual([
      "phase|time|",
      "look through the folder|120 ms|",
      "extract features|12.3 s|",
      "train the last layer|950 ms|",
      "all|13.4 s|",
    ]);
  });

  test("shows how it learned, with both phases and all epochs in numbers", () => {
    const learning = sectionOf("learning");
    expect(learning.match(/<polyline/g)).toHaveLength(8);
    expect(learning.match(/class="marked"/g)).toHaveLength(2);
    expect(learning).toContain(
      'aria-label="loss by epoch: training from 1.1 to 0.0945, validation from 1.15 to 0.144"',
    );
    const rows = rowsOf(learning);
    expect(rows).toHaveLength(2 + 12 + 3);
    expect(rows[1]).toBe("1|1.1|56 %|1.15|54 %|0.01|");
    expect(textOf(learning)).toContain("Epoch 9, the dotted line, was the best.");
    expect(textOf(learning)).toContain("No epoch did better than the frozen backbone");
  });

  test("shows photos with heat maps: two of what is wrong, one of what is right, none of what is gone", () => {
    const examples = sectionOf("examples");
    expect(textOf(examples)).toContain("3 mistakes, and what was right");
    expect(textOf(examples)).toContain("Grad-CAM at conv2d");
    const cards = examples.match(/<figure class="card photo">.*?<\/figure>/gs) ?? [];
    expect(cards).toHaveLength(12);
    const images = cards.map(
      (card) => card.match(/src="data:image\/jpeg;base64,[\w+/=]{200,}" alt="[^"]+"/g)?.length ?? 0,
    );
    const gone = cards.filter((card) => card.includes("cannot be read any more"));
    expect(images.toSorted()).toEqual([0, ...Array.from({ length: 9 }, () => 2), 3, 3]);
    expect(gone).toHaveLength(1);
    expect(gone[0]).toContain("photo&lt;/b&gt; 5");
    const wrong = cards.filter((card) => card.includes("verdict wrong"));
    expect(wrong).toHaveLength(3);
  });

  test("no name gets out of its place", () => {
    expect(page).not.toMatch(/<script|<b>photo|javascript:/);
    expect(page).not.toMatch(/="[^"]*<[^"]*"/);
    expect(page).toContain("&lt;b&gt;photo&lt;/b&gt; 1 &#39;&quot;&amp;.ppm");
    expect(page).toContain("<title>Report: fovea-report-");
  });

  test("asks for nothing: every address is inside", () => {
    const addresses = [...page.matchAll(/(?:src|href|url\()="?([^">]*)/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(20);
    expect(addresses.filter((address) => !/^(data:|#)/.test(address))).toEqual([]);
    expect(page).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
  });
});

describe("other results", () => {
  test("nothing unfrozen, nothing wrong, no photos wanted", async () => {
    const test = result.test;
    if (test === null) throw new Error("no scores");
    const predictions = test.predictions.filter(({ right }) => right);
    const plain: FinetuneResult = {
      ...result,
      test: { ...test, predictions, mistakes: [] },
      unfrozen: null,
      folds: null,
      problems: [],
      duplicates: [],
    };
    const made = await htmlReport(plain, { engine, photos: 0 });
    for (const id of ["problems", "duplicates"]) expect(made).not.toContain(`"${id}"`);
    expect(made).not.toContain(`href="#problems"`);
    expect(made).toContain("Every photo was right.");
    expect(made).not.toContain("<img");
    expect(made).toContain("all readable");
  });

  test("without held-out photos validation is judged, without both nothing", async () => {
    const made = await htmlReport({ ...result, test: null }, { engine, photos: 1 });
    expect(made).toContain("accuracy, validation photos");
    const none = await htmlReport({ ...result, test: null, validation: null }, { engine });
    expect(none).toContain("There were no photos to judge it by.");
    expect(none).not.toContain(`href="#scores"`);
  });

  test("many classes and long lists stay a file that opens", async () => {
    const many = drawnResult({
      folder,
      engine,
      classNames: Array.from({ length: 120 }, (_, index) => `class ${index}`),
      photos: Array.from({ length: 240 }, (_, index) => ({
        path: `${index % 120}/${index}.ppm`,
        label: index % 120,
        taken: index < 3 ? 7 : index % 120,
      })),
    });
    const problems = Array.from({ length: 5000 }, (_, index) => ({
      path: `${index}.jpg`,
      file: `${index}.jpg`,
      problem: "the file is empty",
    }));
    const made = await htmlReport({ ...many, problems }, { engine, photos: 2 });
    expect(made).not.toContain('class="matrix"');
    expect(made).toContain("What was confused most often, of 120 classes");
    expect(made.match(/taken for/g)?.length).toBeGreaterThan(1);
    expect(made).toContain("4,800 more files left out here.");
    expect(made.length).toBeLessThan(200_000);
  });

  test("wrong options", async () => {
    expect(await messageOf(() => htmlReport(result, { photos: -1 }))).toBe(
      'OptionError: htmlReport: option "photos" must be a whole number of at least 0, got -1.',
    );
  });
});

test("examples: the worst mistakes, half the least sure, half the surest of each class in turn", () => {
  const scores = result.test;
  if (scores === null) throw new Error("no scores");
  const { wrong, narrow, sure } = selectPhotos(scores, 4);
  expect(wrong).toEqual(scores.mistakes);
  const right = scores.predictions.filter((one) => one.right).map(({ labelProbability }) => labelProbability);
  expect(narrow.map(({ labelProbability }) => labelProbability)).toEqual(
    right.toSorted((a, b) => a - b).slice(0, 2),
  );
  expect(sure).toHaveLength(2);
  expect(new Set(sure.map(({ label }) => label)).size).toBe(2);
  expect(sure.some((one) => narrow.includes(one))).toBe(false);
});
