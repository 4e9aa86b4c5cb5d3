import { data, featuresOfImages, type Model, Tensor } from "fovea";
import { messageOf } from "../errors.ts";

/** A photo that was collected. */
export interface PhotoToRead {
  readonly id: string;
  /** For messages. */
  readonly name: string;
  /** The file: of a disk, it stays there. */
  readonly file: Blob;
}

/** What became of a photo. */
export interface ReadPhoto {
  readonly id: string;
  /** Why it cannot be used; null when it can. */
  readonly problem: string | null;
}

/** What a backbone makes of a photo, and what tells whether two photos are the same. */
export interface PhotoFeatures {
  readonly values: Float32Array;
  readonly contentHash: string;
  readonly likeness: Uint8Array | null;
}

/** Of the small pictures, in pixels: sharp on screens of twice the resolution. */
const thumbnailSide = 112;

/** Features of photos, each worked out once for each backbone. */
export class PhotoShelf {
  readonly #features = new Map<Model, Map<string, PhotoFeatures>>();

  featuresOf(network: Model, id: string): PhotoFeatures | undefined {
    return this.#features.get(network)?.get(id);
  }

  forget(ids: readonly string[]): void {
    for (const known of this.#features.values()) for (const id of ids) known.delete(id);
  }

  /** Reads photos and lets the backbone see them, all in one batch. */
  async read(network: Model, photos: readonly PhotoToRead[]): Promise<ReadPhoto[]> {
    const known = this.#features.get(network) ?? new Map<string, PhotoFeatures>();
    this.#features.set(network, known);
    const [height, width, channels] = network.inputShape;
    const { resize } = network.preprocessing;
    const pool = data.sharedDecodePool();
    const fresh = photos.filter(({ id }) => !known.has(id));
    const decoded = await Promise.all(
      fresh.map(async ({ id, name, file }) => {
        try {
          const bytes = new Uint8Array(await file.arrayBuffer());
          const photo = await pool.decode(bytes, { name, height, width, channels, resize });
          return { id, ...photo };
        } catch (error) {
          return { id, pixels: null, problem: messageOf(error), ...unknown };
        }
      }),
    );
    const readable = decoded.flatMap((photo) =>
      photo.pixels === null ? [] : [{ ...photo, pixels: photo.pixels }],
    );
    if (readable.length > 0) {
      const bytes = new Uint8Array(readable.length * height * width * channels);
      for (const [index, { pixels }] of readable.entries()) bytes.set(pixels, index * pixels.length);
      const images = new Tensor("uint8", [readable.length, height, width, channels], bytes);
      const { data: values, shape } = await featuresOfImages(network, images);
      for (const [index, { id, contentHash, likeness }] of readable.entries()) {
        const own = values.slice(index * shape[1], (index + 1) * shape[1]);
        known.set(id, { values: own, contentHash, likeness });
      }
    }
    const problems = new Map(decoded.map(({ id, problem }) => [id, problem]));
    return photos.map(({ id }) => ({ id, problem: problems.get(id) ?? null }));
  }
}

const unknown = { contentHash: "", likeness: null };

/** A small picture, its middle if the photo is oblong. */
export async function thumbnailOf(file: Blob): Promise<Blob | null> {
  const image = await createImageBitmap(file).catch(() => null);
  // What is wrong with it is told by who decodes it for the backbone.
  if (image === null) return null;
  const side = Math.min(image.width, image.height);
  const canvas = new OffscreenCanvas(thumbnailSide, thumbnailSide);
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    image,
    ...[(image.width - side) / 2, (image.height - side) / 2, side, side],
    ...[0, 0, thumbnailSide, thumbnailSide],
  );
  image.close();
  return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
}
