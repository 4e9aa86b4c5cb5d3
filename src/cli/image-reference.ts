import { decodeImage, fileExists } from "#host";
import { type FitMode, imageToInput } from "../data/index.ts";
import type { Model } from "../models/index.ts";
import { DataError, nameHint, nearestName, OptionError, Tensor } from "../tensor/index.ts";
import { openDataset } from "./dataset.ts";
import { datasetNames } from "./names.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** An image as a model sees it. */
export interface ReferredImage {
  /** As it was given. */
  readonly name: string;
  /** Shapes: `[height, width, channels]`, 0 to 255. */
  readonly pixels: Tensor<"uint8">;
  /** What the data set says that it is; `null` for a file. */
  readonly label: string | null;
}

/** How images are read. */
export interface ImageReading {
  readonly fit?: FitMode;
  readonly quiet?: boolean;
}

/**
 * Reads an image: a file, or one of a data set, as in `mnist:test:0`, counted from 0.
 *
 * @throws OptionError for what is neither; FileError, FormatError and DataError when it cannot be read or does not suit the model
 */
export async function readReferredImage(
  name: string,
  model: Model,
  reading: ImageReading,
  terminal: Terminal,
): Promise<ReferredImage> {
  const [height, width, channels] = model.inputShape;
  checkTakesImages(model);
  const found = await imageOf(name, reading, terminal);
  const { input, notes } = imageToInput(found.image, {
    ...{ height, width, channels, name, resize: model.preprocessing.resize },
    ...(reading.fit === undefined ? {} : { fit: reading.fit }),
  });
  for (const note of notes) terminal.err(`${note}\n`);
  return { name, label: found.label, pixels: new Tensor("uint8", [height, width, channels], input.data) };
}

function checkTakesImages({ inputShape, name }: Model): void {
  const [, , channels] = inputShape;
  if (inputShape.length === 3 && (channels === 1 || channels === 3)) return;
  throw new OptionError(`the model takes [${inputShape.join(", ")}], images are [height, width, 1 or 3]`, {
    where: `model "${name}"`,
    hint: "Give a model that takes images.",
  });
}

async function imageOf(name: string, { quiet = false }: ImageReading, terminal: Terminal) {
  const place = /^(?<data>[^:]+):(?<part>[^:]+):(?<index>[^:]+)$/.exec(name)?.groups;
  const known: readonly string[] = datasetNames;
  // A file may be named so, too.
  if (place === undefined || !known.includes(place["data"]) || (await fileExists(name))) {
    const meant = place === undefined ? undefined : nearestName(place["data"], datasetNames);
    if (place !== undefined && meant !== undefined && !(await fileExists(name))) {
      throw new OptionError(`there is no such file, and no data set "${place["data"]}"`, {
        where: name,
        hint: `Did you mean ${meant}:${place["part"]}:${place["index"]}?`,
      });
    }
    return { image: await decodeImage(name), label: null };
  }
  const { data, part, index } = { data: place["data"], part: place["part"], index: Number(place["index"]) };
  if (part !== "train" && part !== "test") {
    throw new OptionError(`a data set has the parts "train" and "test", not "${part}"`, {
      where: name,
      hint: nameHint(part, ["train", "test"]),
    });
  }
  const { images, labels, classNames } = (await openDataset(data, { quiet }, terminal))[part];
  const [count, height, width, channels] = images.shape;
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) {
    throw new OptionError(`an index from 0 to ${count - 1} was expected, got "${place["index"]}"`, {
      where: name,
      hint: `For example: ${data}:${part}:0`,
    });
  }
  if (!(images.data instanceof Uint8Array) || (channels !== 1 && channels !== 3)) {
    throw new DataError("its examples are no images", { where: name });
  }
  const size = height * width * channels;
  const pixels = images.data.slice(index * size, (index + 1) * size);
  return {
    image: { height, width, channels, pixels } as const,
    label: classNames[labels.data[index]] ?? null,
  };
}
