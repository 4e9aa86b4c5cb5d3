import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generatePhotos } from "./photo-files.mjs";
import { streamPhotos } from "./photos.mjs";

const count = 160;
const sharp = await import("sharp").catch(() => null);

describe.skipIf(sharp === null)("photos of mixed sizes (skipped where sharp is not installed)", () => {
  /** @type {string} */
  let folder;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-photos-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("stream through ResNet-18 in order, in bounded memory, and the engine waits little", async () => {
    const photos = await generatePhotos(folder, count);
    const run = await streamPhotos(process.execPath, photos, "resnet18", 2);
    expect([run.photos, run.problems]).toEqual([count, 0]);
    // The last batch may be computed in another way.
    expect(run.greatestDifference).toBeLessThan(1e-3);
    expect(run.peakMemory).toBeLessThan(1.5e9);
    // 80 % is asked for, and measured by the trial on an idle machine.
    expect(run.busy).toBeGreaterThan(0.6);
  }, 300_000);
});
