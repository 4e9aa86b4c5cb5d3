import { type DecodedImage, decodeImage, folderExists, readFile, writeFileAtomic } from "#host";
import { imageToInput } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { decodeNpy, encodeNpy } from "../../formats/index.ts";
import {
  type ClassProbability,
  likeliestClasses,
  type Model,
  probabilitiesFrom,
} from "../../models/index.ts";
import {
  DataError,
  FormatError,
  FoveaError,
  formatShape,
  type Shape,
  ShapeError,
  Tensor,
} from "../../tensor/index.ts";
import type { PredictFlags } from "../commands/predict.ts";
import { openModel } from "../model-reference.ts";
import { formatPercent } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** The likeliest classes of one image, the best first. */
export interface Prediction {
  readonly input: string;
  /** Which image of a `.npy` file; null for an image file. */
  readonly index: number | null;
  readonly top: readonly ClassProbability[];
}

/** What `fovea predict --json` prints. */
export interface PredictDocument {
  readonly model: string;
  readonly predictions: readonly Prediction[];
  /** Photos that could not be read; always there for folders, else when there are any. */
  readonly problems?: readonly { readonly input: string; readonly problem: string }[];
}

/** Images of one input. */
interface Input {
  readonly name: string;
  readonly isFile: boolean;
  readonly images: Tensor<"uint8"> | Tensor<"float32">;
}

const defaultTop = 3;

/** Classifies images. @param engine - awaited only when all else is at hand */
export async function predict(
  reference: string,
  names: readonly string[],
  flags: PredictFlags,
  engine: Promise<Engine>,
  terminal: Terminal,
): Promise<void> {
  if (await arePhotos(names, flags)) {
    const { predictPhotos } = await import("./predict-photos.ts");
    await predictPhotos(reference, names, flags, engine, terminal);
    return;
  }
  const { model } = await openModel(reference, { flags, engine, terminal });
  // Rows of outputs are told apart by their place alone: none may be missing.
  const mayMiss = names.length > 1 && flags.logits === undefined;
  const inputs: Input[] = [];
  const problems: { readonly input: string; readonly problem: string }[] = [];
  for (const name of names) {
    const image = await readImage(name, mayMiss);
    if (image instanceof FoveaError) problems.push({ input: name, problem: image.what });
    else inputs.push(await readInput(name, image, model, flags, terminal));
  }
  for (const { input, problem } of problems) terminal.err(`${input}: ${problem}\n`);
  if (inputs.length === 0) {
    throw new FormatError(`not one of ${names.length} images can be read`, {
      hint: "Check that they open in an image viewer.",
    });
  }
  const outputs: Tensor<"float32">[] = [];
  const options = flags.batchSize === undefined ? {} : { batchSize: flags.batchSize };
  for (const { images } of inputs) outputs.push(await model.predict(images, options));
  if (flags.logits !== undefined) await writeFileAtomic(flags.logits, encodeNpy(stack(outputs)));
  const top = flags.top ?? defaultTop;
  const predictions = inputs.flatMap((input, index) => predictionsOf(input, outputs[index], model, top));
  if (flags.json === true) {
    const document: PredictDocument = {
      model: reference,
      predictions,
      ...(problems.length > 0 && { problems }),
    };
    printJson(terminal, document);
  } else {
    terminal.out(predictions.map(describe).join(""));
  }
}

/** Whether a folder is among the inputs, or a table is wanted. */
async function arePhotos(names: readonly string[], { csv }: PredictFlags): Promise<boolean> {
  if (csv !== undefined) return true;
  for (const name of names) if (await folderExists(name)) return true;
  return false;
}

/**
 * The image of a file; `null` for a `.npy` file, which is read elsewhere.
 *
 * @param mayMiss - what is wrong with the file is returned, not thrown
 */
async function readImage(name: string, mayMiss: boolean): Promise<DecodedImage | FoveaError | null> {
  if (isArray(name)) return null;
  try {
    return await decodeImage(name);
  } catch (error) {
    if (mayMiss && error instanceof FoveaError) return error;
    throw error;
  }
}

const isArray = (name: string) => /\.npy$/i.test(name);

async function readInput(
  name: string,
  image: DecodedImage | null,
  { inputShape, preprocessing }: Model,
  { fit }: PredictFlags,
  terminal: Terminal,
): Promise<Input> {
  if (image === null) return { name, isFile: false, images: await readNpy(name, inputShape) };
  const [height, width, channels] = inputShape;
  const { input, notes } = imageToInput(image, {
    height,
    width,
    channels,
    name,
    resize: preprocessing.resize,
    ...(fit === undefined ? {} : { fit }),
  });
  for (const note of notes) terminal.err(`${note}\n`);
  return { name, isFile: true, images: input };
}

/** Images from a `.npy` file: float32 as the model takes them, float64 rounded to that, uint8 as pixels. */
async function readNpy(name: string, inputShape: Shape): Promise<Input["images"]> {
  const tensor = decodeNpy(await readFile(name), { name });
  const expected = `[N, ${inputShape.join(", ")}]`;
  const { shape, dtype } = tensor;
  if (shape[0] === 0)
    throw new DataError("there are no images in it", { where: name, hint: "Give one or more." });
  if (shape.length !== 4 || inputShape.some((size, axis) => size !== shape[axis + 1])) {
    throw new ShapeError(`the array is ${formatShape(shape)}, ${expected} was expected`, {
      where: name,
      hint: "Give images of the model's size, channels last.",
    });
  }
  if (dtype === "uint8") return tensor.as("uint8");
  if (dtype === "float32" || dtype === "float64") return checkFinite(tensor.as("float32"), name);
  throw new FormatError(`the array is ${dtype}, float32 or uint8 was expected`, {
    where: name,
    hint: "float32 is taken as already preprocessed, uint8 as pixels from 0 to 255.",
  });
}

function checkFinite(images: Tensor<"float32">, name: string): Tensor<"float32"> {
  const index = images.data.findIndex((value) => !Number.isFinite(value));
  if (index === -1) return images;
  const image = Math.floor(index / (images.data.length / images.shape[0]));
  throw new DataError(`image ${image} has the value ${images.data[index]}, finite numbers were expected`, {
    where: name,
    hint: "Check how the array was made.",
  });
}

/** The outputs of several inputs under one another. */
function stack(outputs: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const [{ shape }] = outputs;
  const rows = outputs.reduce((count, output) => count + output.shape[0], 0);
  const stacked = Tensor.zeros("float32", [rows, ...shape.slice(1)]);
  let offset = 0;
  for (const { data } of outputs) {
    stacked.data.set(data, offset);
    offset += data.length;
  }
  return stacked;
}

function predictionsOf(input: Input, outputs: Tensor<"float32">, model: Model, top: number): Prediction[] {
  const [rows, classes] = outputs.shape;
  const probabilities = probabilitiesFrom(model);
  return Array.from({ length: rows }, (_, row) => {
    const scores = outputs.data.subarray(row * classes, (row + 1) * classes);
    const guesses = likeliestClasses(probabilities(scores), top, model.classNames);
    return { input: input.name, index: input.isFile ? null : row, top: guesses };
  });
}

function describe({ input, index, top }: Prediction): string {
  const name = index === null ? input : `${input}[${index}]`;
  return `${name}: ${top.map((guess) => `${guess.name} ${formatPercent(guess.probability)}`).join(", ")}\n`;
}
