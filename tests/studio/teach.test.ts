import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  data,
  encodeImage,
  featuresOfImages,
  headModel,
  judge,
  Model,
  refitHead,
  Tensor,
  trainHead,
} from "../../src/index.ts";
import { RandomStream } from "../../src/tensor/index.ts";
import { sharedData } from "../../src/testing/shared-data.ts";
import { run } from "../cli/command.ts";
import { lacksChromium } from "../support/chromium.ts";
import { downloaded } from "../support/downloads.ts";
import { watchMainThread } from "../support/main-thread.ts";
import { type StudioBrowser, screenshots, startStudio } from "../support/studio.ts";

const camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const kinds = ["bars", "columns", "disc"] as const;
const photosPerKind = 16;

/** Polls longer than usual: on a busy machine the page comes to it later. */
const eventually: typeof expect.poll = (read, options) => expect.poll(read, { timeout: 10_000, ...options });

describe.skipIf(lacksChromium("Studio's panel Teach"))("Studio's panel Teach", () => {
  let studio: StudioBrowser;
  let folder: string;
  beforeAll(async () => {
    studio = await startStudio({ browserFlags: camera });
    folder = await mkdtemp(join(tmpdir(), "fovea-teach-"));
    await writePhotos(join(folder, "shapes"));
  }, 60_000);
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("teaches three kinds of photos, with the library's figures, and the classifier goes along", async () => {
    const { page, complaints, close } = await studio.open("teach");
    const longTasks = await watchLongTasks(page);
    await page.getByLabel("Add a folder of classes, input").setInputFiles(join(folder, "shapes"));
    await eventually(() => page.locator(".class-card .count").allTextContents()).toEqual(
      kinds.map(() => "16 photos"),
    );
    expect(await page.getByLabel("Name of the class").evaluateAll(valuesOf)).toEqual([...kinds]);
    await page.getByRole("button", { name: "Train the last layer" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("No net is chosen");
    await page.getByRole("button", { name: "Train a small net on digits" }).click();
    await page.getByText("gray pixels become").waitFor({ timeout: 60_000 });
    // What was in the way is told as long as it is.
    await eventually(() => page.getByRole("alert").count()).toBe(0);
    await eventually(() => page.locator(".thumbnails img").count()).toBe(kinds.length * photosPerKind);
    await page.getByRole("button", { name: "Train the last layer" }).click();
    await page.locator(".confusion").waitFor({ timeout: 60_000 });
    expect(await longTasks()).toEqual([]);

    /** Whether the browser would ask before it closes the page. */
    const asks = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
    await eventually(asks).toBe(true);
    const saved = await save(page, "Save as safetensors", join(folder, "shapes.safetensors"));
    await eventually(asks).toBe(false);
    const expected = await teachInNode(saved, join(folder, "shapes"));
    const cells = await page.locator(".confusion td").allTextContents();
    expect(cells.map(Number)).toEqual(expected.scores.confusion.counts.flatMap((row) => [...row]));
    expect(await page.locator(".stats dd").first().textContent()).toBe(
      `${(100 * expected.scores.accuracy).toFixed(1)} %`,
    );
    expect(expected.scores.accuracy).toBeGreaterThan(0.75);

    // A photo that nobody has collected: figures on screen are those of the saved file, and of the command line.
    const photo = join(folder, "new.png");
    await writeFile(photo, await photoOf("disc", new RandomStream(99)));
    await page.getByLabel("Try a photo, input").setInputFiles(photo);
    const probabilities = await probabilitiesOf(expected.model, photo);
    await eventually(() => page.locator(".bars output").allTextContents()).toEqual(
      probabilities.map((share) => `${(100 * share).toFixed(1)} %`),
    );
    expect(await page.locator(".bars .best dt").textContent()).toBe("disc");
    const command = await run(folder, "predict", "shapes.safetensors", "new.png", "--json");
    expect(command.code).toBe(0);
    const answer = JSON.stringify(JSON.parse(command.out));
    expect(answer).toContain('"name":"disc"');
    const onnx = await save(page, "Save as ONNX", join(folder, "shapes.onnx"));
    expect(onnx.length).toBeGreaterThan(saved.length / 2);
    expect((await run(folder, "predict", "shapes.onnx", "new.png")).out).toContain("disc");
    await page.getByLabel("Name of the classifier").fill("my shapes");
    await page.getByRole("button", { name: "Keep in the lab" }).click();
    await page.getByText('"my-shapes" is in the lab').waitFor();
    await eventually(() =>
      page.getByLabel("Net", { exact: true }).locator("option").allTextContents(),
    ).toContain("my-shapes (taught on convnet)");

    // Nothing is lost when the panel is left.
    await page.getByRole("link", { name: "Backprop" }).click();
    await page.locator("main#backprop").waitFor();
    await page.getByRole("link", { name: "Teach" }).click();
    await eventually(() => page.locator(".thumbnails img").count()).toBeGreaterThanOrEqual(
      kinds.length * photosPerKind,
    );
    expect(await page.locator(".confusion").count()).toBe(1);
    await page.evaluate(() => scrollTo(0, 0));
    expect(await screenshots(page, "teach")).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  }, 120_000);

  test("collects from the camera by mouse and key, judges its pictures live, and tells what is wrong", async () => {
    const { page, complaints, close } = await studio.open("teach");
    const train = page.getByRole("button", { name: "Train the last layer" });
    await train.click();
    await page.getByText("There are no photos yet").waitFor();
    const [first, second] = [page.locator(".class-card").nth(0), page.locator(".class-card").nth(1)];
    const capture = page.getByRole("button", { name: "Hold to capture photos of Class 1" });
    await capture.hover();
    await page.mouse.down();
    await eventually(() => first.locator("li").count(), { timeout: 10_000 }).toBeGreaterThan(3);
    await page.mouse.up();
    const held = await first.locator("li").count();
    await train.click();
    await page.getByText('"Class 2" has no photos').waitFor();
    await page.getByRole("button", { name: "Hold to capture photos of Class 2" }).focus();
    await page.keyboard.down("Enter");
    await eventually(() => second.locator("li").count()).toBeGreaterThan(2);
    await page.keyboard.up("Enter");
    expect(await first.locator("li").count()).toBeLessThanOrEqual(held + 1);

    // A photo that is dropped on a class.
    const before = await second.locator("li").count();
    const png = Buffer.from(await photoOf("disc", new RandomStream(3))).toString("base64");
    const transfer = await page.evaluateHandle(async (text) => {
      const given = new DataTransfer();
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      given.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
      return given;
    }, png);
    await second.dispatchEvent("drop", { dataTransfer: transfer });
    await eventually(() => second.getByAltText("dropped.png").count()).toBe(1);
    expect(await second.locator("li").count()).toBe(before + 1);
    await second.getByRole("button", { name: "Remove dropped.png" }).click();
    await eventually(() => second.locator("li").count()).toBe(before);

    // One that is no photo, and one that says it is.
    await second.getByLabel("Add files to Class 2, input").setInputFiles([
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no photo") },
      { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no photo either") },
    ]);
    await page.getByText("notes.txt is no image and was left out.").waitFor();
    await page.getByRole("button", { name: "Train a small net on digits" }).click();
    await page.getByText("gray pixels become").waitFor({ timeout: 60_000 });
    await page.getByText("A photo cannot be read: broken.png").waitFor();
    await page.getByRole("button", { name: "Remove it" }).click();
    await eventually(() => page.getByText("cannot be read").count()).toBe(0);

    await page.getByLabel("Name of the class").nth(1).fill("Class 1");
    await train.click();
    await page.getByText('Two classes are called "Class 1"').waitFor();
    await page.getByLabel("Name of the class").nth(1).fill("other");
    await train.click();
    await page.locator(".bars").waitFor({ timeout: 60_000 });
    await eventually(async () => Number(await page.locator(".rate .numbers").textContent())).toBeGreaterThan(
      5,
    );
    const shares = await page.locator(".bars output").allTextContents();
    expect(shares.reduce((sum, share) => sum + Number.parseFloat(share), 0)).toBeCloseTo(100, 0);
    expect(await page.getByText(/photos? (was|were) held out|Too few photos/).count()).toBe(1);
    await page.evaluate(() => scrollTo(0, 0));
    expect(await screenshots(page, "teach-camera")).toEqual([]);

    // A net that does not fit, and files that are none.
    await page
      .getByLabel("Open files of a net, input")
      .setInputFiles([{ name: "net.bin", mimeType: "", buffer: Buffer.from("nothing") }]);
    await page.getByText("net.bin: this is none of the formats").waitFor();
    expect(await first.locator("li").count()).toBeGreaterThan(3);
    await page.getByRole("button", { name: "Remove class other" }).click();
    await page.getByRole("button", { name: "Train again" }).click();
    await page.getByText("One class alone leaves nothing to tell apart").waitFor();
    await page.getByRole("button", { name: "Stop the camera" }).click();
    expect(complaints).toEqual([]);
    await close();
  }, 120_000);

  test("says so when the camera is refused", async () => {
    const refusing = await startStudio();
    const { page, close } = await refusing.open("teach", { permissions: [] });
    await page.getByRole("button", { name: "Start the camera" }).click();
    await page.getByText(/The camera was refused|There is no camera here/).waitFor();
    await page.getByText("add photos from files").first().waitFor();
    await close();
    await refusing.close();
  });

  const cats = sharedData("cats-dogs");
  const mobilenet = sharedData("mobilenet_v1_0.25_224");
  test.skipIf(cats === null || mobilenet === null)(
    "teaches cats and dogs on MobileNet, from its folder",
    async () => {
      const { page, complaints, close } = await studio.open("teach");
      await page.getByLabel("Open a folder of a net, input").setInputFiles(mobilenet ?? "");
      await page.getByText("colour pixels become").waitFor({ timeout: 60_000 });
      expect(await page.locator("strong").first().textContent()).toBe("mobilenet-v1-0.25");
      const some = join(folder, "cats-dogs");
      await copySome(cats ?? "", some, 60);
      await page.getByLabel("Add a folder of classes, input").setInputFiles(some);
      await page.getByRole("button", { name: "Train the last layer" }).click({ timeout: 90_000 });
      await page.locator(".confusion").waitFor({ timeout: 60_000 });
      const accuracy = Number.parseFloat((await page.locator(".stats dd").first().textContent()) ?? "");
      expect(accuracy).toBeGreaterThan(85);
      const saved = await save(page, "Save as safetensors", join(folder, "cats.safetensors"));
      expect(Model.fromBytes(saved).classNames).toEqual(["cat", "dog"]);
      await page.getByRole("button", { name: "Start the camera" }).click();
      await eventually(async () => Number(await page.locator(".rate .numbers").textContent()), {
        timeout: 10_000,
      }).toBeGreaterThan(5);
      await page.evaluate(() => scrollTo(0, 0));
      expect(await screenshots(page, "teach-cats")).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    },
    200_000,
  );
});

const valuesOf = (all: readonly (Element | HTMLInputElement)[]) =>
  all.map((element) => (element instanceof HTMLInputElement ? element.value : ""));

/** What a button saves, also as a file. */
async function save(page: Page, button: string, path: string): Promise<Uint8Array> {
  const bytes = await downloaded(page, () => page.getByRole("button", { name: button }).click());
  await writeFile(path, bytes);
  return bytes;
}

/** The same training in Node: what the page saved, cut where the page cut it, on the same photos. */
async function teachInNode(saved: Uint8Array, root: string) {
  const model = Model.fromBytes(saved);
  const names = model.classNames ?? [];
  const layers = model.architecture.layers.map(({ name }) => name);
  const network = model.tap(layers.at(-2) ?? "");
  const [height, width, channels] = network.inputShape;
  const bytes: number[] = [];
  const labels: number[] = [];
  const contentHashes: string[] = [];
  const likenesses: (Uint8Array | null)[] = [];
  const files: string[] = [];
  for (const [label, name] of names.entries()) {
    const own = (await readdir(join(root, name))).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    files.push(...own.map((file) => join(root, name, file)));
    labels.push(...own.map(() => label));
  }
  const { resize } = network.preprocessing;
  for await (const photo of data.readPhotos(files, { height, width, channels, resize })) {
    bytes.push(...(photo.pixels ?? []));
    contentHashes.push(photo.contentHash);
    likenesses.push(photo.likeness);
  }
  const images = new Tensor("uint8", [files.length, height, width, channels], Uint8Array.from(bytes));
  const features = await featuresOfImages(network, images);
  const { indices } = data.splitPhotos({
    labels,
    contentHashes,
    likenesses,
    seed: 1,
    fractions: { validation: 0.1, test: 0.2 },
  });
  const given = { features, labels, classNames: names };
  const options = {
    ...{ train: indices.train, validation: indices.validation, epochs: 200, seed: 1, balanced: false },
    ...{ engine: null, signal: null, onEvent: () => {} },
  };
  const head = await refitHead(given, await trainHead(given, options), options);
  const logits = await (await headModel(head, null)).predict(features);
  const scores = judge(
    "test",
    Array.from(indices.test, (row) => ({
      path: files[row],
      file: files[row],
      label: labels[row],
      logits: logits.data.slice(row * names.length, (row + 1) * names.length),
    })),
    names,
  );
  return { model, scores };
}

async function probabilitiesOf(model: Model, file: string): Promise<number[]> {
  const [height, width, channels] = model.inputShape;
  for await (const { pixels } of data.readPhotos([file], { height, width, channels })) {
    const input = new Tensor("uint8", [1, height, width, channels], pixels ?? new Uint8Array());
    const { data: logits } = await model.predict(input);
    const powers = Array.from(logits, (logit) => Math.exp(logit - Math.max(...logits)));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  }
  return [];
}

const side = 48;

/** Bars, columns or a disc in drawn colours, somewhere, on a noisy ground. */
async function photoOf(kind: (typeof kinds)[number], random: RandomStream): Promise<Uint8Array> {
  const pixels = new Uint8Array(side * side * 3);
  const colour = [0, 1, 2].map(() => 150 + random.integer(106));
  const period = 8 + random.integer(5);
  const phase = random.integer(period);
  const middle = { x: 16 + random.integer(16), y: 16 + random.integer(16) };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = {
        bars: (y + phase) % period < period / 2,
        columns: (x + phase) % period < period / 2,
        disc: Math.hypot(x - middle.x, y - middle.y) < 13,
      }[kind];
      for (let channel = 0; channel < 3; channel++) {
        pixels[3 * (y * side + x) + channel] = inside ? colour[channel] : random.integer(60);
      }
    }
  }
  return await encodeImage(pixels, { height: side, width: side, channels: 3 }, "png");
}

async function writePhotos(root: string): Promise<void> {
  const random = new RandomStream(5);
  for (const kind of kinds) {
    await mkdir(join(root, kind), { recursive: true });
    for (let index = 0; index < photosPerKind; index++) {
      await writeFile(join(root, kind, `${kind}-${index}.png`), await photoOf(kind, random));
    }
  }
}

/** The first photos of each class. */
async function copySome(from: string, to: string, count: number): Promise<void> {
  for (const name of ["cat", "dog"]) {
    const folders = (await readdir(from)).filter((entry) => entry.toLowerCase().startsWith(name));
    const own = join(from, folders[0] ?? name);
    await mkdir(join(to, name), { recursive: true });
    for (const file of (await readdir(own)).sort().slice(0, count)) {
      await writeFile(join(to, name, file), await readFile(join(own, file)));
    }
  }
}

/** Processor time of tasks of more than 100 ms on the page's thread from now on. */
async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  const stop = await watchMainThread(page);
  return async () => (await stop()).map(({ computed }) => computed).filter((time) => time > 100);
}
