import type { Engine } from "../engine/engine.ts";
import { readTensors } from "../formats/index.ts";
import type { FetchOptions } from "../hub/index.ts";
import { type LoadWeightsOptions, loadWeights, type WeightReport } from "../interop/index.ts";
import { Model, readPreprocessing } from "../models/index.ts";
import { nameHint, OptionError } from "../tensor/index.ts";
import { models, type PublishedWeights, type ZooWidthOptions } from "../zoo/index.ts";
import { fitted, namesFor, prepare } from "./preparation.ts";
import { readWeightsFile } from "./source.ts";

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
  const { weights, engine, fetch = {}, strict, convention, rename, ...zooOptions } = options;
  if (!models.isZooName(name)) {
    throw new OptionError(`there is no model "${name}"`, {
      where: "pretrained",
      hint: nameHint(name, models.names),
    });
  }
  const bare = models.create<string>(name, zooOptions);
  const file = await readWeightsFile(name, weights, fetch);
  const { name: where, sibling } = file;
  const tensors = await readTensors(file.bytes, { name: where, sibling });
  const loading = {
    name: where,
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
