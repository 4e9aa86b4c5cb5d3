import { absolutePath } from "#host";
import { groupPhotos } from "../data/photos/near-duplicates.ts";
import type { Model } from "../models/index.ts";
import { OptionError } from "../tensor/index.ts";
import { eachFeatures, extractFeatures, type FeatureOptions } from "./features/index.ts";

/** How {@link findSimilar} looks. */
export interface SimilarOptions extends FeatureOptions {
  /** How many photos are found for each query; default 5. */
  readonly top?: number;
}

/** A photo and how near it is. */
export interface SimilarPhoto {
  readonly path: string;
  /** Cosine of the angle between the features: 1 for the same, 0 for nothing in common. */
  readonly similarity: number;
}

/** What is near to one photo. */
export interface SimilarPhotos {
  readonly query: string;
  /** The nearest first; the photo itself is not among them. */
  readonly nearest: readonly SimilarPhoto[];
  /** Why nothing was found for it; `null` when it could be read. */
  readonly problem: string | null;
}

/** What a comparison of photos comes to. */
export interface SimilarResult {
  /** For each query. */
  readonly queries: readonly SimilarPhotos[];
  /** Groups of photos that are the same or nearly so. */
  readonly duplicates: readonly (readonly string[])[];
  /** Photos that cannot be read. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
  /** Why features were not kept on disk; `null` when they were, or were not to be. */
  readonly cacheProblem: string | null;
}

/**
 * Finds the photos that are nearest to others in what a network sees: a . b / (|a| |b|) of their features. Features are kept as
 * {@link extractFeatures} keeps them; memory holds those of the queries alone, whatever the number of photos.
 *
 * @param network - a model that was cut at a tap
 * @throws OptionError for a wrong option; what {@link extractFeatures} throws
 */
export async function findSimilar(
  network: Model,
  photos: readonly string[],
  queries: readonly string[],
  { top = 5, ...options }: SimilarOptions = {},
): Promise<SimilarResult> {
  if (!Number.isSafeInteger(top) || top < 1) {
    throw new OptionError(`option "top" must be a whole number of at least 1, got ${top}`, {
      where: "findSimilar",
    });
  }
  const asked = await extractFeatures(network, queries, { ...options, onProgress: null });
  const searches = asked.photos.map(({ path, row, problem }) => {
    const size = asked.values.shape[1];
    const features = row < 0 ? null : unit(asked.values.data.subarray(row * size, (row + 1) * size));
    return { path, place: absolutePath(path), problem, features, nearest: [] as SimilarPhoto[] };
  });
  const readable: { path: string; contentHash: string; likeness: Uint8Array | null }[] = [];
  const problems: { path: string; problem: string }[] = [];
  let cacheProblem: string | null = null;
  const onEnd = (problem: string | null) => {
    cacheProblem = problem;
  };
  for await (const photo of eachFeatures(network, photos, options, onEnd)) {
    const { path, features, problem, contentHash, likeness } = photo;
    if (features === null) {
      problems.push({ path, problem: problem ?? "" });
      continue;
    }
    readable.push({ path, contentHash, likeness });
    const own = unit(features);
    const place = absolutePath(path);
    for (const search of searches) {
      if (search.features === null || search.place === place) continue;
      insert(search.nearest, { path, similarity: dot(search.features, own) }, top);
    }
  }
  return {
    queries: searches.map(({ path, nearest, problem }) => ({ query: path, nearest, problem })),
    duplicates: duplicatesAmong(readable),
    problems,
    cacheProblem,
  };
}

/** Keeps a list of the nearest, the nearest first. */
function insert(nearest: SimilarPhoto[], photo: SimilarPhoto, most: number): void {
  const place = nearest.findIndex(({ similarity }) => similarity < photo.similarity);
  nearest.splice(place === -1 ? nearest.length : place, 0, photo);
  if (nearest.length > most) nearest.pop();
}

function duplicatesAmong(
  photos: readonly { path: string; contentHash: string; likeness: Uint8Array | null }[],
): string[][] {
  const firsts = groupPhotos(photos.length, {
    contentHashes: photos.map(({ contentHash }) => contentHash),
    likenesses: photos.map(({ likeness }) => likeness),
  });
  const groups = new Map<number, string[]>();
  for (const [index, { path }] of photos.entries()) {
    const group = groups.get(firsts[index]) ?? [];
    group.push(path);
    groups.set(firsts[index], group);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

/** The features at length 1; those that are all 0 stay so. */
function unit(features: Float32Array): Float64Array {
  const length = Math.sqrt(features.reduce((sum, value) => sum + value ** 2, 0));
  return Float64Array.from(features, (value) => (length === 0 ? 0 : value / length));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index] * b[index];
  return sum;
}
