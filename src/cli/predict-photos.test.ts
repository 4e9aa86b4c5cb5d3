import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { imageToInput } from "../data/index.ts";
import { layers } from "../layers/index.ts";
import { type Model, sequential, softmaxOf } from "../models/index.ts";
import { drawnPhoto } from "../testing/finetune-result.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { csvRow } from "./csv-row.ts";
import { runCommandLine } from "./program.ts";

const classNames = ['cat, "tabby"', "dog", "كلب"];
let folder = "";
let model: Model;
const at = (name: string) => join(folder, name);
/** Below `photos/`, as they are listed. */
const names = ['a,"b".ppm', "deep/er/one\ntwo.ppm", "deep/ö 2.ppm", "deep/ö 10.ppm", "plain.PPM"];

async function run(...words: readonly string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine([...words, "--threads", "1"], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-photos-"));
  model = sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 5, strides: 2, activation: "relu", inputShape: [20, 20, 3] }),
      layers.globalAveragePool2d(),
      layers.dense({ units: 3 }),
    ],
    { classNames, seed: 5 },
  );
  await model.save(at("model.safetensors"));
  await mkdir(at("photos/deep/er"), { recursive: true });
  await mkdir(at("photos/.hidden"));
  await mkdir(at("empty"));
  for (const [index, name] of names.entries()) await writeFile(at(`photos/${name}`), drawnPhoto(index));
  await writeFile(at("photos/.hidden/x.ppm"), drawnPhoto(9));
  await writeFile(at("photos/notes.txt"), "no photo");
  await writeFile(at("photos/broken.ppm"), drawnPhoto(8).subarray(0, 200));
  await writeFile(at("photos/zero.ppm"), "");
  await symlink("..", at("photos/deep/loop"));
  await symlink("nowhere", at("photos/lost.ppm"));
});
afterAll(() => rm(folder, { recursive: true }));

async function probabilitiesOf(name: string): Promise<readonly number[]> {
  const image = await decodeImage(at(`photos/${name}`));
  const { input } = imageToInput(image, { height: 20, width: 20, channels: 3 });
  return softmaxOf((await model.predict(input)).data);
}

describe("fovea predict FOLDER", () => {
  test("--csv: a table of all photos below, what cannot be read among them", async () => {
    const done = await run(
      "predict",
      at("model.safetensors"),
      at("photos"),
      "--csv",
      at("out.csv"),
      "--top",
      "2",
      "--batch-size",
      "2",
    );
    expect(done).toMatchObject({ code: 0, out: `Written to ${at("out.csv")}\n` });
    expect(done.err).toContain(`${at("photos/lost.ppm")}: the link leads to nothing\n`);
    expect(done.err).toContain(`${at("photos/zero.ppm")}: the file is empty\n`);
    expect(done.err).toMatch(/\n5 of 7 photos: [1-5] /);
    const text = await readFile(at("out.csv"), "utf8");
    const [head, ...lines] = text.split("\r\n");
    expect(head).toBe("path,class 1,probability 1,class 2,probability 2,problem");
    // Each photo in its line, in natural order; the line feed in a name stays within its quotes.
    expect(lines).toHaveLength(8);
    const found = [
      `"${at('photos/a,""b"".ppm')}"`,
      at("photos/broken.ppm"),
      `"${at("photos/deep/er/one\ntwo.ppm")}"`,
      at("photos/deep/ö 2.ppm"),
    ];
    for (const [index, start] of found.entries()) expect(lines[index].startsWith(`${start},`)).toBe(true);
    expect(lines[1]).toMatch(/broken\.ppm,,,,,.+$/);
    const probabilities = await probabilitiesOf("plain.PPM");
    const best = probabilities.indexOf(Math.max(...probabilities));
    const plain =
      lines.find((line) => line.includes("plain.PPM"))?.slice(at("photos/plain.PPM,").length) ?? "";
    const quoted = csvRow([classNames[best]]).trimEnd();
    expect(plain.startsWith(`${quoted},`)).toBe(true);
    expect(Number.parseFloat(plain.slice(quoted.length + 1))).toBeCloseTo(probabilities[best], 4);
  });

  test("--json: one document, with what could not be read", async () => {
    const { code, out } = await run("predict", at("model.safetensors"), at("photos"), "--json");
    expect(code).toBe(0);
    const document = JSON.parse(out);
    expect(document.predictions.map(({ input }: { input: string }) => input)).toEqual(
      names.map((name) => at(`photos/${name}`)),
    );
    expect(document.problems.map(({ input }: { input: string }) => input)).toEqual(
      ["lost.ppm", "broken.ppm", "zero.ppm"].map((name) => at(`photos/${name}`)),
    );
    for (const [index, { top }] of document.predictions.entries()) {
      const probabilities = await probabilitiesOf(names[index]);
      expect(top).toHaveLength(3);
      for (const guess of top) {
        expect(guess.name).toBe(classNames[guess.class]);
        expect(guess.probability).toBeCloseTo(probabilities[guess.class], 4);
      }
    }
  });

  test("a line each; a folder and a photo together", async () => {
    const { code, out } = await run(
      "predict",
      at("model.safetensors"),
      at("photos/deep"),
      at("photos/plain.PPM"),
      "--top",
      "1",
    );
    expect(code).toBe(0);
    // The loop leads to the folder above, whose two other photos are looked at, and not to this one again.
    expect(out.match(/ %\n/g)).toHaveLength(3 + 2 + 1);
    expect(out).toMatch(/plain\.PPM: .+ \d+\.\d\d %\n$/);
  });

  test("of several photos, those that cannot be read are passed over", async () => {
    const photos = ["photos/broken.ppm", "photos/plain.PPM", "photos/gone.ppm"].map(at);
    const { code, out, err } = await run("predict", at("model.safetensors"), ...photos, "--json");
    expect(code).toBe(0);
    const { predictions, problems } = JSON.parse(out);
    expect(predictions.map(({ input }: { input: string }) => input)).toEqual([photos[1]]);
    expect(problems.map(({ input }: { input: string }) => input)).toEqual([photos[0], photos[2]]);
    expect(err).toContain(`${photos[2]}: there is no such file\n`);
    const none = await run("predict", at("model.safetensors"), photos[0], photos[2]);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining("not one of 2 images can be read") });
    // A file of outputs has a row for each, and does not say of which.
    const rows = await run("predict", at("model.safetensors"), ...photos, "--logits", at("rows.npy"));
    expect(rows.code).toBe(1);
  });

  test("a photo alone, with a table", async () => {
    const done = await run(
      "predict",
      at("model.safetensors"),
      at("photos/plain.PPM"),
      "--csv",
      at("one.csv"),
    );
    expect(done.code).toBe(0);
    expect((await readFile(at("one.csv"), "utf8")).split("\r\n")).toHaveLength(3);
  });

  test.each([
    [["empty"], [], "there are no photos in it, nor in the folders below. Known: JPEG, PNG", 1],
    [
      ["photos"],
      ["--logits", "x.npy"],
      "--logits: goes with images and .npy files only. Name the images in place of a folder.",
      2,
    ],
    [["photos"], ["--csv", "x.csv", "--json"], "--csv: does not go with --json. Give one of both.", 2],
    [["photos", "a.npy"], [], "a .npy file does not go with folders and --csv. Predict it by itself.", 2],
    [
      ["photos/zero.ppm"],
      ["--csv", "none.csv"],
      "not one of 1 photos can be read. Check that they open in an image viewer.",
      1,
    ],
  ] as const)("mistakes: %j %j", async (inputs, flags, message, code) => {
    const words = flags.map((word) => (/^[a-z]/.test(word) ? at(word) : word));
    const done = await run("predict", at("model.safetensors"), ...inputs.map(at), ...words);
    expect(done.code).toBe(code);
    expect(done.err).toContain(message);
  });
});

test("tables: what must be is quoted", () => {
  expect(csvRow(["a", 'say "x"', "b,c", " d", "e\nf", 1.5])).toBe('a,"say ""x""","b,c"," d","e\nf",1.5\r\n');
});
