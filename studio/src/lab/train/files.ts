import {
  drawNetwork,
  exportOnnx,
  formats,
  importKeras,
  importOnnx,
  loadWeights,
  Model,
  type Shape,
} from "fovea";
import { keepModel, type ModelEntry, modelOf } from "../models.ts";
import { networkModel } from "./network.ts";
import type { NetworkSpec } from "./types.ts";

/** What a file is called that a model is saved as. */
const endings = { safetensors: ".safetensors", onnx: ".onnx" } as const;
export type ModelFormat = keyof typeof endings;

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

/** A model as a file. One that is in training is saved as it stands. */
export async function saveModel(
  id: string,
  format: ModelFormat,
  name: string,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly fileName: string }> {
  const model = modelOf(id);
  const bytes = format === "onnx" ? await exportOnnx(model) : await model.toBytes();
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^-+|-+$/g, "");
  return { bytes, fileName: `${plain === "" ? "model" : plain}${endings[format]}` };
}

/**
 * Reads a model from a file of any format the library knows, told by its bytes. Files that hold weights and no network are
 * fitted to the one that the page shows.
 *
 * @throws FormatError or OptionError saying what is wrong with the file, or does not fit
 */
export async function openModel(bytes: Uint8Array, fileName: string, target: Target): Promise<ModelEntry> {
  const { model, origin } = await read(bytes, fileName, target);
  return keepModel(model, { name: fileName.replace(/\.[^.]*$/, ""), origin });
}

async function read(
  bytes: Uint8Array,
  name: string,
  target: Target,
): Promise<{ readonly model: Model; readonly origin: string }> {
  const format = formats.sniffFormat(bytes);
  if (format === "onnx") return { model: await importOnnx(bytes, { name }), origin: "ONNX file" };
  if (format === "keras" && !name.endsWith(".weights.h5")) {
    return { model: (await importKeras(bytes, { name })).model, origin: "Keras file" };
  }
  const tensors = format === null ? null : await formats.readTensors(bytes, { name });
  if (tensors === null || "fovea.model" in tensors.metadata) {
    return { model: Model.fromBytes(bytes, { name }), origin: "file" };
  }
  const model = networkModel(target.network, target.inputShape, target.classes);
  await loadWeights(model, tensors, { name });
  return { model, origin: "weights of a file" };
}
