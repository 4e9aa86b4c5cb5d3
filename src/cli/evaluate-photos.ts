import { fileExists, folderExists, listFolder } from "#host";
import { type FolderPhoto, imageFolder } from "../data/index.ts";
import { endsInSoftmax, type Model } from "../models/index.ts";
import { eachFeatures, judge, type PartScores } from "../reuse/index.ts";
import { DataError, nameHint } from "../tensor/index.ts";
import { datasetNames } from "./names.ts";

/** Whether what `--data` names are photos, in folders by class or in a CSV file, rather than a data set's files. */
export async function arePhotos(source: string): Promise<boolean> {
  if (datasetNames.some((name) => name === source)) return false;
  if (/\.(csv|tsv)$/i.test(source)) return await fileExists(source);
  if (!(await folderExists(source))) return false;
  const names = await listFolder(source);
  if (names.some((name) => /idx\d|\.bin(\.gz)?$/i.test(name))) return false;
  for (const name of names) if (await folderExists(`${source}/${name}`)) return true;
  return false;
}

/** How {@link evaluatePhotos} reads. */
export interface EvaluatePhotosOptions {
  readonly limit?: number;
  readonly batchSize?: number;
}

/**
 * How a model does on photos: on those of the test part where they have parts, else on all.
 *
 * @throws DataError for classes that the model does not know, and for photos of which none can be read
 */
export async function evaluatePhotos(
  model: Model,
  source: string,
  { limit, batchSize }: EvaluatePhotosOptions,
): Promise<{ readonly scores: PartScores; readonly problems: readonly { path: string; problem: string }[] }> {
  const folder = await imageFolder(source);
  const classNames = model.classNames ?? folder.classNames;
  const labels = folder.classNames.map((name) => labelOf(name, classNames, source));
  const held = folder.photos.filter(({ part }) => part === "test");
  const photos = (held.length > 0 ? held : folder.photos).slice(0, limit);
  const problems = folder.problems.map(({ path, problem }) => ({ path, problem }));
  const judged: (FolderPhoto & { logits: Float32Array })[] = [];
  const probable = endsInSoftmax(model);
  const options = {
    cache: false,
    spatial: "keep",
    ...(batchSize === undefined ? {} : { batchSize }),
  } as const;
  const files = photos.map(({ file }) => file);
  for await (const { index, features, problem } of eachFeatures(model, files, options)) {
    const photo = photos[index];
    if (features === null) problems.push({ path: photo.path, problem: problem ?? "" });
    else {
      const logits = probable ? features.map(Math.log) : features;
      judged.push({ ...photo, label: labels[photo.label], logits });
    }
  }
  if (judged.length === 0) {
    throw new DataError("none of the photos can be read", {
      where: source,
      hint: "Check that they open in an image viewer.",
    });
  }
  return { scores: judge("test", judged, classNames), problems };
}

function labelOf(name: string, classNames: readonly string[], source: string): number {
  const label = classNames.indexOf(name);
  if (label >= 0) return label;
  throw new DataError(`the model knows no class "${name}"`, {
    where: source,
    hint: nameHint(name, classNames.slice(0, 20)),
  });
}
