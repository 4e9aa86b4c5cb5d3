import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeImage } from "#host";
import { imageToInput } from "../data/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { sharedData } from "../testing/shared-data.ts";
import { pretrained } from "./pretrained.ts";

const weights = sharedData("mobilenet_v1_0.25_224/model.json");
const animals = sharedData("cats-dogs");

/** ImageNet's breeds: domestic cats, and dogs from the Chihuahua to the Mexican hairless. */
const breeds = { cat: [281, 285], dog: [151, 268] } as const;

/** Of the first hundred photos: measured 60 and 78 of cats, 94 and 98 of dogs. */
const least = { cat: { top1: 55, top5: 72 }, dog: { top1: 90, top5: 95 } } as const;

test.skipIf(weights === null || animals === null).for(["cat", "dog"] as const)(
  "photos of a %s are seen to be one (skipped where ../shared/data is not there)",
  async (kind) => {
    const engine = await createWasmEngine();
    try {
      const { model } = await pretrained("mobilenet-v1-0.25", { weights: weights ?? "", engine });
      const folder = join(animals ?? "", kind);
      const names = readdirSync(folder)
        .filter((name) => name.endsWith(".jpg"))
        .sort()
        .slice(0, 100);
      const [first, last] = breeds[kind];
      const isOne = (index: number) => index >= first && index <= last;
      const counts = { top1: 0, top5: 0 };
      for (const name of names) {
        const { resize } = model.preprocessing;
        const image = await decodeImage(join(folder, name));
        const { data } = await model.predict(
          imageToInput(image, { height: 224, width: 224, channels: 3, resize }).input,
        );
        const best = Array.from(data.keys()).sort((a, b) => data[b] - data[a]);
        counts.top1 += isOne(best[0]) ? 1 : 0;
        counts.top5 += best.slice(0, 5).some(isOne) ? 1 : 0;
      }
      expect(names).toHaveLength(100);
      expect(counts.top1).toBeGreaterThanOrEqual(least[kind].top1);
      expect(counts.top5).toBeGreaterThanOrEqual(least[kind].top5);
    } finally {
      await engine.close();
    }
  },
);
