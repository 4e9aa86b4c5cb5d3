import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { create, names } from "../registry.ts";
import { imageNetLabels } from "./imagenet-labels.ts";
import { weightsLabel } from "./published.ts";
import { classNamesOf, findWeights, isWeightsWord, publishedWeights } from "./table.ts";

const all = names.flatMap((name) => publishedWeights(name).map((weights) => ({ name, weights })));

describe("published weights", () => {
  test.each(all)("$name $weights.url", ({ name, weights }) => {
    const { url, source, checksum, mebibytes, accuracy, preprocessing, sources } = weights;
    const hosts = { torchvision: "download.pytorch.org", keras: "storage.googleapis.com" };
    expect(new URL(url)).toMatchObject({ protocol: "https:", host: hosts[source] });
    expect(accuracy.top1).toBeGreaterThan(0.45);
    expect(accuracy.top5).toBeGreaterThan(accuracy.top1);
    expect(accuracy.top5).toBeLessThan(1);
    for (const link of sources) expect(URL.canParse(link)).toBe(true);
    if (source === "torchvision") {
      // Its names end in the first digits of the checksum.
      expect(checksum).toEqual({ algorithm: "sha256", hex: /-(\w{8})\.pth$/.exec(url)?.[1] });
      // Parameters of 4 bytes and, at most, a few hundred bytes of pickle and statistics for each tensor.
      const summary = create<string>(name).summary();
      const parameters = summary.parameters + summary.auxiliaryParameters;
      expect(mebibytes).toBeGreaterThan((parameters * 4) / 2 ** 20);
      expect(mebibytes).toBeLessThan((parameters * 4) / 2 ** 20 + 1.5);
    } else if (checksum !== null) expect(checksum.hex).toMatch(/^[0-9a-f]{32}$/);
    // Images come out at the size that the model takes.
    expect(preprocessing.resize.crop).toBe(224);
    expect(create<string>(name).inputShape).toEqual([224, 224, 3]);
  });

  test("a source's name is its best, a version can be named", () => {
    expect(findWeights("resnet50", "torchvision").url).toMatch(/resnet50-11ad3fa6\.pth$/);
    expect(findWeights("resnet50", "torchvision:v1").url).toMatch(/resnet50-0676ba61\.pth$/);
    expect(weightsLabel(findWeights("vgg16", "keras"))).toBe("keras:v1");
    expect(isWeightsWord("torchvision:v3")).toBe(true);
    expect(isWeightsWord("resnet50.pth")).toBe(false);
    for (const { name, weights } of all) {
      const first = publishedWeights(name).find(({ source }) => source === weights.source);
      expect(first?.accuracy.top1).toBeGreaterThanOrEqual(weights.accuracy.top1);
    }
  });

  test("says which there are when there are none of a name", () => {
    expect(() => findWeights("resnet50", "torchvison")).toThrow(
      'weights: there are no weights "torchvison" for resnet50. Did you mean "torchvision"? Known: torchvision, torchvision:v2, torchvision:v1. Or give a file, or an address (https://...).',
    );
    expect(() => findWeights("lenet5", "torchvision")).toThrow(
      'weights: there are no weights "torchvision" for lenet5. None are published for this model: give a file of weights.',
    );
  });
});

describe("names of ImageNet's classes", () => {
  test("are a thousand, each once, in the order of the outputs", async () => {
    expect(imageNetLabels).toHaveLength(1000);
    expect(new Set(imageNetLabels).size).toBe(1000);
    expect(await classNamesOf("imagenet-1k")).toBe(imageNetLabels);
    expect([0, 88, 134, 281, 517, 639, 985, 999].map((index) => imageNetLabels[index])).toEqual([
      ...["tench", "macaw", "crane bird", "tabby", "crane", "maillot tank suit", "daisy", "toilet tissue"],
    ]);
  });

  const list = join(process.env["FOVEA_DATA"] ?? "../shared/data", "imagenet_labels.txt");
  const missing = !existsSync(list);
  test.skipIf(missing)(`are those of another list${missing ? ` (skipped: there is no ${list})` : ""}`, () => {
    const [background, ...synsets] = readFileSync(list, "utf8").trimEnd().split("\n");
    expect(background).toBe("background");
    const differing = synsets.flatMap((synset, index) => {
      const [first] = synset.split(",");
      return first === imageNetLabels[index] ? [] : [imageNetLabels[index]];
    });
    // Made unique, both.
    expect(differing).toEqual(["crane bird", "maillot tank suit"]);
  });
});

test("a name that is no model's has no list of weights", () => {
  // @ts-expect-error: as from JavaScript
  expect(() => publishedWeights("resnet_18")).toThrow(
    'models.publishedWeights: there is no model "resnet_18". Did you mean "resnet18"? Known: dense, ',
  );
});
