import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RandomStream } from "../tensor/index.ts";

/**
 * Writes a small photo (a binary PPM of 24 x 20) of stripes with noise, in drawn colours that lean to the red, the green or
 * the blue, as its class is.
 */
export async function writePhoto(path: string, label: number, index: number): Promise<void> {
  const random = new RandomStream(1000 * label + index).split("photo");
  const [width, height] = [24, 20];
  const colours = [0, 1].map(() =>
    [0, 1, 2].map((channel) => 30 + 80 * random.uniform() + (channel === label % 3 ? 100 : 0)),
  );
  const lies = random.integer(2) === 0;
  const period = 3 + random.integer(3);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = colours[Math.floor((lies ? y : x) / period) % 2];
      for (let channel = 0; channel < 3; channel++)
        pixels[(y * width + x) * 3 + channel] = colour[channel] + 20 * random.uniform();
    }
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(
    path,
    new Uint8Array([...new TextEncoder().encode(`P6 ${width} ${height} 255\n`), ...pixels]),
  );
  // Long ago, so that caches trust the time.
  await utimes(path, 1e9, 1e9 + index);
}

/** Writes `FOLDER/CLASS/photo INDEX.ppm` for so many photos of each class. */
export async function writePhotoFolder(
  folder: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [label, [name, count]] of Object.entries(counts).entries())
    for (let index = 0; index < count; index++)
      await writePhoto(join(folder, name, `photo ${index}.ppm`), label, index);
}
