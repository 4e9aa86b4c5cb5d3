import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createReferenceEngine } from "../engine/index.ts";
import { encodeNpz, encodeSafetensors, encodeTfjs } from "../formats/index.ts";
import { exportWeights } from "../interop/index.ts";
import { Model, normalized } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { sendRange, startServer, type TestServer } from "../testing/http-server.ts";
import { models } from "../zoo/index.ts";
import { pretrained } from "./pretrained.ts";

const net = "mobilenet-v1-0.25";
const inputShape = [32, 32, 3];
const original = models.create(net, { inputShape });
const engine = createReferenceEngine();
const imageNetScale = normalized({ mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] });

let folder: string;
let server: TestServer | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-pretrained-"));
  const { tensors, metadata } = await exportWeights(original, { convention: "keras" });
  await writeFile(join(folder, "keras.safetensors"), encodeSafetensors(tensors, metadata));
  await writeFile(join(folder, "plain.npz"), await encodeNpz(tensors));
  const files = encodeTfjs({ config: {}, weights: tensors });
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  await original.save(join(folder, "own.safetensors"));
});
afterEach(async () => {
  await server?.close();
  server = null;
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

async function expectOriginal(model: Model): Promise<void> {
  const [expected, found] = [await original.getWeights(), await model.getWeights()];
  expect([...found.keys()]).toEqual([...expected.keys()]);
  const bytesOf = (tensor?: Tensor) => Buffer.from(tensor?.data.buffer ?? new ArrayBuffer(0));
  const differing = [...expected].filter(
    ([name, tensor]) => !bytesOf(tensor).equals(bytesOf(found.get(name))),
  );
  expect(differing.map(([name]) => name)).toEqual([]);
}

describe("a file of weights", () => {
  // The last is the folder itself, for its model.json.
  test.each(["keras.safetensors", "plain.npz", "model.json", "."])("%s", async (name) => {
    const { model, report, published, preparation } = await pretrained(net, {
      weights: at(name),
      inputShape,
    });
    await expectOriginal(model);
    expect(report).toMatchObject({ convention: "keras", missing: [], unused: [], mismatched: [] });
    expect(published).toBeNull();
    expect(preparation).toBe("keras:v1");
    // That of 224 pixels, for 32.
    const resize = { size: 37, crop: 32, interpolation: "bilinear", antialias: true };
    expect(model.preprocessing).toEqual({ scale: 1 / 127.5, offset: -1, channelOrder: "rgb", resize });
    expect(model.classNames).toHaveLength(1000);
    expect(model.classNames?.[88]).toBe("macaw");
  });

  test("of our own has preprocessing and names of its own", async () => {
    const own = new Model({
      architecture: original.architecture,
      preprocessing: { scale: 0.5, offset: 3, channelOrder: "bgr", resize: null },
      classNames: Array.from({ length: 1000 }, (_, index) => `thing ${index}`),
    });
    await own.save(at("named.safetensors"));
    const { model, preparation } = await pretrained(net, { weights: at("named.safetensors"), inputShape });
    expect(preparation).toBe("the file");
    expect(model.preprocessing).toEqual(own.preprocessing);
    expect(model.classNames?.[7]).toBe("thing 7");
  });

  test("with the name of a published one is taken for it", async () => {
    const { tensors } = await exportWeights(models.create("squeezenet1-1"), { convention: "pytorch" });
    const file = at("squeezenet1_1-b8a52dc0.pth");
    await writeFile(file, encodeSafetensors(tensors, { format: "pt" }));
    const { model, published, preparation } = await pretrained("squeezenet1-1", { weights: file });
    expect(published?.url).toMatch(/squeezenet1_1-b8a52dc0\.pth$/);
    expect(preparation).toBe("torchvision:v1");
    expect(model.preprocessing).toMatchObject(imageNetScale);
  });

  test("what is saved keeps how images are prepared, and the names", async () => {
    const { model } = await pretrained(net, { weights: at("keras.safetensors"), inputShape, engine });
    await model.save(at("saved.safetensors"));
    const again = await Model.load(at("saved.safetensors"), { engine });
    expect(again.preprocessing).toEqual(model.preprocessing);
    expect(again.classNames).toEqual(model.classNames);
    const images = Tensor.zeros("uint8", [1, ...inputShape]);
    images.data.forEach((_, index) => {
      images.data[index] = (index * 37) % 256;
    });
    const [before, after] = [await model.predict(images), await again.predict(images)];
    expect(after.data).toEqual(before.data);
  });

  test("of another number of classes: strict refuses, otherwise the last layer stays fresh", async () => {
    const options = { weights: at("keras.safetensors"), inputShape, classes: 4 };
    expect(await messageOf(pretrained(net, options))).toMatch(
      /^OptionError: .*keras\.safetensors: the weights do not fit model "mobilenet-v1-0\.25": 2 mismatched \(conv_preds\.bias must be \[4\], is \[1000\]; conv_preds\.weight/,
    );
    const { model, report } = await pretrained(net, { ...options, strict: false });
    expect(report.mismatched.map(({ parameter }) => parameter)).toEqual([
      "conv_preds.bias",
      "conv_preds.weight",
    ]);
    expect(model.classNames).toBeNull();
    expect(model.outputShape).toEqual([4]);
  });

  test("gray images are not prepared as colours", async () => {
    const options = { inputShape: [28, 28, 1], classes: 10 };
    const gray = models.create("squeezenet1-1", options);
    const { tensors } = await exportWeights(gray, { convention: "pytorch" });
    await writeFile(at("gray.safetensors"), encodeSafetensors(tensors, { format: "pt" }));
    const { model } = await pretrained("squeezenet1-1", { ...options, weights: at("gray.safetensors") });
    expect(model.preprocessing).toMatchObject({ scale: 1 / 255, offset: 0 });
    expect(model.preprocessing.resize).toMatchObject({ size: 32, crop: 28 });
  });
});

describe("an address", () => {
  test("a model.json and its shards are fetched, and kept", async () => {
    server = await startServer((request, response) => {
      const name = decodeURIComponent(request.url?.slice("/nets/".length) ?? "");
      readFile(at(name)).then(
        (bytes) => sendRange(request, response, bytes),
        () => response.writeHead(404).end(),
      );
    });
    const options = {
      weights: `${server.origin}/nets/model.json`,
      inputShape,
      fetch: { cacheFolder: at("cache") },
    };
    await expectOriginal((await pretrained(net, options)).model);
    const asked = server.paths.length;
    expect(asked).toBeGreaterThan(1);
    await expectOriginal((await pretrained(net, options)).model);
    expect(server.paths).toHaveLength(asked);
    expect(
      await messageOf(pretrained(net, { ...options, weights: `${server.origin}/nets/none.pth` })),
    ).toContain("the server answers 404 Not Found");
  });

  test("published weights come from a mirror, and are refused when they are others", async () => {
    const size = Math.round(4.729 * 2 ** 20);
    server = await startServer((request, response) => sendRange(request, response, new Uint8Array(size)));
    const fetch = { cacheFolder: at("cache"), mirror: `${server.origin}/mirror` };
    expect(await messageOf(pretrained("squeezenet1-1", { weights: "torchvision", fetch }))).toMatch(
      /^FormatError: http:.*\/mirror\/models\/squeezenet1_1-b8a52dc0\.pth: what the server sends is not the published file: its sha256 is \w{8}, b8a52dc0 was expected/,
    );
    expect(server.paths).toEqual(["/mirror/models/squeezenet1_1-b8a52dc0.pth"]);
  });
});

describe("words that mean nothing", () => {
  test.each([
    ["mobilenet", "torchvision", /^OptionError: pretrained: there is no model "mobilenet"\. Did you mean/],
    [
      "resnet50",
      "torchvison",
      /there are no weights "torchvison" for resnet50\. Did you mean "torchvision"\?/,
    ],
    ["lenet5", "keras", /there are no weights "keras" for lenet5\. None are published for this model/],
    ["resnet50", "./none.pth", /^FileError: \.\/none\.pth: there is no such file/],
    ["resnet50", "https://", /^OptionError: weights: "https:\/\/" is no address of a file/],
  ])("%s, %s", async (name, weights, message) => {
    expect(await messageOf(pretrained(name, { weights }))).toMatch(message);
  });
});

test.each([undefined, {}, { weight: "torchvision" }, { weights: "" }, { weights: 5 }])(
  "options that do not say which weights: %j",
  async (options) => {
    const got = JSON.stringify(options?.weights) ?? "nothing";
    // @ts-expect-error: as from JavaScript
    expect(await messageOf(pretrained("resnet18", options))).toBe(
      `OptionError: pretrained: weights must be a text that says which, got ${got}. Give { weights: "torchvision" }, for example (models.publishedWeights("resnet18") lists what there is), a file, or an address.`,
    );
  },
);
