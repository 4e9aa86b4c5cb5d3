import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DecodedImage } from "../host/node.ts";
import { RandomStream } from "../tensor/random.ts";

/** A picture of waves and noise in colours: like no other of another seed, and the same at any size. */
export function drawPhoto(seed: number, width = 64, height = 48): DecodedImage {
  const random = new RandomStream(seed).split("photo");
  const waves = Array.from({ length: 18 }, (_, index) => ({
    channel: index % 3,
    x: 14 * (random.uniform() - 0.5),
    y: 14 * (random.uniform() - 0.5),
    phase: 2 * Math.PI * random.uniform(),
  }));
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const [u, v] = [((at % width) + 0.5) / width, (Math.floor(at / width) + 0.5) / height];
    const values = [128, 128, 128];
    for (const { channel, x, y, phase } of waves)
      values[channel] += 24 * Math.sin(x * u * 3 + y * v * 3 + phase);
    for (let channel = 0; channel < 3; channel++)
      pixels[3 * at + channel] = Math.min(255, Math.max(0, Math.round(values[channel])));
  }
  return { width, height, channels: 3, pixels };
}

/** A picture as a file that is read without any package. */
export function ppmOf({ width, height, channels, pixels }: DecodedImage): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...new TextEncoder().encode(`P${channels === 1 ? 5 : 6}\n${width} ${height}\n255\n`),
    ...pixels,
  ]);
}

/** Files in a temporary folder, by their paths in it. */
export interface TemporaryFolder {
  readonly path: string;
  write(name: string, content: Uint8Array | string): string;
  remove(): void;
}

/** A temporary folder for the files of a test. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "fovea-photos-"));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
