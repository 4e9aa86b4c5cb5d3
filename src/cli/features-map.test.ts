import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { loadMnist } from "../data/index.ts";
import { featureMaps, receptiveField } from "../inspect/index.ts";
import { layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { drawnPhoto } from "../testing/finetune-result.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { runCommandLine } from "./program.ts";

let folder = "";
let model: Model;
/** A name that HTML must not take for markup. */
const odd = `<b>&"photo.ppm`;
const at = (name: string) => join(folder, name);

async function run(...words: readonly string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(["features-map", ...words, "--threads", "1"], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-maps-"));
  model = sequential(
    [
      layers.conv2d({
        name: "first",
        filters: 20,
        kernelSize: 5,
        strides: 2,
        activation: "relu",
        inputShape: [28, 28, 1],
      }),
      layers.maxPool2d({ name: "pool" }),
      layers.flatten({ name: "row" }),
      layers.dense({ name: "wide", units: 70 }),
      layers.dense({ name: "out", units: 3 }),
    ],
    { classNames: ["cat, <tabby>", "dog", "كلب"], seed: 5 },
  );
  await model.save(at("net.safetensors"));
  await writeFile(at(odd), drawnPhoto(1, 28, 28));
});
afterAll(() => rm(folder, { recursive: true }));

describe("fovea features-map", () => {
  test("--out x.html: the distances, each layer's maps and filters, for two images", async () => {
    const { code, out, err } = await run(
      at("net.safetensors"),
      "mnist:test:0",
      at(odd),
      "--out",
      at("maps.html"),
    );
    expect(err).toBe(`${at(odd)}: converted from RGB to gray (luma of Rec. 601)\n`);
    expect(code).toBe(0);
    const page = await readFile(at("maps.html"), "utf8");
    // 16 of 20 maps: a filter and two maps each, then two of the pool; two rows of numbers; the images.
    expect(page.match(/<img /g)).toHaveLength(16 * 3 + 16 * 2 + 2 + 2);
    expect(page.match(/<img class="pixels filter"/g)).toHaveLength(16);
    expect(page.match(/src="(?!data:image\/png;base64,)/g)).toBeNull();
    expect(page).not.toMatch(/<script|<b>&|https?:\/\/(?!www\.w3\.org)/);
    expect(page).toContain("&lt;b&gt;&amp;&quot;photo.ppm");
    expect(page).toContain("cat, &lt;tabby&gt;");
    expect(page).toContain("4 more maps; --maps 20 shows all.");
    expect(page).toContain("a unit sees 5\u00d75 pixels, every 2");
    expect(page).toContain("The same numbers as before.");
    // The library's distances.
    const { test: digits } = await loadMnist();
    const photo = await decodeImage(at(odd));
    const pixels = new Uint8Array(2 * 784);
    pixels.set(digits.images.data.subarray(0, 784));
    for (let pixel = 0; pixel < 784; pixel++) {
      const [red, green, blue] = photo.pixels.subarray(3 * pixel);
      pixels[784 + pixel] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    }
    const maps = await featureMaps(model, new Tensor("uint8", [2, 28, 28, 1], pixels));
    for (const { name, distances } of maps.layers.slice(1)) {
      const [{ euclidean, cosine }] = distances;
      expect(page).toContain(
        `<bdi>${name}</bdi></th><td>${euclidean.toFixed(3)}</td><td>${cosine.toFixed(3)}</td>`,
      );
      expect(out).toMatch(new RegExp(`${name} +${euclidean.toFixed(3)} +${cosine.toFixed(3)}`));
    }
    expect(out).toContain("mnist:test:0: 7, seen as ");
  });

  test("of one image there are no distances, and of three one curve for each pair", async () => {
    const one = await run(at("net.safetensors"), "mnist:test:0", "--out", at("one.html"));
    expect(one.out).not.toContain("distance");
    const alone = await readFile(at("one.html"), "utf8");
    expect(alone).not.toContain('id="distances"');
    expect(alone).not.toContain("<polyline");
    await run(
      at("net.safetensors"),
      "mnist:test:0",
      "mnist:test:1",
      "mnist:train:2",
      "--out",
      at("three.html"),
    );
    const page = await readFile(at("three.html"), "utf8");
    expect(page.match(/<polyline/g)).toHaveLength(3);
    for (const pair of ["1 and 2", "1 and 3", "2 and 3"])
      expect(page).toContain(`<th scope="col">${pair}</th>`);
  });

  test("--out x.png and x.svg: the same sheet; --out folder/: all of them", async () => {
    const images = ["mnist:test:0", "mnist:test:1"];
    await run(at("net.safetensors"), ...images, "--out", at("maps.png"));
    const sheet = await decodeImage(at("maps.png"));
    expect(sheet.width).toBe(1600);
    await run(at("net.safetensors"), ...images, "--out", at("maps.svg"));
    const svg = await readFile(at("maps.svg"), "utf8");
    expect(svg).toContain(`width="1600" height="${sheet.height}"`);
    expect(svg.match(/<image /g)).toHaveLength(16 * 3 + 16 * 2 + 2 + 2 + 2);
    expect(svg.match(/href="(?!data:image\/png;base64,)/g)).toBeNull();
    const { out } = await run(at("net.safetensors"), ...images, "--out", at("maps/"));
    expect(out).toContain(`Written to ${at("maps/")}`);
    expect((await readdir(at("maps"))).sort()).toEqual([
      "distances.svg",
      "maps.html",
      "maps.json",
      "sheet-1.png",
    ]);
    expect(await readFile(at("maps/distances.svg"), "utf8")).toContain(
      'aria-label="distance by layer: Euclidean from ',
    );
  });

  test("--out x.json: the numbers, with the maps that were asked for", async () => {
    const words = [at("net.safetensors"), "mnist:test:0", "--layer", "first,out", "--maps", "2"];
    await run(...words, "--out", at("maps.json"));
    const document = JSON.parse(await readFile(at("maps.json"), "utf8"));
    expect(document.images).toMatchObject([{ name: "mnist:test:0", label: "7" }]);
    expect(document.layers.map((layer: { name: string }) => layer.name)).toEqual(["first", "out"]);
    const [first, last] = document.layers;
    const { figures } = receptiveField(model, "first");
    expect(first).toMatchObject({ shape: [12, 12, 20], distances: [], receptiveField: figures });
    expect(first.maps[0]).toHaveLength(2);
    expect(first.maps[0][1]).toHaveLength(144);
    expect(first.filters.shape).toEqual([5, 5, 1, 20]);
    const { test: digits } = await loadMnist();
    const image = new Tensor("uint8", [1, 28, 28, 1], digits.images.data.subarray(0, 784) as Uint8Array);
    expect(Float32Array.from(last.maps[0][0])).toBeCloseToTensor((await model.predict(image)).data, {
      absolute: 1e-4,
    });
    const printed = JSON.parse((await run(...words, "--json")).out);
    expect(printed.layers[0].maps).toBeUndefined();
    expect(printed.layers[0].maximum).toBe(first.maximum);
  });
});

describe("mistakes", () => {
  const fails = async (...words: readonly string[]) => {
    const { code, err } = await run(...words);
    return [code, err.replaceAll(folder, "F").trim()];
  };

  test("say what is wrong, and how to mend it", async () => {
    const net = at("net.safetensors");
    expect(await fails(net, "mnist:test:0", "--layer", "frist")).toEqual([
      2,
      'fovea: model "model": there is no layer "frist". Did you mean "first"? Known: input, first, pool, row, wide, out.',
    ]);
    expect(await fails(net, "mnst:test:0")).toEqual([
      2,
      'fovea: mnst:test:0: there is no such file, and no data set "mnst". Did you mean mnist:test:0?',
    ]);
    expect(await fails(net, "mnist:test:10000")).toEqual([
      2,
      'fovea: mnist:test:10000: an index from 0 to 9999 was expected, got "10000". For example: mnist:test:0',
    ]);
    expect(await fails(net, "mnist:tset:0")).toEqual([
      2,
      'fovea: mnist:tset:0: a data set has the parts "train" and "test", not "tset". Did you mean "test"? Known: train, test.',
    ]);
    expect(await fails(net, "mnist:test:0", "--out", at("maps.pdf"))).toEqual([
      2,
      `fovea: --out: a name that ends in .html, .png, .svg or .json, or a folder, was expected, got "F/maps.pdf". Of a folder, write a slash at its end: F/maps.pdf/`,
    ]);
    const missing = await fails(net, at("no.png"));
    expect(missing[0]).toBe(1);
    expect(missing[1]).toContain("F/no.png");
    // Told before a model is opened.
    const unwritable = await fails(at("none"), "mnist:test:0", "--out", at("net.safetensors/maps.html"));
    expect(unwritable[0]).toBe(1);
    expect(unwritable[1]).toContain("F/net.safetensors");
    const beneath = await fails(at("none"), "mnist:test:0", "--out", at("net.safetensors/"));
    expect(beneath[1]).toContain("F/net.safetensors");
    const fitting = ["--fit", "refuse", "--out", at("fit.html")];
    expect((await fails(net, at(odd), ...fitting))[0]).toBe(0);
    await writeFile(at("large.ppm"), drawnPhoto(1, 30, 28));
    expect(await fails(net, at("large.ppm"), ...fitting)).toEqual([
      1,
      "fovea: F/large.ppm: the image is 30x28, the model takes 28x28. Resize it first, or let it be stretched or cropped.",
    ]);
  });

  test("a model that takes no images", async () => {
    await sequential([layers.dense({ units: 2, inputShape: [4] })]).save(at("flat.safetensors"));
    expect(await fails(at("flat.safetensors"), "mnist:test:0")).toEqual([
      2,
      'fovea: model "model": the model takes [4], images are [height, width, 1 or 3]. Give a model that takes images.',
    ]);
  });
});
