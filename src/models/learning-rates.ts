import { checkOptions, type Field, type Fields, field, isObject, numberField } from "../options/index.ts";
import { type Architecture, type ModelParameter, modelParameters } from "./architecture.ts";
import { checkLayerPattern, matchesLayer } from "./layer-pattern.ts";

/** A learning rate for some of a model's layers. */
export interface LayerLearningRate {
  /**
   * The layers by name: `"layer4"` is the layer of that name and all whose names go on with a dot (`layer4.0.conv1`, not
   * `layer40`), `"conv*"` all whose names begin so, `"*"` all layers.
   */
  readonly layers: string;
  /**
   * What the optimizer's learning rate is multiplied with for them, at every step and with it their decoupled weight
   * decay; at 0 their weights stay as they are (running statistics of batch normalization do not).
   */
  readonly factor: number;
}

const where = "compile";

const entryFields: Fields<LayerLearningRate> = {
  layers: field(
    "the name of a layer, or its beginning",
    (value): value is string => typeof value === "string" && value !== "",
  ),
  factor: numberField({ minimum: 0 }),
};

const listField: Field<readonly unknown[]> = field(
  "a list as [{ layers, factor }]",
  (value): value is readonly unknown[] => Array.isArray(value),
  [],
);

/**
 * The option `learningRates` of `compile`, or the same as a file has it.
 *
 * @param architecture - whose layers must be there; `null` for a file, which need not be checked again
 * @throws OptionError for a wrong entry, or one that no layer matches
 */
export function readLearningRates(
  value: unknown,
  architecture: Architecture | null,
): readonly LayerLearningRate[] {
  const { learningRates = [] } = isObject(value) ? value : {};
  return listField.parse(learningRates, where, "learningRates").map((entry, index) => {
    const place = `${where}, learningRates[${index}]`;
    const rate = checkOptions(place, entry, entryFields);
    if (architecture !== null) checkLayerPattern(rate.layers, architecture, place);
    return rate;
  });
}

/** A parameter that training moves, with what its learning rate is multiplied with. */
export interface MovedParameter extends ModelParameter {
  readonly rateFactor: number;
}

/** The parameters that training moves: neither frozen nor at a rate of 0. */
export function movedParameters(
  architecture: Architecture,
  learningRates: readonly LayerLearningRate[],
): readonly MovedParameter[] {
  return modelParameters(architecture)
    .filter(({ trainable }) => trainable)
    .map((parameter) => {
      const { name } = architecture.layers[parameter.layer];
      const last = learningRates.findLast(({ layers }) => matchesLayer(layers, name));
      return { ...parameter, rateFactor: last?.factor ?? 1 };
    })
    .filter(({ rateFactor }) => rateFactor > 0);
}
