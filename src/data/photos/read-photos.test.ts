import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { sharedData } from "../../testing/shared-data.ts";
import { imageToInput } from "../image-input.ts";
import { readPhotos } from "./read-photos.ts";

const folder = sharedData("cats-dogs/cat");

describe.skipIf(folder === null)("photos of cats (skipped where the shared data are missing)", () => {
  test("are read by workers to the bytes that imageToInput gives, in order", async () => {
    const paths = readdirSync(folder ?? "")
      .sort()
      .slice(0, 40)
      .map((name) => join(folder ?? "", name));
    const options = { height: 64, width: 48, channels: 3 };
    let index = 0;
    for await (const photo of readPhotos(paths, options)) {
      expect(photo.index).toBe(index);
      expect(photo.path).toBe(paths[index]);
      expect(photo.problem).toBeNull();
      const image = await decodeImage(paths[index++]);
      expect(photo.pixels).toEqual(imageToInput(image, options).input.data);
    }
    expect(index).toBe(40);
  });
});
