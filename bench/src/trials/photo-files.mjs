/** Made-up photos of mixed sizes, in two classes: few encodings, and as many files as wanted that are links to them. */
import { link, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const encodings = 40;
/** Of the longer side, in pixels: a thumbnail to a camera's photo, evenly in the logarithm. */
const [shortest, longest] = [200, 3000];

/**
 * @param {string} folder that is there and empty
 * @param {number} count
 */
export async function generatePhotos(folder, count) {
  const { default: sharp } = await import("sharp");
  const random = generator(1);
  const distinct = join(folder, "distinct");
  const photos = join(folder, "photos");
  for (const path of [distinct, join(photos, "even"), join(photos, "odd")])
    await mkdir(path, { recursive: true });
  /** @type {string[]} */
  const names = [];
  for (let index = 0; index < encodings; index++) {
    // The largest is there whatever is drawn.
    const longer = index === 0 ? longest : Math.round(shortest * (longest / shortest) ** random());
    const shorter = Math.round(longer * (0.5 + 0.5 * random()));
    const [width, height] = index % 2 === 0 ? [longer, shorter] : [shorter, longer];
    const picture = sharp(draw(width, height, random), { raw: { width, height, channels: 3 } });
    const isPng = index % 5 === 4;
    names.push(`${index}.${isPng ? "png" : "jpg"}`);
    await writeFile(
      join(distinct, names[index]),
      await (isPng ? picture.png() : picture.jpeg({ quality: 85 })).toBuffer(),
    );
  }
  for (let index = 0; index < count; index++) {
    const name = names[index % encodings];
    await link(join(distinct, name), join(photos, index % 2 === 0 ? "even" : "odd", `${index}-${name}`));
  }
  return photos;
}

/** Photos of one size, as JPEG. @param {string} folder that is there @param {number} count @param {number} width @param {number} height */
export async function generateJpegs(folder, count, width, height) {
  const { default: sharp } = await import("sharp");
  const random = generator(1);
  for (let index = 0; index < count; index++) {
    const picture = sharp(draw(width, height, random), { raw: { width, height, channels: 3 } });
    await writeFile(join(folder, `${index}.jpg`), await picture.jpeg({ quality: 85 }).toBuffer());
  }
}

/** Of a photo's path, which encoding it is. @param {string} path */
export function encodingOf(path) {
  return Number(/-(\d+)\.\w+$/.exec(path)?.[1]);
}

/** Soft colours with the noise of a camera, which is what compressed photos spend their bytes on. @param {number} width @param {number} height @param {() => number} random */
function draw(width, height, random) {
  const pixels = new Uint8Array(width * height * 3);
  const phases = [random(), random(), random()].map((x) => 7 * x);
  const noise = Uint8Array.from({ length: 65_521 }, () => 24 * random());
  for (let at = 0, index = 0; at < width * height; at++) {
    const u = (at % width) / width;
    const v = Math.floor(at / width) / height;
    for (const phase of phases) {
      pixels[index] = 100 + 60 * Math.sin(9 * u + phase) * Math.cos(7 * v - phase) + noise[index % 65_521];
      index++;
    }
  }
  return pixels;
}

/** Lehmer's generator. @param {number} seed */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
