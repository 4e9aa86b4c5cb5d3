import { shapeField } from "../options/index.ts";
import type { Shape } from "../tensor/index.ts";
import { type LayerDefinition, noParameters } from "./definition.ts";

/** Options of `layers.input`. */
export interface InputOptions {
  /** Shape of one example, without the batch: `[height, width, channels]`. */
  readonly shape: Shape;
}

/** Where examples enter. Shapes: none -> shape. */
export const inputLayer: LayerDefinition<InputOptions> = {
  fields: { shape: shapeField },
  arity: { minimum: 0, maximum: 0 },
  outputShape: ({ shape }) => shape,
  parameters: noParameters,
  // A model feeds its inputs itself; reaching this is a defect.
  call: () => {
    throw new Error("an input layer is not called");
  },
};
