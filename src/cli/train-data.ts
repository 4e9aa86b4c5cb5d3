import { countOf, split, take } from "../data/index.ts";
import { OptionError } from "../tensor/errors.ts";
import type { TrainFlags } from "./commands/train.ts";
import type { TrainConfig } from "./config.ts";
import { openDataset } from "./dataset.ts";
import { arePhotos } from "./evaluate-photos.ts";
import { flagOf } from "./options.ts";
import type { RunData } from "./run-data.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { openTrainingPhotos } from "./train-photos.ts";

/**
 * Opens what `--data` names.
 *
 * @throws OptionError for flags that do not suit the data, DataError for photos that are not those of the resumed run, and
 *   what reading throws
 */
export async function openTrainingData(
  config: TrainConfig,
  flags: TrainFlags,
  terminal: Terminal,
): Promise<RunData> {
  if (config.photos !== null || (await arePhotos(config.data))) {
    return await openTrainingPhotos(config, flags, terminal);
  }
  for (const name of ["imageSize", "testSplit"] as const) {
    if (config[name] === null) continue;
    throw new OptionError(`goes with photos only: ${config.data} holds none`, {
      where: flagOf(name),
      hint: "Photos are given as a folder with a folder for each class, or as a CSV file.",
    });
  }
  const { data: name, limit, validationSplit } = config;
  const { train: all, test } = await openDataset(name, flags, terminal);
  const train = limit === null ? all : take(all, limit);
  // For its error only, before there is a folder: `fit` splits by itself.
  if (validationSplit > 0) split(train, validationSplit);
  const [, ...inputShape] = train.images.shape;
  return {
    classNames: train.classNames,
    inputShape,
    trained: Math.floor(countOf(train) * (1 - validationSplit)),
    photos: null,
    table: null,
    partsFor: () => ({ train, validation: null, test }),
    problems: () => [],
  };
}
