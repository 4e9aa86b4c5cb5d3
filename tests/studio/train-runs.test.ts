import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Model } from "fovea";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Running, run } from "../cli/command.ts";
import { lacksChromium } from "../support/chromium.ts";
import { downloaded } from "../support/downloads.ts";
import { startedStudio } from "../support/started-studio.ts";
import { type StudioBrowser, startStudio } from "../support/studio.ts";

describe.skipIf(lacksChromium("Train on runs of the command line"))("runs of the command line", () => {
  let folder: string;
  let server: Running;
  let studio: StudioBrowser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-train-"));
    const words = ["--model", "lenet5", "--epochs", "1", "--limit", "500", "--quiet"];
    await run(folder, "train", ...words, "--out", "runs/first");
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

  test("a run of the command line is opened, is what is trained next, and has the weights of its file", async () => {
    const { page, complaints, close } = await studio.open("train");
    await page.getByText("60,000 images to train on").waitFor();
    await page.getByLabel("Open a run of the command line").selectOption("first");
    const row = page.getByRole("row", { name: /^first run 28×28×1 10 61,706/ });
    await row.waitFor();
    expect(await page.getByLabel("Model in the lab").locator("option:checked").textContent()).toBe(
      "first (run)",
    );
    const bytes = await downloaded(page, () => row.getByRole("button", { name: "Save safetensors" }).click());
    const file = await readFile(join(folder, "runs/first/model.safetensors"));
    const weights = async (of: Uint8Array) => await Model.fromBytes(of, { name: "model" }).getWeights();
    expect(await weights(bytes)).toEqual(await weights(new Uint8Array(file)));
    expect(complaints).toEqual([]);
    await close();
  }, 60_000);
});
