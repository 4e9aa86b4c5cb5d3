import { readModel } from "fovea";
import { engineOf } from "./engine.ts";
import { keepModel, type ModelEntry } from "./models.ts";

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
