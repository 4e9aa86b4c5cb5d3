import type { Engine } from "../engine/engine.ts";
import { type NamedTensors, readTensors } from "../formats/index.ts";
import type { FetchOptions } from "../hub/index.ts";
import { type LoadWeightsOptions, loadWeights, type WeightReport } from "../interop/index.ts";
import { Model, readPreprocessing } from "../models/index.ts";
import { describeValue, isObject } from "../options/index.ts";
import { nameHint, OptionError } from "../tensor/index.ts";
import { models, type PublishedWeights, type ZooName, type ZooWidthOptions } from "../zoo/index.ts";
import { fitted, namesFor, prepare } from "./preparation.ts";
import { readWeightsFile, type WeightsFile } from "./source.ts";

/** Which weights a model gets, and how. The options of the model itself (`classes`, `inputShape`, ...) are among them. */
export interface PretrainedOptions
  extends ZooWidthOptions,
    Pick<LoadWeightsOptions, "convention" | "rename" | "strict"> {
  /** Published weights (`torchvision`, `torchvision:v1`, `keras`), a file, or an address (https://...). */
  readonly weights: string;
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine;
  /** Where and how files are fetched. */
  readonly fetch?: FetchOptions;
}

/** A model with weights from elsewhere. */
export interface Pretrained {
  readonly model: Model;
  /** What became of the tensors of the file. */
  readonly report: WeightReport;
  /** What is published about the weights; `null` for a file of unknown origin. */
  readonly published: PublishedWeights | null;
  /** Where preprocessing and names of classes are from: `torchvision:v2`, `the file`; `null`: nothing is known of them. */
  readonly preparation: string | null;
}

/**
 * A model of the zoo with weights that were published, or from a file of any format that {@link readTensors} reads. How images are
 * prepared for these weights and what the classes are called goes into the model, and is kept by `save`.
 *
 * @throws OptionError for an unknown name, or weights that do not fit (with `strict`); FileError when a file cannot be had;
 *   FormatError when it is damaged, or not the published one
 */
export async function pretrained(name: string, options: PretrainedOptions): Promise<Pretrained> {
  checkModelName(name, "pretrained");
  checkWeightsWord(options, name);
  const { weights, fetch = {}, ...rest } = options;
  const file = await readWeightsFile(name, weights, fetch);
  const { name: where, sibling } = file;
  return await pretrainedFrom(
    name,
    { file, tensors: await readTensors(file.bytes, { name: where, sibling }) },
    rest,
  );
}

/** A file of weights, and what is in it. */
export interface ReadWeights {
  readonly file: WeightsFile;
  readonly tensors: NamedTensors;
}

/** What {@link pretrained} does with a file, once it has been read. @throws the same for what is in it */
export async function pretrainedFrom(
  name: string,
  { file, tensors }: ReadWeights,
  options: Omit<PretrainedOptions, "weights" | "fetch">,
): Promise<Pretrained> {
  const { engine, strict, convention, rename, ...zooOptions } = options;
  checkModelName(name, "pretrained");
  const bare = models.create<string>(name, zooOptions);
  const loading = {
    name: file.name,
    ...(strict === undefined ? {} : { strict }),
    ...(rename === undefined ? {} : { rename }),
  };
  const asked = convention ?? (tensors.convention === "none" ? null : tensors.convention);
  // A file that does not say whose names it has: which they are shows when it is loaded.
  const report = await loadWeights(bare, tensors, { ...loading, convention: asked });
  const prepared = await prepare(name, file, { ...tensors, convention: report.convention });
  const model = new Model({
    architecture: bare.architecture,
    preprocessing: readPreprocessing(fitted(prepared.preprocessing, bare.inputShape)),
    classNames: await namesFor(prepared, bare.outputShape.at(-1) ?? 0),
  });
  if (engine !== undefined) model.compile({ engine });
  await loadWeights(model, tensors, { ...loading, convention: report.convention });
  return { model, report, published: file.published, preparation: prepared.from };
}

/** Callers without types forget the options, or write `weight`. */
function checkWeightsWord(options: unknown, name: string): void {
  const { weights } = isObject(options) ? options : {};
  if (typeof weights === "string" && weights !== "") return;
  throw new OptionError(`weights must be a text that says which, got ${describeValue(weights)}`, {
    where: "pretrained",
    hint: `Give { weights: "torchvision" }, for example (models.publishedWeights("${name}") lists what there is), a file, or an address.`,
  });
}

/** @throws OptionError for a name that is no model's, with the nearest known one */
export function checkModelName(name: string, where: string): asserts name is ZooName {
  if (models.isZooName(name)) return;
  throw new OptionError(`there is no model "${name}"`, {
    where,
    hint: nameHint(name, models.names),
  });
}
