import { exportOnnx, type Model, readModel } from "fovea";
import { engineOf } from "./engine.ts";
import { keepModel, type ModelEntry, noteSaved } from "./models.ts";

/** Formats that models are saved in; the page's names of files end in them. */
export type ModelFormat = "safetensors" | "onnx";

/** A model as a file. One that is in training is saved as it stands. */
export async function fileOf(model: Model, format: ModelFormat): Promise<Uint8Array<ArrayBuffer>> {
  return await noteSaved(model, () => (format === "onnx" ? exportOnnx(model) : model.toBytes()));
}

/** The lab's side of model files; its code is fetched when the first one is opened. */
export const modelFile = {
  /**
   * Puts the model of a file of any format that the library knows into the store.
   *
   * @throws FormatError when it holds no model, saying what it holds
   */
  async open(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<ModelEntry> {
    const { model } = await readModel(bytes, { name, engine: await engineOf() });
    return keepModel(model, { name: name.replace(/\.[^.]*$/, ""), origin: "file" });
  },
};
