import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { imageToInput } from "../data/index.ts";
import { createWasmEngine, type WasmEngine } from "../engine/wasm/index.ts";
import type { Model } from "../models/index.ts";
import { sharedData } from "../testing/shared-data.ts";
import { pretrained } from "./pretrained.ts";

const weights = sharedData("mobilenet_v1_0.25_224/model.json");
const photos = sharedData("photos");

describe.skipIf(weights === null || photos === null)(
  "MobileNetV1-0.25 as it was trained on ImageNet (skipped where ../shared/data is not there)",
  () => {
    let engine: WasmEngine;
    let model: Model;
    beforeAll(async () => {
      engine = await createWasmEngine({ threads: 1 });
      ({ model } = await pretrained("mobilenet-v1-0.25", { weights: weights ?? "", engine }));
    });
    afterAll(() => engine?.close());

    test.each([
      ["cat_720p.jpg", ["tabby", "Egyptian cat", "tiger cat"]],
      ["parrot.jpg", ["macaw"]],
      // ImageNet has no sunflower.
      ["sunflower.bmp", ["daisy"]],
    ])("%s is %j", async (photo, expected) => {
      const image = await decodeImage(join(photos ?? "", photo));
      const { resize } = model.preprocessing;
      const { data } = await model.predict(
        imageToInput(image, { height: 224, width: 224, channels: 3, resize }).input,
      );
      const best = Array.from(data.keys()).sort((a, b) => data[b] - data[a]);
      expect(best.slice(0, expected.length).map((index) => model.classNames?.[index])).toEqual(expected);
    });
  },
);
