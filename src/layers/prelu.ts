import { field } from "../options/index.ts";
import { exampleAxis, isAxis } from "./axes.ts";
import { type LayerDefinition, oneInput } from "./definition.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** Options of `layers.prelu`. */
export interface PreluOptions {
  /**
   * Axes along which one slope serves all, counted with the batch as 0: `[1, 2]` for one slope a channel of an image,
   * as PyTorch has it. Default none, as in Keras: each value has its own.
   */
  readonly sharedAxes?: readonly number[];
  /** Default `zeros`, as in Keras; PyTorch begins with a constant of 0.25. */
  readonly slopeInitializer?: InitializerOption;
}

/**
 * x where positive, or slope x with a trained slope (He et al. 2015). Shapes: [...] -> [...]; weight as the input, with
 * size 1 along shared axes.
 */
export const preluLayer: LayerDefinition<PreluOptions> = {
  fields: {
    sharedAxes: field(
      "a list of whole numbers other than 0 (the batch)",
      (value): value is readonly number[] => Array.isArray(value) && value.every(isAxis),
      [],
    ),
    slopeInitializer: initializerField("zeros"),
  },
  arity: oneInput,
  outputShape: ({ sharedAxes }, [input = []], where) => {
    for (const axis of sharedAxes) exampleAxis(axis, input, where);
    return input;
  },
  parameters: ({ sharedAxes, slopeInitializer }, [input = []]) => {
    const shared = new Set(sharedAxes.map((axis) => exampleAxis(axis, input, "prelu")));
    const shape = input.map((size, axis) => (shared.has(axis) ? 1 : size));
    return [{ name: "weight", shape, initializer: slopeInitializer, trainable: true, decays: false }];
  },
  call: (_options, { build }, [x], { weight }) => {
    const positive = build("relu", [x], {});
    const negative = build("subtract", [x, positive], {});
    return build("add", [positive, build("multiply", [negative, weight], {})], {});
  },
};
