import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  attribute,
  convolutionWindow,
  createWasmEngine,
  data,
  encodeImage,
  featureMaps,
  type ImageDataset,
  type Model,
  models,
  optimizers,
  receptiveField,
  Tensor,
  type WasmEngine,
} from "../../src/index.ts";
import { lacksChromium } from "../support/chromium.ts";
import { watchMainThread } from "../support/main-thread.ts";
import { type StudioBrowser, screenshots, startStudio } from "../support/studio.ts";

/** A number as the page writes it. */
const numberIn = (text: string | null) => Number((text ?? "").replace("−", "-").replace(/[^0-9.e-]/g, ""));

/** Presses a key so often, as one holds it down. */
async function press(page: Page, key: string, times: number): Promise<void> {
  for (let count = 0; count < times; count++) await page.keyboard.press(key);
}

/** Milliseconds from a key on the pad until the bars of the classes change. */
async function delayOf(page: Page, key: string): Promise<number> {
  return await page.evaluate(async (pressed) => {
    const [bars, pad] = [document.querySelector(".class-bars"), document.querySelector(".pad")];
    if (bars === null || pad === null) return Number.NaN;
    const changed = new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => resolve());
      observer.observe(bars, { subtree: true, attributes: true, characterData: true });
      setTimeout(resolve, 2000);
    });
    const began = performance.now();
    pad.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true }));
    await changed;
    return performance.now() - began;
  }, key);
}

describe.skipIf(lacksChromium("Studio's panel Look inside"))("Look inside", () => {
  let studio: StudioBrowser;
  let engine: WasmEngine;
  let model: Model;
  let test3: Tensor<"uint8">;
  let images: ImageDataset<"uint8">["images"];
  const file = join(tmpdir(), `fovea-look-${process.pid}.safetensors`);

  /** The `place`th test image of a class. */
  function imageOf(labels: Int32Array, label: number, place: number): Tensor<"uint8"> {
    const index = [...labels.keys()].filter((at) => labels[at] === label)[place];
    return new Tensor("uint8", [1, 28, 28, 1], images.data.slice(index * 784, (index + 1) * 784));
  }

  let labels: Int32Array;

  beforeAll(async () => {
    const { train, test: testData } = await data.loadMnist();
    ({ images } = testData);
    labels = testData.labels.data;
    engine = await createWasmEngine();
    model = models.create("lenet5");
    model.compile({ engine, optimizer: optimizers.adam({ learningRate: 0.003 }) });
    await model.fit(data.take(train, 6400), { batchSize: 64 });
    await model.save(file);
    test3 = imageOf(labels, 3, 0);
    studio = await startStudio();
  }, 60_000);
  afterAll(async () => {
    await studio?.close();
    await engine?.close();
    await rm(file, { force: true });
  });

  /** The panel with the model of this file. */
  async function open() {
    const opened = await studio.open("look");
    opened.page.setDefaultTimeout(8_000);
    await opened.page.getByLabel("Open a model file, input").setInputFiles(file);
    await opened.page.locator(".layers").waitFor();
    await opened.page.locator(".class-bars").waitFor();
    return opened;
  }

  test("shows what the library computes: classes, ranges, values, fields, windows", async () => {
    const { page, complaints, close } = await open();
    const { layers } = await featureMaps(model, test3);
    // Classes.
    const scores = layers.at(-1)?.values.data ?? new Float32Array();
    const powers = Array.from(scores, (score) => Math.exp(score - Math.max(...scores)));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const shown = await page.locator(".class-bars li .numbers").allTextContents();
    for (const [index, text] of shown.entries()) {
      const expected = (100 * powers[index]) / total;
      if (text.startsWith("<")) expect(expected).toBeLessThan(0.06);
      else expect(Math.abs(numberIn(text) - expected)).toBeLessThan(0.06);
    }
    expect(await page.locator(".class-bars li").nth(3).locator(".name").textContent()).toBe("3 ✓");
    // Ranges.
    for (const name of ["conv1", "conv2", "fc1", "fc3"]) {
      const values = layers.find((layer) => layer.name === name)?.values.data ?? new Float32Array();
      const range = await page.getByLabel(`Layer ${name}`).locator(".greatest").textContent();
      expect(numberIn(range)).toBeCloseTo(Math.max(...values), 2);
    }
    // A unit, by keyboard: from the middle of map 0 to row 2, column 7 of map 4.
    await page.getByRole("application", { name: /^Values of conv2/ }).focus();
    await press(page, "ArrowUp", 1);
    await press(page, "ArrowUp", 2);
    await press(page, "ArrowRight", 2);
    await press(page, "PageDown", 4);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "conv2, map 4 row 2, column 7" }).waitFor();
    const window = await convolutionWindow(model, "conv2", test3, { y: 2, x: 7, filter: 4 });
    const field = receptiveField(model, "conv2", { y: 2, x: 7 });
    expect(await page.locator("#field").textContent()).toBe(
      `${field.height} × ${field.width} pixels, rows ${field.top}–${field.bottom - 1}, columns ${field.left}–${field.right - 1}`,
    );
    expect(await page.locator("#window-facts").textContent()).toBe("5 × 5 × 6, stride 1, padding 0");
    expect(numberIn(await page.locator("#window-output").textContent())).toBeCloseTo(window.output, 3);
    const sums = await page.locator(".kernel figcaption").allTextContents();
    for (const [channel, text] of sums.entries()) {
      const products = window.products?.data ?? new Float64Array();
      const sum = products.reduce((all, product, at) => (at % 6 === channel ? all + product : all), 0);
      expect(Math.abs(numberIn(text) - sum)).toBeLessThan(0.006);
    }
    // Every number of the kernel's fourth channel.
    await page.locator(".kernel").nth(3).click();
    const kernel = page.locator(".number-grid", { hasText: "Kernel" }).locator("td");
    const titles = await kernel.evaluateAll((cells) => cells.map((cell) => cell.getAttribute("title")));
    expect(titles).toHaveLength(25);
    for (const [at, title] of titles.entries()) {
      expect(numberIn(title)).toBeCloseTo(window.kernel?.data[at * 6 + 3] ?? Number.NaN, 4);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  test("steps through windows, with the padding marked; pooling, too", async () => {
    const { page, complaints, close } = await open();
    const sheet = page.getByRole("application", { name: /^Values of conv1/ });
    await sheet.click({ position: { x: 1, y: 1 } });
    await page.getByRole("heading", { name: "conv1, map 0 row 0, column 0" }).waitFor();
    await page.mouse.move(5, 5);
    expect(await page.locator("#window-facts").textContent()).toBe("5 × 5 × 1, stride 1, padding 2");
    // Two rows and two columns of the window at the corner lie outside.
    const padded = page.locator(".number-grid").first().locator("td.padding");
    expect(await padded.count()).toBe(16);
    await page.getByRole("button", { name: "Next window" }).click();
    await page.getByRole("heading", { name: "conv1, map 0 row 0, column 1" }).waitFor();
    await expect.poll(() => padded.count()).toBe(13);
    await page.getByRole("button", { name: "Previous window" }).click();
    await page.getByRole("button", { name: "Previous window" }).click();
    await page.getByRole("heading", { name: "conv1, map 0 row 27, column 27" }).waitFor();
    await page.getByRole("button", { name: "Play" }).click();
    await page.getByRole("heading", { name: "conv1, map 0 row 0, column 2" }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page
      .getByRole("application", { name: /^Values of maxPool2d\./ })
      .click({ position: { x: 30, y: 30 } });
    await page.mouse.move(5, 5);
    await page.getByText("In the map: the greatest").waitFor();
    const place =
      (await page.locator(".unit h2").textContent())?.match(/map (\d+) row (\d+), column (\d+)/) ?? [];
    const [, filter, y, x] = place.map(Number);
    const window = await convolutionWindow(model, "maxPool2d", test3, { y, x, filter });
    expect(numberIn(await page.locator("#window-output").textContent())).toBeCloseTo(window.output, 3);
    expect(await page.locator(".number-grid td").count()).toBe(4);
    expect(complaints).toEqual([]);
    await close();
  });

  test("compares two images layer by layer", async () => {
    const { page, complaints, close } = await open();
    await page.getByLabel("Compare with a second image").check();
    await page.locator(".distances").waitFor();
    const other = imageOf(labels, 8, 0);
    const both = new Tensor("uint8", [2, 28, 28, 1], Uint8Array.from([...test3.data, ...other.data]));
    for (const { name, distances } of (await featureMaps(model, both)).layers.slice(1)) {
      const text = await page.locator(`[data-distance="${name}"]`).textContent();
      expect(Number(text)).toBeCloseTo(distances[0].euclidean, 2);
    }
    expect(
      await page.getByRole("application", { name: /^Values of conv1, (first|second) image/ }).count(),
    ).toBe(2);
    await page.getByText("Difference", { exact: true }).click();
    await page.getByRole("application", { name: /^Difference of the two images at conv1/ }).waitFor();
    expect(await screenshots(page, "look-compare")).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("follows a hand that draws, within 100 ms, and takes keys and photos", async () => {
    const { page, complaints, close } = await open();
    await page.getByText("Draw", { exact: true }).click();
    const pad = page.getByRole("application", { name: /^Pad to draw/ });
    const box = await pad.boundingBox();
    if (box === null) throw new Error("there is no pad");
    const tasks = await watchMainThread(page);
    const go = (x: number, y: number, steps = 6) =>
      page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps });
    // A seven.
    await go(0.28, 0.22);
    await page.mouse.down();
    await go(0.72, 0.22);
    await go(0.46, 0.82);
    await page.mouse.up();
    await expect.poll(() => page.locator(".class-bars .best .name").textContent()).toBe("7");
    // The shortest of a few: other processes may have the processor meanwhile.
    const delays: number[] = [];
    await pad.focus();
    await page.keyboard.press(" ");
    for (let count = 0; count < 6; count++) delays.push(await delayOf(page, "ArrowDown"));
    await page.keyboard.press(" ");
    expect(Math.min(...delays)).toBeLessThan(100);
    expect((await tasks()).filter(({ computed }) => computed > 100)).toEqual([]);
    // A one, by keyboard.
    await pad.focus();
    await page.keyboard.press("Delete");
    await page.keyboard.press("Tab");
    await pad.focus();
    await press(page, "ArrowUp", 9);
    await page.keyboard.press(" ");
    await press(page, "ArrowDown", 18);
    await page.keyboard.press(" ");
    await expect.poll(() => page.locator(".class-bars .best .name").textContent()).toBe("1");
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await page.getByRole("button", { name: "Clear" }).isDisabled()).toBe(true);
    // A photo of the three, twice as large and in colour.
    const large = Uint8Array.from({ length: 56 * 56 * 3 }, (_, at) => {
      const [row, column] = [Math.floor(at / 168), Math.floor((at % 168) / 3)];
      return test3.data[(row >> 1) * 28 + (column >> 1)];
    });
    const png = await encodeImage(large, { height: 56, width: 56, channels: 3 }, "png");
    await page.getByText("Photo", { exact: true }).click();
    const photo = { name: "three.png", mimeType: "image/png", buffer: Buffer.from(png) };
    await page.getByLabel("Choose a photo, input").setInputFiles(photo);
    await page.getByText("three.png, 56 × 56").waitFor();
    await expect.poll(() => page.locator(".class-bars .best .name").textContent()).toBe("3");
    await page
      .getByLabel("Choose a photo, input")
      .setInputFiles({ ...photo, name: "no.png", buffer: Buffer.from("no image") });
    await page.getByText(/^no\.png: this is none of the images that are read/).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test("takes a photo that is dropped while one draws; a complaint goes when one turns to another image", async () => {
    const { page, complaints, close } = await studio.open("look");
    await page.getByText("Draw", { exact: true }).click();
    const drop = (name: string, on: string) =>
      page.evaluate(
        async ([fileName, selector]) => {
          const given = new DataTransfer();
          const blob = await new OffscreenCanvas(20, 10).getContext("2d")?.canvas.convertToBlob();
          const isImage = fileName?.endsWith(".png") === true && blob !== undefined;
          given.items.add(new File([isImage ? blob : "no image"], fileName ?? ""));
          const options = { bubbles: true, cancelable: true, dataTransfer: given };
          const place = document.querySelector(selector ?? "");
          place?.dispatchEvent(new DragEvent("dragover", options));
          return place?.dispatchEvent(new DragEvent("drop", options));
        },
        [name, on],
      );
    // Cancelled: the browser would open it in place of the page.
    expect(await drop("photo.png", ".pad")).toBe(false);
    await page.getByText("photo.png, 20 × 10").waitFor();
    expect(await drop("broken.jpg", ".image-source")).toBe(false);
    await page.getByRole("alert").filter({ hasText: "broken.jpg" }).waitFor();
    await page.getByText("Example", { exact: true }).click();
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    expect(await drop("photo.png", "h1")).toBe(false);
    expect(complaints).toEqual([]);
    await close();
  });

  test("tells what decides: the class and its score are the library's, for each method", async () => {
    const { page, complaints, close } = await open();
    for (const method of ["grad-cam", "saliency", "integrated-gradients"] as const) {
      await page.getByLabel("What decides", { exact: true }).last().selectOption(method);
      const map = page.locator(".decides canvas").nth(1);
      const [{ values, score, class: index }] = await attribute(model, test3, { method });
      const title = {
        "grad-cam": "Grad-CAM",
        saliency: "Saliency",
        "integrated-gradients": "Integrated gradients",
      };
      await expect.poll(() => map.getAttribute("aria-label")).toBe(`${title[method]} for ${index}`);
      expect(numberIn(await page.locator(".decides .numbers").textContent())).toBeCloseTo(score, 2);
      // The strongest colour stands where the library has the greatest value.
      const darkest = await map.evaluate((canvas) => {
        if (!(canvas instanceof HTMLCanvasElement)) return -1;
        // A copy: reading from the page's own canvas would have the browser warn of it.
        const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
        copy?.drawImage(canvas, 0, 0);
        const { data: pixels } = copy?.getImageData(0, 0, 28, 28) ?? { data: [] };
        const light = Array.from(
          { length: 784 },
          (_, at) => pixels[4 * at] + pixels[4 * at + 1] + pixels[4 * at + 2],
        );
        return light.indexOf(Math.min(...light));
      });
      const strongest = Math.max(...values.data.map(Math.abs));
      expect(Math.abs(values.data[darkest])).toBeGreaterThan(0.97 * strongest);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  test("a large net: rows come as one scrolls to them, and of many maps the first are shown", async () => {
    const { page, complaints, close } = await studio.open("look");
    page.setDefaultTimeout(20_000);
    await page.getByRole("button", { name: "Open a model file" }).waitFor();
    await page.getByLabel("Open a model file, input").setInputFiles(file);
    await page.getByLabel("Add an untrained net").selectOption("squeezenet1-1");
    await page.getByLabel("Layer features.0", { exact: true }).locator("canvas").waitFor();
    const tasks = await watchMainThread(page);
    const names = await page.locator(".layer h3").allTextContents();
    expect(names.length).toBeGreaterThan(60);
    const last = page.getByLabel("Layer features.12.concatenate", { exact: true });
    expect(names).toContain("features.12.concatenate");
    // Far below: not fetched, not drawn.
    expect(await last.locator("canvas").count()).toBe(0);
    await last.scrollIntoViewIfNeeded();
    await last.locator("canvas").waitFor();
    const before = (await last.locator("canvas").boundingBox())?.height ?? 0;
    await last.getByRole("button", { name: "Show all 512 channels" }).click();
    await expect
      .poll(async () => (await last.locator("canvas").boundingBox())?.height ?? 0)
      .toBeGreaterThan(4 * before);
    expect((await tasks()).filter(({ computed }) => computed > 100)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("is legible in light and dark, wide and narrow", async () => {
    const { page, close } = await open();
    await page.getByRole("application", { name: /^Values of conv2/ }).click({ position: { x: 205, y: 95 } });
    await page.locator(".number-grid").first().waitFor();
    await page.getByLabel("What decides", { exact: true }).last().selectOption("integrated-gradients");
    await page.locator(".decides canvas").nth(1).waitFor();
    expect(await screenshots(page, "look")).toEqual([]);
    await close();
  });
});
