import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { imageToInput } from "../data/index.ts";
import { percent } from "../drawing/index.ts";
import { fillColours } from "../inspect/attribution-options.ts";
import { attribute, attributionMethods } from "../inspect/index.ts";
import { layers } from "../layers/index.ts";
import { type Model, sequential, softmaxOf } from "../models/index.ts";
import { drawnPhoto } from "../testing/finetune-result.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { methodTexts } from "./explain/method-texts.ts";
import { explainColours, explainMethods } from "./names.ts";
import { runCommandLine } from "./program.ts";

const classNames = ["cat, <tabby>", "dog", "كلب"];
let folder = "";
let model: Model;
const at = (name: string) => join(folder, name);

async function run(...words: readonly string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(["explain", ...words, "--threads", "1"], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-explain-"));
  model = sequential(
    [
      layers.conv2d({
        name: "first",
        filters: 4,
        kernelSize: 5,
        strides: 2,
        activation: "relu",
        inputShape: [20, 20, 3],
      }),
      layers.globalAveragePool2d(),
      layers.dense({ units: 3 }),
    ],
    { classNames, seed: 5 },
  );
  await model.save(at("model.safetensors"));
  const flat = sequential([layers.flatten({ inputShape: [20, 20, 3] }), layers.dense({ units: 3 })]);
  await flat.save(at("flat.safetensors"));
  await mkdir(at("photos"));
  for (const index of [0, 1]) await writeFile(at(`photos/${index}.ppm`), drawnPhoto(index));
  await writeFile(at("photos/broken.ppm"), drawnPhoto(8).subarray(0, 200));
});
afterAll(() => rm(folder, { recursive: true }));

test("the command offers what the library has, and has words for all of it", () => {
  expect(explainMethods).toEqual(attributionMethods);
  expect(explainColours).toEqual(fillColours);
  expect(Object.keys(methodTexts)).toEqual([...attributionMethods]);
});

async function inputOf(name: string) {
  const image = await decodeImage(at(name));
  return imageToInput(image, { height: 20, width: 20, channels: 3 }).input;
}

describe("fovea explain", () => {
  test("--out x.html: a page with each map of each class, and what could not be read", async () => {
    const { code, out, err } = await run(at("model.safetensors"), at("photos"), "--out", at("page.html"));
    expect(code).toBe(0);
    expect(err).toContain(`${at("photos/broken.ppm")}: `);
    expect(out).toContain(`Written to ${at("page.html")}\n`);
    const page = (await readFile(at("page.html"), "utf8")).replaceAll("&#39;", "'");
    // Two photos, two classes each, seven methods; and the photos themselves.
    expect(page.match(/<figure>/g)).toHaveLength(28);
    expect(page.match(/<img /g)).toHaveLength(30);
    expect(page.match(/src="(?!data:image\/png;base64,)/g)).toBeNull();
    for (const { title, shows, weakness } of Object.values(methodTexts)) {
      expect(page.includes(title), title).toBe(true);
      expect(page.includes(shows), shows).toBe(true);
      expect(page.includes(weakness), weakness).toBe(true);
    }
    expect(page.includes("broken.ppm: "), "broken.ppm: ").toBe(true);
    expect(page.includes("cat, &lt;tabby&gt;"), "cat, &lt;tabby&gt;").toBe(true);
    // What stands beside the photo is what the model says.
    const [best] = softmaxOf((await model.predict(await inputOf("photos/0.ppm"))).data).sort((a, b) => b - a);
    expect(page.includes(percent(best)), percent(best)).toBe(true);
  });

  test("--out x.json: the library's numbers for the class that is named", async () => {
    const done = await run(
      at("model.safetensors"),
      at("photos/0.ppm"),
      ...["--class", "dog", "--method", "occlusion,integrated-gradients,smooth-grad,grad-cam"],
      ...["--patch", "7", "--stride", "3", "--fill", "gray", "--steps", "9", "--baseline", "zero"],
      ...["--samples", "3", "--noise", "0.1", "--seed", "4", "--layer", "first"],
      ...["--out", at("numbers.json")],
    );
    expect(done.code).toBe(0);
    const { photos } = JSON.parse(await readFile(at("numbers.json"), "utf8"));
    expect(photos[0].classes.map(({ name }: { name: string }) => name)).toEqual(["dog"]);
    const input = await inputOf("photos/0.ppm");
    const expected = [
      await attribute(model, input, { method: "grad-cam", class: "dog", tap: "first" }),
      await attribute(model, input, { method: "occlusion", class: "dog", patch: 7, stride: 3, fill: "gray" }),
      await attribute(model, input, { method: "smooth-grad", class: "dog", samples: 3, noise: 0.1, seed: 4 }),
      await attribute(model, input, {
        method: "integrated-gradients",
        class: "dog",
        steps: 9,
        baseline: "zero",
      }),
    ].flat();
    const { maps, score } = photos[0].classes[0];
    expect(maps.map(({ method }: { method: string }) => method)).toEqual(
      expected.map(({ method }) => method),
    );
    for (const [index, { values, completeness, isSigned }] of expected.entries()) {
      const greatest = Math.max(...values.data.map(Math.abs));
      expect(maps[index].values).toBeCloseToTensor(values.data, { absolute: 1e-4 * greatest });
      expect(maps[index].shape).toEqual([20, 20]);
      expect(maps[index].isSigned).toBe(isSigned);
      expect(maps[index].completeness?.difference ?? 0).toBeCloseTo(completeness?.difference ?? 0, 4);
      expect(score).toBeCloseTo(expected[index].score, 4);
    }
    expect(done.out).toContain("Integrated gradients: shares: ");
  });

  test("--out x.png and x.svg: the same sheet; --out folder: all of it, and each map by itself", async () => {
    const words = [
      at("model.safetensors"),
      at("photos/1.ppm"),
      "--top",
      "1",
      "--method",
      "saliency,occlusion",
    ];
    expect((await run(...words, "--out", at("sheet.png"))).code).toBe(0);
    const sheet = await decodeImage(at("sheet.png"));
    expect(sheet.width).toBe(1600);
    expect((await run(...words, "--out", at("sheet.svg"))).code).toBe(0);
    const drawing = await readFile(at("sheet.svg"), "utf8");
    expect(drawing).toContain(`viewBox="0 0 1600 ${sheet.height}"`);
    expect(drawing.match(/<image /g)).toHaveLength(3);
    // As the page says it; no name of a method is cut.
    const [likeliest] = softmaxOf((await model.predict(await inputOf("photos/1.ppm"))).data).sort(
      (a, b) => b - a,
    );
    expect(drawing).toContain(`, ${percent(likeliest ?? 0)}<`);
    const guided = [at("model.safetensors"), at("photos/1.ppm"), "--method", "guided-backprop"];
    await run(...guided, "--out", at("guided.svg"));
    expect(await readFile(at("guided.svg"), "utf8")).toContain(">Guided backpropagation<");
    expect((await run(...words, "--out", at("maps"))).code).toBe(0);
    const files = (await readdir(at("maps"))).sort();
    expect(files).toHaveLength(5);
    expect(files.slice(-3)).toEqual(["explanation.json", "report.html", "sheet.png"]);
    expect(files[0]).toMatch(/^1-1-.*-occlusion\.png$/);
    const map = await decodeImage(at(`maps/${files[1]}`));
    expect([map.width, map.height]).toEqual([20, 20]);
  });

  test("a model without rows and columns goes without Grad-CAM, unless it was asked for", async () => {
    const all = await run(at("flat.safetensors"), at("photos/0.ppm"), "--json");
    expect(all.code).toBe(0);
    const document = JSON.parse(all.out);
    expect(document.photos[0].classes[0].maps.map(({ method }: { method: string }) => method)).toEqual(
      explainMethods.filter((method) => method !== "grad-cam"),
    );
    expect(document.notes).toEqual([
      "grad-cam is left out: no layer of the model has an output with rows and columns",
    ]);
    const asked = await run(at("flat.safetensors"), at("photos/0.ppm"), "--method", "grad-cam");
    expect(asked.code).toBe(1);
    expect(asked.err).toContain("no layer of the model has an output with rows and columns");
  });

  test.each<[string, readonly string[], number, string]>([
    [
      "a method that there is not",
      ["--method", "salency"],
      2,
      'fovea: --method: unknown name "salency". Did you mean "saliency"?',
    ],
    [
      "a class that there is not",
      ["--class", "dig"],
      2,
      'fovea: --class: the model has no class "dig". Did you mean "dog"?',
    ],
    [
      "a patch that is too large",
      ["--patch", "21", "--method", "occlusion"],
      1,
      "a patch of 21x21 is larger than the image, 20x20",
    ],
    ["a layer that there is not", ["--layer", "last", "--method", "grad-cam"], 2, 'there is no layer "last"'],
  ])("refuses %s", async (_, flags, code, message) => {
    const done = await run(at("model.safetensors"), at("photos/0.ppm"), ...flags);
    expect(done.err).toContain(message);
    expect(done.code).toBe(code);
  });

  test("--out is looked at before anything is opened", async () => {
    const begin = async (out: string) => await run(at("none.safetensors"), at("photos/0.ppm"), "--out", out);
    const beneathFile = await begin(at("model.safetensors/maps/"));
    expect(beneathFile.code).toBe(1);
    expect(beneathFile.err).toContain("model.safetensors");
    expect((await begin(at("photos/x.html"))).err).toContain("none.safetensors");
    await mkdir(at("page.d.html"));
    const isFolder = await begin(at("page.d.html"));
    expect(isFolder.err).toBe(
      `fovea: ${at("page.d.html")}: this is a folder, a file is to be written. Give the name of a file.\n`,
    );
    expect(await begin(at("x.pdf"))).toMatchObject({
      code: 2,
      err: `fovea: --out: a name that ends in .html, .png, .svg or .json, or a folder, was expected, got "${at("x.pdf")}". Of a folder, write a slash at its end: ${at("x.pdf")}/\n`,
    });
  });

  test("a single photo that cannot be read is an error", async () => {
    const done = await run(at("model.safetensors"), at("photos/broken.ppm"));
    expect(done.code).toBe(1);
    expect(done.err).toContain("broken.ppm");
  });

  test("a folder without photos among other names is told, and they go on", async () => {
    await mkdir(at("empty"));
    const words = [at("model.safetensors"), at("empty")];
    const alone = await run(...words, "--out", at("none.json"));
    expect(alone).toMatchObject({ code: 1, out: "" });
    const done = await run(...words, at("photos/0.ppm"), "--method", "saliency", "--out", at("some.json"));
    expect(done.code).toBe(0);
    expect(done.err).toContain(`${at("empty")}: there are no photos in it, nor in the folders below\n`);
    expect(JSON.parse(await readFile(at("some.json"), "utf8")).photos).toHaveLength(1);
  });
});
