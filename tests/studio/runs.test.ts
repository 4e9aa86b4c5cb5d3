import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { data, featureMaps, Model } from "fovea";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pixelsOf } from "../../studio/src/ui/colour.ts";
import { documentOf, type Running, run, start } from "../cli/command.ts";
import { lacksChromium } from "../support/chromium.ts";
import { startedStudio } from "../support/started-studio.ts";
import { type StudioBrowser, screenshots, startStudio } from "../support/studio.ts";

/** Whoever follows other runs ends the stream of before: to the browser's remote control that is a failure. */
const unlessEnded = (complaints: readonly string[]) =>
  complaints.filter((complaint) => !/^failed: .*\/api\/events\b/.test(complaint));

const patience = { timeout: 20_000 };

describe.skipIf(lacksChromium("the panel Runs"))("the panel Runs", () => {
  let folder: string;
  let server: Running;
  let studio: StudioBrowser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-runs-"));
    const started = await startedStudio(folder);
    server = started.server;
    studio = await startStudio({ address: started.address });
  }, 60_000);
  afterAll(async () => {
    await studio?.close();
    server?.process.kill("SIGTERM");
    await server?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  /** The epochs of a run, as its records have them. */
  async function epochsOf(name: string) {
    const text = await readFile(join(folder, "runs", name, "metrics.jsonl"), "utf8");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === "epochEnd");
  }

  const rows = (page: Page, name: string) => page.locator(`table[aria-label="Epochs of ${name}"] tbody tr`);

  test("says how to start a run, shows it as it goes on, and compares it with others", async () => {
    const { page, complaints, close } = await studio.open("runs");
    await page.getByText("There are no runs yet").waitFor();
    const command = (await page.locator(".runs-command code").textContent()) ?? "";
    expect(command).toBe("npx fovea train --data mnist --model lenet5 --epochs 5 --out runs/lenet5");
    expect(await screenshots(page, "runs-empty")).toEqual([]);

    // As it says, and shorter.
    const words = command.split(" ").slice(2);
    const training = start(folder, ...words, "--limit", "3000", "--quiet");
    const state = page.locator(".runs-state");
    await expect.poll(() => state.textContent(), patience).toContain("running");
    expect(await page.getByRole("checkbox", { name: "lenet5" }).isChecked()).toBe(true);
    await page.getByText("Epoch by epoch").click();
    await expect.poll(() => rows(page, "lenet5").count(), patience).toBeGreaterThan(0);
    const early = await rows(page, "lenet5").count();
    const filters = page.locator(".runs-sheet canvas").first();
    await filters.waitFor();
    const before = await filters.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    await expect.poll(() => rows(page, "lenet5").count(), patience).toBe(5);
    expect(early).toBeLessThan(5);
    expect((await training.ended).code).toBe(0);
    await expect.poll(() => state.textContent(), patience).toContain("finished");

    // What is on screen is what was written.
    const records = await epochsOf("lenet5");
    const shown = await rows(page, "lenet5").evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
    );
    expect(shown).toEqual(
      records.map(({ loss, accuracy, validation, learningRate }) => [
        loss.toFixed(4),
        `${(100 * accuracy).toFixed(2)} %`,
        validation.loss.toFixed(4),
        `${(100 * validation.accuracy).toFixed(2)} %`,
        String(learningRate),
      ]),
    );
    // The model that the last checkpoint has: its filters are those on screen, which have changed on the way.
    await expect
      .poll(() => filters.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL()), patience)
      .not.toBe(before);
    const model = await Model.load(join(folder, "runs/lenet5/model.safetensors"));
    const weight = (await model.getWeights(["conv1.weight"])).get("conv1.weight");
    const strongest = Math.max(...(weight?.data ?? []).map(Math.abs));
    await expect
      .poll(() => page.locator(".runs-filters figcaption").first().textContent(), patience)
      .toBe(`conv1: 6 filters of 5 x 5; the strongest weight is ${strongest.toPrecision(3)}`);
    await mapsAreTheLibrarys(page, model);

    const dense = ["--data", "mnist", "--model", "dense", "--epochs", "3", "--limit", "3000"];
    documentOf(
      await run(folder, "train", ...dense, "--learning-rate", "0.002", "--json", "--out", "runs/dense"),
    );
    await page.getByRole("checkbox", { name: "dense" }).check();
    await expect.poll(() => rows(page, "dense").count(), patience).toBe(3);
    const table = page.getByRole("region", { name: "Figures" });
    const row = (name: string) => table.getByRole("row", { name }).first().locator("td").allTextContents();
    await expect.poll(() => row("state")).toEqual(["finished", "finished"]);
    expect(await row("learning rate")).toEqual(["–", "0.002"]);
    // Keys that say nothing of either run are left out.
    const settings = await table.locator("tbody").last().locator("tr th").allTextContents();
    expect(settings).toEqual(["Settings that differ", "model", "epochs", "learning rate"]);
    expect(await row("model")).toEqual(["lenet5", "dense"]);
    const { runs } = documentOf(await run(folder, "runs", "--json", "--sort", "name"));
    const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
    expect(await row("best validation accuracy")).toEqual(
      [runs[1], runs[0]].map(({ bestValidationAccuracy }) => percent(bestValidationAccuracy)),
    );
    expect(await screenshots(page, "runs")).toEqual([]);
    expect(unlessEnded(complaints)).toEqual([]);
    await close();
  }, 90_000);

  /** Every map of the first convolution on screen, pixel by pixel, against the library's in Node, painted with the page's colours. */
  async function mapsAreTheLibrarys(page: Page, model: Model): Promise<void> {
    const { test: held } = await data.loadMnist();
    const { layers } = await featureMaps(model, data.take(held, 1).images, { layers: ["conv1", "conv2"] });
    const sheets = page.locator(".runs-maps");
    for (const [place, { name, shape, values }] of layers.entries()) {
      const [height, width, count] = shape;
      const most = Math.max(...values.data);
      // Both are rectified: from nothing to the greatest.
      const caption = `${name}: ${count} maps of ${height} x ${width}, values from 0.00 to ${most.toPrecision(3)}`;
      await expect.poll(() => sheets.nth(place).locator("figcaption").textContent(), patience).toBe(caption);
      const shown = await sheets
        .nth(place)
        .getByRole("img", { name: /^Map / })
        .evaluateAll((all) =>
          all.map((canvas) => {
            if (!(canvas instanceof HTMLCanvasElement)) return [];
            return [...(canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [])];
          }),
        );
      expect(shown).toHaveLength(count);
      for (const [map, pixels] of shown.entries()) {
        const own = Float32Array.from({ length: height * width }, (_, at) => values.data[at * count + map]);
        const expected = pixelsOf(own, "sequential", false, most);
        // Node's kernels may be others than the browser's: a shade more or less.
        const apart = pixels.map((value, at) => Math.abs(value - expected[at]));
        expect(Math.max(...apart), `${name}, map ${map}`).toBeLessThanOrEqual(3);
      }
    }
    const image = await sheets
      .first()
      .getByRole("img", { name: "The image that maps are of: 7" })
      .evaluate((canvas: HTMLCanvasElement) => [
        ...(canvas.getContext("2d")?.getImageData(0, 0, 28, 28).data ?? []),
      ]);
    expect(image.filter((_, at) => at % 4 === 0)).toEqual([...held.images.data.subarray(0, 784)]);
  }

  test("opens a run's model in another panel, by keyboard", async () => {
    const { page, complaints, close } = await studio.open("runs");
    const button = page.getByRole("region", { name: "dense" }).getByRole("button", { name: "Look inside" });
    await page.getByRole("checkbox", { name: "dense" }).focus();
    if (!(await page.getByRole("checkbox", { name: "dense" }).isChecked()))
      await page.keyboard.press("Space");
    await button.focus();
    await page.keyboard.press("Enter");
    await page.locator("main#look").waitFor();
    expect(unlessEnded(complaints)).toEqual([]);
    await close();
  });

  test("a page from a host of files says how to follow runs", async () => {
    const plain = await startStudio();
    const { page, complaints, close } = await plain.open("runs");
    await page.getByText("npx fovea studio --open").waitFor();
    expect(await screenshots(page, "runs-no-server")).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
    await plain.close();
  });
});
