import type { Activation } from "../values.ts";

/**
 * A value of the file beside what it is in the model: `shape` is ONNX's, without the batch, and axis i of the layer's
 * output is its axis `order[i]`. Images are [C, H, W] there, [H, W, C] here.
 */
export interface ExportedValue extends Pick<Activation, "shape" | "order" | "mixed"> {
  readonly name: string;
}
