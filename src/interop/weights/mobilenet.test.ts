import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeImage } from "#host";
import { imageToInput } from "../../data/index.ts";
import { createWasmEngine } from "../../engine/wasm/index.ts";
import { readTensors } from "../../formats/index.ts";
import { Model } from "../../models/index.ts";
import { sharedData } from "../../testing/shared-data.ts";
import { models } from "../../zoo/index.ts";
import { exportWeights } from "./export.ts";
import { loadWeights } from "./load.ts";

const folder = sharedData("mobilenet_v1_0.25_224");
const photos = sharedData("photos");

/** MobileNetV1-0.25 as it was trained on ImageNet, from the shards of a TensorFlow.js model without topology. */
async function pretrained(path: string): Promise<Model> {
  const read = async (name: string) => new Uint8Array(await readFile(join(path, name)));
  const file = await readTensors(await read("model.json"), { name: "model.json", sibling: read });
  const { architecture } = models.create("mobilenet-v1-0.25");
  const model = new Model({
    architecture,
    preprocessing: {
      scale: 1 / 127.5,
      offset: -1,
      channelOrder: "rgb",
      resize: { size: 256, crop: 224, interpolation: "bilinear", antialias: true },
    },
  });
  const report = await loadWeights(model, file);
  expect(report).toMatchObject({ convention: "keras", missing: [], unused: [], mismatched: [] });
  expect(report.applied).toHaveLength(137);
  expect((await exportWeights(model, { convention: "keras" })).tensors.size).toBe(137);
  return model;
}

test.skipIf(folder === null || photos === null)(
  "real weights know a cat and a parrot (skipped where ../shared/data is not there)",
  async () => {
    const model = await pretrained(folder ?? "");
    const engine = await createWasmEngine({ threads: 1 });
    try {
      model.compile({ engine });
      const bestOf = async (photo: string) => {
        const image = await decodeImage(join(photos ?? "", photo));
        const options = { height: 224, width: 224, channels: 3, resize: model.preprocessing.resize };
        const { data } = await model.predict(imageToInput(image, options).input);
        return Array.from(data.keys()).sort((a, b) => data[b] - data[a]);
      };
      // ImageNet's classes: 281 tabby, 282 tiger cat, 285 Egyptian cat; 88 macaw.
      const [first, second, third] = await bestOf("cat_720p.jpg");
      expect(new Set([first, second, third])).toEqual(new Set([281, 282, 285]));
      expect((await bestOf("parrot.jpg"))[0]).toBe(88);
    } finally {
      await engine.close();
    }
  },
);
