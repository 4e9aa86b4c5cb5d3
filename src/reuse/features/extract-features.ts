import type { DecodePool } from "../../data/index.ts";
import type { FetchOptions } from "../../hub/index.ts";
import type { Model } from "../../models/index.ts";
import {
  booleanField,
  checkOptions,
  type Fields,
  field,
  nullable,
  wholeNumberField,
} from "../../options/index.ts";
import { type Shape, ShapeError, sizeOf, Tensor } from "../../tensor/index.ts";
import { FeatureCache } from "./feature-cache.ts";
import { type PhotoFeatures, type StreamSettings, streamFeatures } from "./feature-stream.ts";
import { networkDigest } from "./network-digest.ts";

/** How far it has come. */
export interface FeatureProgress {
  /** Photos that are done, unreadable ones among them. */
  readonly done: number;
  readonly photos: number;
  /** How many of those done were kept from an earlier time. */
  readonly cached: number;
}

/** How features are worked out. */
export interface FeatureOptions {
  /** Whether they are kept on disk, by content and network, and taken from there; default true. */
  readonly cache?: boolean;
  /** Where; default the folder of fetched files (`FOVEA_CACHE`, else the user's cache folder). */
  readonly cacheFolder?: string | null;
  /** Photos that the network sees at a time; default 32. */
  readonly batchSize?: number;
  /** What becomes of features that lie on a grid `[h, w, c]`: their mean over it, `[c]`, or all of them. Default `"mean"`. */
  readonly spatial?: "mean" | "keep";
  /** Threads that decode; default those that the process shares. */
  readonly decoders?: DecodePool | null;
  /** Ends it; what has been worked out is kept. */
  readonly signal?: AbortSignal | null;
  /** Called when photos are done. */
  readonly onProgress?: ((progress: FeatureProgress) => void) | null;
}

/** Features of many photos. */
export interface Features {
  /** Shapes: `[N, D]`, a row for each photo that could be read. */
  readonly values: Tensor<"float32">;
  /** All photos in the order of their paths; `row` is the place in `values`, -1 for those that could not be read. */
  readonly photos: readonly (Omit<PhotoFeatures, "features"> & { readonly row: number })[];
  /** How many came from the cache. */
  readonly cached: number;
  /** Why features were not kept; `null` when they were, or were not to be. */
  readonly cacheProblem: string | null;
}

const fields: Fields<FeatureOptions> = {
  cache: booleanField(true),
  cacheFolder: nullable(field("a path", (value): value is string => typeof value === "string")),
  batchSize: wholeNumberField(1, 32),
  spatial: { parse: field("mean or keep", isSpatial).parse, fallback: "mean" },
  decoders: nullable(field("a DecodePool", (value): value is DecodePool => typeof value === "object")),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
  onProgress: nullable(
    field("a function", (value): value is (progress: FeatureProgress) => void => typeof value === "function"),
  ),
};

function isSpatial(value: unknown): value is "mean" | "keep" {
  return value === "mean" || value === "keep";
}

/**
 * What a network makes of photos: a backbone that was cut at a tap (`model.tap("global_pool")`), whose output is taken as
 * features. Every photo goes through the network once; the next time its features come from the cache, and the network is not
 * even started. Photos are decoded beside the engine, a few batches ahead.
 *
 * Shapes: N photos to `[N, D]`.
 *
 * @param network - takes images; `preprocessing.resize` says how photos become them
 * @throws OptionError for a wrong option, ShapeError for a network that takes no images; the signal's reason when that ends it
 */
export async function extractFeatures(
  network: Model,
  photos: readonly string[],
  options: FeatureOptions = {},
): Promise<Features> {
  const size = featureCount(network, options.spatial ?? "mean");
  let values = new Float32Array(photos.length * size);
  const all: Features["photos"][number][] = [];
  let rows = 0;
  let cached = 0;
  let cacheProblem: string | null = null;
  const onEnd = (problem: string | null) => {
    cacheProblem = problem;
  };
  for await (const { features, ...photo } of eachFeatures(network, photos, options, onEnd)) {
    all.push({ ...photo, row: features === null ? -1 : rows });
    if (features !== null) values.set(features, rows++ * size);
    if (photo.cached) cached++;
  }
  if (rows < photos.length) values = values.slice(0, rows * size);
  return { values: new Tensor("float32", [rows, size], values), photos: all, cached, cacheProblem };
}

/**
 * The same one by one, in the order of the paths, for more photos than memory holds features of.
 *
 * @param onEnd - is told at the end why features were not kept, if so
 */
export async function* eachFeatures(
  network: Model,
  photos: readonly string[],
  options: FeatureOptions = {},
  onEnd: (cacheProblem: string | null) => void = () => {},
): AsyncGenerator<PhotoFeatures, void, undefined> {
  const where = "extractFeatures";
  const { cache: keep, cacheFolder, spatial, onProgress, ...rest } = checkOptions(where, options, fields);
  checkTakesImages(network);
  const size = featureCount(network, spatial);
  const folder = cacheFolder === null ? {} : ({ cacheFolder } satisfies FetchOptions);
  const digest = keep ? await networkDigest(network, spatial) : null;
  const cache = await FeatureCache.open(digest, size, folder);
  const settings: StreamSettings = { ...rest, cache, pool: pooling(network.outputShape, spatial) };
  let done = 0;
  let cached = 0;
  let told = 0;
  try {
    for await (const photo of streamFeatures(network, photos, settings)) {
      rest.signal?.throwIfAborted();
      yield photo;
      done++;
      if (photo.cached) cached++;
      // Often enough for a bar.
      if (done < photos.length && done - told < rest.batchSize) continue;
      told = done;
      onProgress?.({ done, photos: photos.length, cached });
    }
  } finally {
    await cache.close();
    onEnd(keep ? cache.problem : null);
  }
}

function checkTakesImages({ inputShape, name }: Model): void {
  const channels = inputShape[2];
  if (inputShape.length === 3 && (channels === 1 || channels === 3)) return;
  throw new ShapeError(`the network takes [${inputShape.join(", ")}], photos are [height, width, 1 or 3]`, {
    where: `model "${name}"`,
    hint: 'Cut a network that takes images, such as model.tap("global_pool").',
  });
}

/** How many numbers a network makes of a photo. */
export function featureCount({ outputShape }: Model, spatial: "mean" | "keep"): number {
  return spatial === "mean" && outputShape.length === 3 ? outputShape[2] : sizeOf(outputShape);
}

function pooling(shape: Shape, spatial: "mean" | "keep"): (output: Float32Array) => Float32Array {
  if (spatial === "keep" || shape.length !== 3) return (output) => output.slice();
  const [height, width, channels] = shape;
  return (output) => {
    const sums = new Float64Array(channels);
    for (let at = 0; at < output.length; at++) sums[at % channels] += output[at];
    return Float32Array.from(sums, (sum) => sum / (height * width));
  };
}

/**
 * Features of images that are decoded already, as {@link extractFeatures} works them out: those that lie on a grid as their mean.
 *
 * Shapes: `[N, ...inputShape]` bytes to `[N, D]`.
 *
 * @throws ShapeError for a network that takes no images
 */
export async function featuresOfImages(network: Model, images: Tensor<"uint8">): Promise<Tensor<"float32">> {
  checkTakesImages(network);
  const { data } = await network.predict(images);
  const [count] = images.shape;
  const pool = pooling(network.outputShape, "mean");
  const size = featureCount(network, "mean");
  const values = new Float32Array(count * size);
  const length = data.length / count;
  for (let row = 0; row < count; row++) {
    values.set(pool(data.subarray(row * length, (row + 1) * length)), row * size);
  }
  return new Tensor("float32", [count, size], values);
}
