import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createWasmEngine,
  data,
  drawNetwork,
  exportWeights,
  formats,
  importOnnx,
  layers,
  Model,
  models,
  optimizers,
  sequential,
  type WasmEngine,
} from "fovea";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPhoto, ppmOf } from "../../src/testing/photo-files.ts";
import { lacksChromium } from "../support/chromium.ts";
import { downloaded } from "../support/downloads.ts";
import { type StudioBrowser, type StudioPage, screenshots, startStudio } from "../support/studio.ts";

const shapeText = (shape: readonly number[]) => shape.join("×");
const countText = (count: number) => (count === 0 ? "" : count.toLocaleString("en"));

/** The list of blocks as it is shown: name with options, output, parameters. */
async function shownBlocks(page: Page): Promise<string[]> {
  const rows = await page.locator(".block").all();
  return Promise.all(
    rows.map(async (row) => {
      const cells = [".block-name", ".block-shape", ".block-count"].map((cell) =>
        row.locator(cell).textContent(),
      );
      return (await Promise.all(cells)).map((text) => text?.trim()).join(" | ");
    }),
  );
}

const block = (page: Page, name: RegExp | string) => page.getByRole("button", { name });
const trainButton = (page: Page) => page.getByRole("button", { name: "Train", exact: true });

async function train(page: Page): Promise<void> {
  await trainButton(page).click();
  await expect.poll(() => page.locator("#run-state").textContent(), { timeout: 30_000 }).toBe("completed");
}

/** Asks until the answer is the right one: a loaded machine takes its time. */
const soon = <Answer>(ask: () => Promise<Answer>) => expect.poll(ask, { timeout: 20_000, interval: 50 });

describe.skipIf(lacksChromium("Studio's panel Train, networks and files"))("networks and files", () => {
  let studio: StudioBrowser;
  let opened: StudioPage;
  let page: Page;
  let engine: WasmEngine;
  let folder: string;

  beforeAll(async () => {
    engine = await createWasmEngine({ precision: "exact" });
    folder = await mkdtemp(join(tmpdir(), "fovea-studio-"));
    studio = await startStudio();
    opened = await studio.open("train");
    page = opened.page;
    await page.getByText("60,000 images to train on").waitFor();
  }, 60_000);
  afterAll(async () => {
    await studio?.close();
    await engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("every block has its output's shape and its parameters, as the library counts them", async () => {
    const model = models.create("lenet5");
    const rows = model.summary().layers.slice(1);
    await soon(async () =>
      (await shownBlocks(page)).slice(1).map((row) => row.split(" | ").slice(1)),
    ).toEqual(rows.map(({ outputShape, parameters }) => [shapeText(outputShape), countText(parameters)]));
    expect(await page.locator("#network-totals").textContent()).toMatch(/^61,706 parameters/);
    const drawing = await page.locator(".net-drawing svg").getAttribute("aria-label");
    expect(drawing).toContain("images 28×28×1, conv2d 28×28×6, maxPool2d 14×14×6");
  });

  test("a block that does not fit says why and how to mend it, and nothing can be trained until it is", async () => {
    await block(page, /^Flatten/).focus();
    await page.keyboard.press("Delete");
    await soon(() => page.locator(":focus").textContent()).toMatch(/^Dense 120/);
    const problem = page.locator(".block-problem");
    await soon(() => problem.textContent()).toBe(
      "It takes a list of numbers, and gets a map of 5 × 5 × 16. Put Flatten or Global pooling before it.",
    );
    expect(await page.locator(".block.wrong .block-name").textContent()).toMatch(/^Dense/);
    // What lies behind it waits; what lies before it stands.
    expect(await page.locator(".block-shape").allTextContents()).toEqual([
      ...["28×28×1", "28×28×6", "14×14×6", "10×10×16", "5×5×16", "–", "–", "–"],
    ]);
    expect(await trainButton(page).isDisabled()).toBe(true);

    await page.getByLabel("Kind of block to add").selectOption("globalPooling");
    await page.getByRole("button", { name: "Add block" }).click();
    // It stands last: with the keyboard it goes before the dense blocks.
    const added = block(page, /^Global pooling/);
    await soon(() => added.count()).toBe(1);
    await added.focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.keyboard.press("Alt+ArrowUp");
    await soon(() => problem.count()).toBe(0);
    expect(await page.locator(".block-shape").allTextContents()).toEqual([
      ...["28×28×1", "28×28×6", "14×14×6", "10×10×16", "5×5×16", "16", "120", "84", "10"],
    ]);
    expect(await trainButton(page).isEnabled()).toBe(true);
  });

  test("options change shapes at once, the library's own complaints are told, and blocks are dragged", async () => {
    const convolution = block(page, /^Convolution 16/);
    await convolution.click();
    await page.getByLabel("Kernel", { exact: true }).fill("15");
    await soon(() => page.locator(".block-problem").textContent()).toMatch(/window.*15|15.*14|kernel/i);
    await page.getByLabel("Kernel", { exact: true }).fill("3");
    await page.getByLabel("Stride", { exact: true }).fill("2");
    await soon(() => page.locator(".block-problem").count()).toBe(0);
    const built = sequential([
      layers.input({ shape: [28, 28, 1] }),
      layers.conv2d({ filters: 6, kernelSize: 5, padding: "same", activation: "relu" }),
      layers.maxPool2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: "valid", activation: "relu" }),
    ]);
    expect((await shownBlocks(page))[3]).toBe(
      `Convolution 16, 3×3 / 2, valid, relu | ${shapeText(built.outputShape)} | 880`,
    );
    await block(page, /^Convolution 16/).click();

    await page.getByLabel("Begin with").selectOption("global");
    await soon(() => page.locator(".block").count()).toBe(8);
    const rows = page.locator("li.block");
    await rows.nth(2).dragTo(rows.nth(1), { targetPosition: { x: 30, y: 4 } });
    await soon(async () => (await shownBlocks(page)).slice(1, 3)).toEqual([
      "Pooling max 2×2 | 14×14×1 | ",
      "Convolution 16, 3×3, relu | 14×14×16 | 160",
    ]);
  });

  test("the zoo offers what fits the images, with its layers", async () => {
    await page.getByText("Zoo", { exact: true }).click();
    const options = await page.getByLabel("Net", { exact: true }).locator("option").allTextContents();
    expect(options).toContain("lenet5 (61,706 parameters)");
    expect(options.some((text) => text.startsWith("vgg11"))).toBe(false);
    await page.getByLabel("Net", { exact: true }).selectOption("convnet-bn");
    const { layers: all } = models.create("convnet-bn", { inputShape: [28, 28, 1], classes: 10 }).summary();
    await soon(() => page.locator(".layers tbody tr").allTextContents()).toEqual(
      all
        .slice(1)
        .map(({ name, kind, outputShape, parameters }) =>
          [`${name} ${kind}`, shapeText(outputShape), countText(parameters)].join(""),
        ),
    );
  });

  test("a net is drawn with all its branches, and the drawing can be kept", async () => {
    await page.getByLabel("Net", { exact: true }).selectOption("squeezenet1-1");
    await page.getByText("Drawing of all layers").click();
    const picture = page.getByRole("img", { name: "The network, layer by layer" });
    const size = () => picture.evaluate((image) => Reflect.get(image, "naturalHeight"));
    await soon(async () => Number(await size()) > 400).toBe(true);
    const svg = await downloaded(page, () => page.getByRole("link", { name: "Save SVG" }).click());
    const model = models.create("squeezenet1-1", { inputShape: [28, 28, 1], classes: 10 });
    expect(new TextDecoder().decode(svg)).toBe(drawNetwork(model));
    expect(await screenshots(page, "train-zoo")).toEqual([]);
    await page.getByText("Drawing of all layers").click();
    await page.getByLabel("Net", { exact: true }).selectOption("convnet-bn");
  });

  test("what is saved is read again: safetensors and ONNX, here and in Node, and is trained on", async () => {
    await page.getByLabel("Epochs", { exact: true }).fill("1");
    await page.getByLabel("Images (0: all)", { exact: true }).fill("1000");
    await page.getByText("Seed and machine").click();
    await page.getByLabel("Precision").selectOption("exact");
    await train(page);
    const row = page.getByRole("row", { name: /^1 convnet-bn/ });
    const safetensors = await downloaded(page, () =>
      row.getByRole("button", { name: "Save safetensors" }).click(),
    );
    const onnx = await downloaded(page, () => row.getByRole("button", { name: "Save ONNX" }).click());
    const model = Model.fromBytes(safetensors, { name: "page", engine });
    const { test: held } = await data.loadMnist();
    const { images } = data.take(held, 50);
    const expected = await model.predict(images);
    const imported = await importOnnx(onnx);
    const given = new Model({ ...imported.parts(), engine });
    const differences = (await given.predict(images)).data.map((value, index) =>
      Math.abs(value - expected.data[index]),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-3);

    await page.getByLabel("Open a file …").setInputFiles([
      { name: "again.safetensors", mimeType: "application/octet-stream", buffer: Buffer.from(safetensors) },
      { name: "exchanged.onnx", mimeType: "application/octet-stream", buffer: Buffer.from(onnx) },
    ]);
    await page.getByRole("row", { name: /^exchanged file 28×28×1 10/ }).waitFor();
    expect(await page.getByRole("row", { name: /^again file 28×28×1 10/ }).count()).toBe(1);
    // What was opened last is what is trained next.
    expect(await page.getByLabel("Model in the lab").locator("option:checked").textContent()).toBe(
      "exchanged (file)",
    );
    await page
      .getByRole("row", { name: /^again/ })
      .getByRole("button", { name: "Train on" })
      .click();
    await train(page);

    const { train: examples } = await data.loadMnist();
    const further = new Model({ ...model.parts(), engine });
    const optimizer = optimizers.adam({ learningRate: 0.002 });
    further.compile({ engine, optimizer, metrics: ["accuracy"] });
    await further.fit(data.take(examples, 1000), { epochs: 1, batchSize: 64, seed: 1 });
    const bytes = await downloaded(page, () =>
      page
        .getByRole("row", { name: /^2 again/ })
        .getByRole("button", { name: "Save safetensors" })
        .click(),
    );
    const trained = Model.fromBytes(bytes, { name: "page", engine });
    expect(await trained.getWeights()).toEqual(await further.getWeights());
  }, 60_000);

  test("weights of PyTorch's names go into the network that is shown; those of another are refused by name", async () => {
    const foreign = async (name: "lenet5" | "dense") => {
      const model = models.create(name, { classes: 10, inputShape: [28, 28, 1] });
      const tensors = await exportWeights(model, { convention: "pytorch" });
      return { model, bytes: await formats.encodeTensors("safetensors", tensors) };
    };
    const give = async (name: string, bytes: Uint8Array) =>
      await page
        .getByLabel("Open a file …")
        .setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
    await page.getByText("Zoo", { exact: true }).click();
    await page.getByLabel("Net", { exact: true }).selectOption("lenet5");
    await give("other.safetensors", (await foreign("dense")).bytes);
    const alert = page.getByRole("region", { name: "Models", exact: true }).getByRole("alert");
    await soon(() => alert.textContent()).toMatch(/^other\.safetensors: .*conv1\.weight/);
    const { model, bytes } = await foreign("lenet5");
    await give("learned.safetensors", bytes);
    const row = page.getByRole("row", { name: /^learned weights of a file 28×28×1 10 61,706/ });
    await row.waitFor();
    const saved = await downloaded(page, () => row.getByRole("button", { name: "Save safetensors" }).click());
    expect(await Model.fromBytes(saved, { name: "page" }).getWeights()).toEqual(await model.getWeights());
  });

  test("a file that is no model is told as such, and nothing is lost", async () => {
    const before = await page.getByRole("region", { name: "Models in the lab" }).locator("tbody tr").count();
    await page.getByLabel("Open a file …").setInputFiles({
      name: "notes.safetensors",
      mimeType: "text/plain",
      buffer: Buffer.from("no model at all"),
    });
    const alert = page.getByRole("region", { name: "Models", exact: true }).getByRole("alert");
    expect(await alert.textContent()).toMatch(/^notes\.safetensors: /);
    expect(await page.getByRole("region", { name: "Models in the lab" }).locator("tbody tr").count()).toBe(
      before,
    );
    await alert.getByRole("button", { name: "Dismiss" }).click();
  });

  test("a folder of one's own: classes, parts, what cannot be read; and it is trained on", async () => {
    for (const [label, name] of ["cat", "dog"].entries()) {
      await mkdir(join(folder, "pets", name), { recursive: true });
      for (let index = 0; index < 20; index++) {
        await writeFile(join(folder, "pets", name, `${index}.ppm`), ppmOf(drawPhoto(100 * label + index)));
      }
    }
    await writeFile(join(folder, "pets", "cat", "broken.jpg"), "not a picture");
    await writeFile(join(folder, "pets", ".DS_Store"), "hidden");
    await page.getByLabel("Images of", { exact: true }).selectOption("folder");
    await page.getByLabel("Choose folder …").setInputFiles(join(folder, "pets"));
    await page
      .getByText("32 images to train on, 8 validation images held back, 32×32×3, 2 classes")
      .waitFor();
    expect(await page.locator(".class-row").allTextContents()).toEqual(["cat16", "dog16"]);
    await page.getByText("1 files left out").click();
    expect(await page.locator(".problems li").textContent()).toMatch(/^pets\/cat\/broken\.jpg /);

    await page.getByText("Blocks", { exact: true }).click();
    await soon(async () => (await shownBlocks(page))[0]).toMatch(/32×32×3/);
    await train(page);
    await soon(() => page.locator(".prediction").count()).toBeGreaterThanOrEqual(2);
    expect(await screenshots(page, "train-folder")).toEqual([]);
  }, 60_000);

  test("a folder with one class says what is missing; the data that were there stay", async () => {
    await page.getByLabel("Choose folder …").setInputFiles(join(folder, "pets", "dog"));
    const alert = page.getByRole("region", { name: "Data", exact: true }).getByRole("alert");
    await soon(() => alert.textContent()).toMatch(
      /^Images of at least two classes are needed, in a folder each, and all are in "dog"\./,
    );
    expect(await page.getByText("32 images to train on").count()).toBe(1);
  });

  test("a folder is dropped on the card, with the folders below it", async () => {
    const card = page.getByRole("region", { name: "Data", exact: true });
    await card.scrollIntoViewIfNeeded();
    const { x, y } = (await card.boundingBox()) ?? { x: 0, y: 0 };
    const browser = await page.context().newCDPSession(page);
    const data = { items: [], files: [join(folder, "pets")], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await browser.send("Input.dispatchDragEvent", { type, x: x + 60, y: y + 16, data });
    }
    await page.getByLabel("Size", { exact: true }).selectOption("28");
    await page
      .getByText("32 images to train on, 8 validation images held back, 28×28×3, 2 classes")
      .waitFor();
    expect(await page.locator(".class-row").allTextContents()).toEqual(["cat16", "dog16"]);
    expect(opened.complaints).toEqual([]);
  });
});
