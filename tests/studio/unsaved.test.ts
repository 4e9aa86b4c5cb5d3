import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lacksChromium } from "../support/chromium.ts";
import { downloaded } from "../support/downloads.ts";
import { type StudioBrowser, type StudioPage, startStudio } from "../support/studio.ts";

/** Asks until the answer is the right one: a loaded machine takes its time. */
const soon = <Answer>(ask: () => Promise<Answer>) => expect.poll(ask, { timeout: 30_000, interval: 50 });

/** Whether closing the page would be asked about: what the browser does, without closing it. */
const asks = async (page: Page) =>
  await page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));

describe.skipIf(lacksChromium("work that is not saved"))("work that is not saved", () => {
  let studio: StudioBrowser;
  let opened: StudioPage;
  let page: Page;

  beforeAll(async () => {
    studio = await startStudio();
    opened = await studio.open("train");
    page = opened.page;
    await page.getByText("60,000 images to train on").waitFor();
  }, 60_000);
  afterAll(() => studio?.close());

  const row = (name: RegExp) => page.getByRole("row", { name });
  const save = async (name: RegExp, format: "safetensors" | "ONNX") =>
    await downloaded(page, () =>
      row(name)
        .getByRole("button", { name: `Save ${format}` })
        .click(),
    );

  test("a run that goes on is asked about, whatever is saved meanwhile; its end until that is saved", async () => {
    expect(await asks(page)).toBe(false);
    await page.getByLabel("Epochs", { exact: true }).fill("50");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await row(/^1 LeNet-5 in training/).waitFor();
    await soon(() => asks(page)).toBe(true);
    await save(/^1 LeNet-5/, "safetensors");
    await page.getByRole("button", { name: "Stop" }).click();
    await row(/^1 LeNet-5 trained here, stopped/).waitFor();
    expect(await asks(page)).toBe(true);

    const asked = page.waitForEvent("dialog");
    void page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe("beforeunload");
    await dialog.dismiss();

    await save(/^1 LeNet-5/, "ONNX");
    await soon(() => asks(page)).toBe(false);
    expect(opened.complaints).toEqual([]);
  }, 60_000);

  test("models of files and those trained by one button are not asked about", async () => {
    const saved = await save(/^1 LeNet-5/, "safetensors");
    await page
      .locator('input[type="file"][accept*=".safetensors"]')
      .setInputFiles([{ name: "mine.safetensors", mimeType: "", buffer: Buffer.from(saved) }]);
    await row(/^mine file/).waitFor();
    await page.getByRole("link", { name: "Look inside" }).click();
    await page.getByRole("button", { name: "Train a LeNet" }).click();
    await page.getByRole("link", { name: "Train", exact: true }).click();
    await row(/^lenet5 one epoch of MNIST/).waitFor({ timeout: 30_000 });
    expect(await asks(page)).toBe(false);
  }, 60_000);

  test("a model that is taken away is not asked about; once nothing is left to lose, the page closes", async () => {
    await page.getByLabel("Epochs", { exact: true }).fill("1");
    await page.getByLabel("Images (0: all)").fill("500");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await row(/^2 mine trained here/).waitFor();
    expect(await asks(page)).toBe(true);
    await row(/^2 mine/)
      .getByRole("button", { name: "Remove" })
      .click();
    await soon(() => asks(page)).toBe(false);
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.type());
      void dialog.accept();
    });
    await page.reload();
    await page.getByText("Models that are trained here appear in this list.").waitFor();
    expect(dialogs).toEqual([]);
    expect(opened.complaints).toEqual([]);
  }, 60_000);
});
