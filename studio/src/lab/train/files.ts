import { drawNetwork, type Model, readModel, type Shape } from "fovea";
import { engineOf } from "../engine.ts";
import { fileOf, type ModelFormat } from "../model-file.ts";
import { keepModel, type ModelEntry, modelOf } from "../models.ts";
import { networkModel } from "./network.ts";
import type { NetworkSpec } from "./types.ts";

/** Where weights without a network go: a file of a framework may hold tensors alone. */
export interface Target {
  readonly network: NetworkSpec;
  readonly inputShape: Shape;
  readonly classes: number;
}

/** A network as a drawing with all its layers and branches: an SVG file. */
export function drawingOf({ network, inputShape, classes }: Target): string {
  return drawNetwork(networkModel(network, inputShape, classes));
}

/** A model as a file, under its name as far as names of files may be like it. */
export async function saveModel(
  id: string,
  format: ModelFormat,
  name: string,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly fileName: string }> {
  const bytes = await fileOf(modelOf(id), format);
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^-+|-+$/g, "");
  return { bytes, fileName: `${plain === "" ? "model" : plain}.${format}` };
}

/**
 * Reads a model from a file of any format the library knows, told by its bytes. Files that hold weights and no network are
 * fitted to the one that the page shows.
 *
 * @throws FormatError or OptionError saying what is wrong with the file, or does not fit
 */
export async function openModel(
  bytes: Uint8Array<ArrayBuffer>,
  fileName: string,
  target: Target,
): Promise<ModelEntry> {
  const shown = shownNetwork(target);
  const { model } = await readModel(bytes, { name: fileName, network: shown, engine: await engineOf() });
  const origin = model === shown ? "weights of a file" : "file";
  return keepModel(model, { name: fileName.replace(/\.[^.]*$/, ""), origin });
}

/** The network that the page shows, for weights to go into; null while its blocks do not fit together. */
function shownNetwork({ network, inputShape, classes }: Target): Model | null {
  try {
    return networkModel(network, inputShape, classes);
  } catch {
    // The page says what is wrong with the blocks; a file that holds a whole network does not need them.
    return null;
  }
}
