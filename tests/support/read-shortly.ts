import { data } from "fovea";

/** What came of a photo, as a page can hand it to a test. */
export interface ShortReading {
  readonly path: string;
  readonly problem: string | null;
  readonly size: readonly [width: number, height: number];
  readonly contentHash: string;
  readonly likeness: readonly number[];
  readonly pixels: readonly number[];
}

/** Reads photos to 12 x 10 pixels. Runs in Node and in a page. */
export async function readShortly(paths: readonly string[]): Promise<ShortReading[]> {
  const readings: ShortReading[] = [];
  for await (const photo of data.readPhotos(paths, { height: 10, width: 12, channels: 3 })) {
    const { path, problem, width, height, contentHash, likeness, pixels } = photo;
    readings.push({
      ...{ path, problem, contentHash, size: [width, height] },
      likeness: [...(likeness ?? [])],
      pixels: [...(pixels ?? [])],
    });
  }
  return readings;
}
