import { fileExists, folderExists } from "#host";
import type { Engine } from "../engine/engine.ts";
import type { Model } from "../models/index.ts";
import type { Shape } from "../tensor/index.ts";
import { models } from "../zoo/index.ts";
import { openModel } from "./model-reference.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { WeightsFlags } from "./weights-model.ts";

/** Whether a word is the name of a model, and not of a file or a folder. */
export async function isModelName(reference: string): Promise<boolean> {
  const isPath =
    /[\\/]|\.\w*[a-z]/i.test(reference) || (await fileExists(reference)) || (await folderExists(reference));
  return !isPath || models.isZooName(reference);
}

/**
 * Opens a model of which the layers are wanted, and not what it has learned: as other commands do, or by name without weights.
 *
 * @param inputShape - of a model by name without weights
 * @throws OptionError, FileError and FormatError as {@link openModel} does
 */
export async function openNet(
  reference: string,
  flags: WeightsFlags,
  engine: Engine,
  terminal: Terminal,
  inputShape: Shape | null = null,
): Promise<Model> {
  const { classes, weights } = flags;
  if (weights !== undefined || !(await isModelName(reference))) {
    return (await openModel(reference, { flags, engine: Promise.resolve(engine), terminal })).model;
  }
  const model = models.create<string>(reference, {
    ...(classes === undefined ? {} : { classes }),
    ...(inputShape === null ? {} : { inputShape }),
  });
  model.compile({ engine });
  return model;
}
