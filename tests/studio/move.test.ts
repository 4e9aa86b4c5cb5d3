import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createWasmEngine,
  data,
  type ImageDataset,
  imageTranslations,
  type Model,
  models,
  optimizers,
  Tensor,
  translationMap,
  type WasmEngine,
} from "../../src/index.ts";
import { lacksChromium } from "../support/chromium.ts";
import { watchMainThread } from "../support/main-thread.ts";
import { type StudioBrowser, screenshots, startStudio } from "../support/studio.ts";

/** A percentage as a share. */
const shareIn = (text: string | null) => Number((text ?? "").replace(/[^0-9.]/g, "")) / 100;

describe.skipIf(lacksChromium("Studio's panel Move it"))("Move it", () => {
  let studio: StudioBrowser;
  let engine: WasmEngine;
  let nets: readonly { readonly model: Model; readonly file: string }[];
  let digits: ImageDataset<"uint8">;

  beforeAll(async () => {
    const { train, test: all } = await data.loadMnist();
    digits = all;
    engine = await createWasmEngine();
    nets = [];
    for (const name of ["dense", "convnet-bn"] as const) {
      const model = models.create(name);
      model.compile({ engine, optimizer: optimizers.adam({ learningRate: 0.003 }) });
      await model.fit(data.take(train, 6400), { batchSize: 64 });
      const file = join(tmpdir(), `fovea-move-${process.pid}-${name}.safetensors`);
      await model.save(file);
      nets = [...nets, { model, file }];
    }
    studio = await startStudio();
  }, 60_000);
  afterAll(async () => {
    await studio?.close();
    await engine?.close();
    for (const { file } of nets ?? []) await rm(file, { force: true });
  });

  async function open() {
    const opened = await studio.open("move");
    opened.page.setDefaultTimeout(10_000);
    for (const [index, { file }] of nets.entries()) {
      await opened.page.getByLabel("Open a model file, input").setInputFiles(file);
      await opened.page.locator(".net").nth(index).locator(".class-bars").waitFor();
    }
    return opened;
  }

  async function bars(page: Page, net: number): Promise<string[]> {
    return await page.locator(".net").nth(net).locator(".class-bars .numbers").allTextContents();
  }

  test("follows a hand that drags and arrow keys: the bars are the library's for that move", async () => {
    const { page, complaints, close } = await open();
    const index = digits.labels.data.indexOf(4);
    const four = new Tensor("uint8", [28, 28, 1], digits.images.data.slice(index * 784, (index + 1) * 784));
    const check = async (dx: number, dy: number) => {
      for (const [net, { model }] of nets.entries()) {
        const { probabilities } = await imageTranslations(model, four);
        const row = ((dy + 6) * 13 + dx + 6) * 10;
        for (const [label, text] of (await bars(page, net)).entries()) {
          const expected = probabilities.data[row + label];
          if (text.startsWith("<")) expect(expected).toBeLessThan(0.0006);
          else expect(Math.abs(shareIn(text) - expected)).toBeLessThan(0.0006);
        }
        // Beside the heat map stands the same for the true class.
        const shown = await page.locator(".net").nth(net).locator(".move-map output").first().textContent();
        expect(shown).toBe((await bars(page, net))[4]);
      }
    };
    await check(0, 0);
    const tasks = await watchMainThread(page);
    const pad = page.locator(".drag-pad");
    const box = await pad.boundingBox();
    if (box === null) throw new Error("there is no pad");
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 100 + 3 * 8, box.y + 100 - 2 * 8, { steps: 12 });
    await page.mouse.up();
    expect(await page.locator("#place").textContent()).toBe("3 px right, 2 px up");
    await check(3, -2);
    await pad.focus();
    for (const key of ["ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowDown"]) {
      await page.keyboard.press(key);
    }
    expect(await page.locator("#place").textContent()).toBe("1 px left, 1 px up");
    await check(-1, -1);
    // Farther than the map goes it does not go.
    for (let count = 0; count < 9; count++) await page.keyboard.press("ArrowLeft");
    expect(await page.locator("#place").textContent()).toBe("6 px left, 1 px up");
    await page.keyboard.press("Home");
    expect(await page.locator("#place").textContent()).toBe("not moved");
    // A click on the heat map moves it there.
    const plot = page.locator(".net").first().locator(".plot").first();
    const plotBox = await plot.boundingBox();
    if (plotBox === null) throw new Error("there is no heat map");
    const cell = plotBox.width / 13;
    await plot.click({ position: { x: 8.5 * cell, y: 10.5 * cell } });
    expect(await page.locator("#place").textContent()).toBe("2 px right, 4 px down");
    await check(2, 4);
    expect((await tasks()).filter(({ computed }) => computed > 100)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("moves the test images: accuracy and consistency are the library's", async () => {
    const { page, complaints, close } = await open();
    await page.getByLabel("Farthest move").fill("3");
    await page.getByLabel("Test images", { exact: true }).selectOption("200");
    const tasks = await watchMainThread(page);
    await page.getByRole("button", { name: "Move the test images" }).click();
    await page.locator(".net").nth(1).locator(".stats").waitFor();
    await page.getByRole("button", { name: "Move the test images" }).waitFor();
    const images = data.take(digits, 200);
    for (const [net, { model }] of nets.entries()) {
      const { moves, clean } = await translationMap(model, images, { maxShift: 3, examples: 0 });
      const others = moves.filter(({ dx, dy }) => dx !== 0 || dy !== 0);
      const mean = (of: "accuracy" | "consistency") =>
        others.reduce((sum, move) => sum + move[of], 0) / others.length;
      const shown = await page.locator(".net").nth(net).locator(".stats dd").allTextContents();
      const lowest = Math.min(...others.map(({ accuracy }) => accuracy));
      for (const [at, expected] of [
        clean.accuracy,
        mean("accuracy"),
        lowest,
        mean("consistency"),
      ].entries()) {
        expect(Math.abs(shareIn(shown[at]) - expected)).toBeLessThan(0.0006);
      }
      const output = page.locator(".net").nth(net).locator(".move-map output").nth(1);
      await page.locator(".drag-pad").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      const there = moves.find(({ dx, dy }) => dx === 2 && dy === 0);
      expect(shareIn(await output.textContent())).toBeCloseTo(there?.accuracy ?? Number.NaN, 3);
    }
    expect((await tasks()).filter(({ computed }) => computed > 100)).toEqual([]);
    expect(await screenshots(page, "move")).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("trains a dense and a convolutional net where there is none, and takes one away and back", async () => {
    const { page, complaints, close } = await studio.open("move");
    expect(await screenshots(page, "move-empty")).toEqual([]);
    await page.getByRole("button", { name: "Train a dense and a convolutional net" }).click();
    await page.locator(".net").nth(1).locator(".class-bars").waitFor({ timeout: 60_000 });
    expect(await page.locator(".net h2").allTextContents()).toEqual(["dense", "convnet-bn"]);
    await page.getByRole("button", { name: "Take dense away" }).click();
    expect(await page.locator(".net h2").allTextContents()).toEqual(["convnet-bn"]);
    await page.getByRole("button", { name: "Add dense (one epoch of MNIST)" }).click();
    expect(await page.locator(".net h2").allTextContents()).toEqual(["convnet-bn", "dense"]);
    await page.getByLabel("Test images", { exact: true }).selectOption("1000");
    await page.getByLabel("Farthest move").fill("1");
    await page.getByRole("button", { name: "Move the test images" }).click();
    await page.locator(".net").nth(1).locator(".stats").waitFor();
    await page.getByRole("button", { name: "Move the test images" }).waitFor();
    for (const net of [0, 1]) {
      const [clean] = await page.locator(".net").nth(net).locator(".stats dd").allTextContents();
      expect(shareIn(clean)).toBeGreaterThan(0.95);
    }
    expect(complaints).toEqual([]);
    await close();
  }, 90_000);

  test("trains a dense net beside one that is there", async () => {
    const { page, complaints, close } = await studio.open("move");
    await page.getByLabel("Open a model file, input").setInputFiles(nets[1]?.file ?? "");
    await page.locator(".net .class-bars").waitFor();
    await page.getByRole("button", { name: "Train a dense one", exact: true }).click();
    await page.locator(".net").nth(1).locator(".class-bars").waitFor({ timeout: 60_000 });
    expect(await page.locator(".net h2").nth(1).textContent()).toBe("dense");
    await expect.poll(() => page.getByRole("button", { name: /^Train a dense/ }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Train one with global pooling" }).isEnabled()).toBe(true);
    expect(complaints).toEqual([]);
    await close();
  }, 90_000);
});
