import type { Node } from "../graph/index.ts";
import {
  booleanField,
  checkOptionNames,
  type Fields,
  field,
  nullable,
  type Resolved,
  resolveOptions,
  shapeField,
} from "../options/index.ts";
import { formatShape, type Shape, ShapeError } from "../tensor/index.ts";
import type { CallContext, LayerDefinition, ParameterSpec } from "./definition.ts";
import { type LayerKind, type LayerOptions, layerTable } from "./table.ts";

/** Options that every layer takes. */
export interface CommonLayerOptions {
  /** Unique in its model; also the beginning of its parameters' names. Default as in Keras: `conv2d`, `conv2d_1`. */
  readonly name?: string | null;
  /** Shape of one example, on the first layer of `sequential`: `[28, 28, 1]`. */
  readonly inputShape?: Shape | null;
  /**
   * Whether training changes its weights; default true. A frozen layer does in training what it does in inference: batch
   * normalization uses its running statistics, dropout drops nothing.
   */
  readonly trainable?: boolean;
}

/** Letters, digits and `_ . -`: names are also paths of parameters in files. */
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/** The option `name` of layers and models. */
export const layerNameField = field(
  "up to 200 letters, digits, dots, dashes and underscores",
  (value): value is string => typeof value === "string" && namePattern.test(value),
);

const commonFields: Fields<CommonLayerOptions> = {
  name: nullable(layerNameField),
  inputShape: nullable(shapeField),
  trainable: booleanField(true),
};

/** What of a layer says how it trains. */
export interface TrainingTerms {
  readonly trainable?: boolean;
  /** Of batch normalization. */
  readonly frozenStatistics?: boolean;
}

/** A value in a functional graph: what `layer.apply` returns. Shapes are without the batch. */
export interface SymbolicTensor {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly shape: Shape;
}

/**
 * A layer: a plain, immutable description. It holds no weights; a model does. Used twice in one graph it shares them.
 */
export class Layer<K extends LayerKind = LayerKind> {
  readonly kind: K;
  /** As given; `null` leaves the choice to the model. */
  readonly name: string | null;
  readonly inputShape: Shape | null;
  readonly trainable: boolean;
  /** Its own options with all defaults filled in; JSON keeps them as they are. */
  readonly options: Resolved<LayerOptions[K]>;

  /** @throws OptionError for an unknown, missing or wrong option */
  constructor(kind: K, options: LayerOptions[K] & CommonLayerOptions) {
    const where = `layers.${kind}`;
    const { fields } = definitionOf(kind);
    checkOptionNames(where, options, [...Object.keys(fields), ...Object.keys(commonFields)]);
    const { name, inputShape, trainable } = resolveOptions(where, options, commonFields);
    this.kind = kind;
    this.name = name;
    this.inputShape = inputShape;
    this.trainable = trainable;
    this.options = resolveOptions(where, options, fields);
  }

  /** The same layer under other terms of training. Only batch normalization has statistics: others are left as they are. */
  changed({ trainable = this.trainable, frozenStatistics }: TrainingTerms): Layer {
    const { name, inputShape, options } = this;
    const hasStatistics = frozenStatistics !== undefined && this.kind === "batchNormalization";
    const own = hasStatistics ? { ...options, frozenStatistics } : options;
    return createLayer(this.kind, { ...own, name, inputShape, trainable });
  }

  /**
   * Places the layer in a functional graph.
   *
   * @throws ShapeError when the inputs do not fit
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const list = isList(inputs) ? inputs : [inputs];
    const where = layerWhere(this.name ?? this.kind, this.kind);
    const shapes = list.map((input) => input.shape);
    return { layer: this, inputs: list, shape: outputShapeOf(this, shapes, where) };
  }
}

/**
 * A layer of a kind that is known at run time only, as files have it. The constructor checks every option.
 *
 * @throws OptionError for an unknown, missing or wrong option
 */
export function createLayer(kind: LayerKind, options: object): Layer {
  const LayerOfAnyKind: new (kind: LayerKind, options: never) => Layer = Layer;
  return new LayerOfAnyKind(kind, options as never);
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** A layer as errors name it. */
export function layerWhere(name: string, kind: LayerKind): string {
  return `layer "${name}" (${kind})`;
}

function definitionOf<K extends LayerKind>(kind: K): LayerDefinition<LayerOptions[K]> {
  return layerTable[kind];
}

/** So many inputs are in an error's text: a file may have hundreds. */
const mostListed = 8;

/**
 * Shape of a layer's output, without the batch.
 *
 * @throws ShapeError naming the layer, what was expected, what came and how to mend it
 */
export function outputShapeOf<K extends LayerKind>(
  layer: Layer<K>,
  inputs: readonly Shape[],
  where: string,
): Shape {
  const definition = definitionOf(layer.kind);
  const { minimum, maximum } = definition.arity;
  if (inputs.length < minimum || inputs.length > maximum) {
    const expected = minimum === maximum ? `${minimum}` : `${minimum} or more`;
    const plural = expected === "1" ? "input" : "inputs";
    throw new ShapeError(`takes ${expected} ${plural}, got ${inputs.length}`, {
      where,
      hint:
        inputs.length < minimum && minimum > 1
          ? "Apply it to a list in a functional model: layers.add().apply([a, b])."
          : "Join several with layers.add() or layers.concatenate() first.",
    });
  }
  const shape = definition.outputShape(layer.options, inputs, where);
  if (shape.length === 0 || !shape.every((size) => Number.isSafeInteger(size) && size >= 1)) {
    const more = inputs.length > mostListed ? ` and ${inputs.length - mostListed} more` : "";
    const listed = inputs.slice(0, mostListed).map(formatShape).join(", ");
    throw new ShapeError(`output would be ${formatShape(shape)} for input ${listed}${more}`, {
      where,
      hint: "Every size must be at least 1.",
    });
  }
  return shape;
}

/** A layer's parameters for given input shapes (without the batch); none is trainable in a frozen layer. */
export function parametersOf<K extends LayerKind>(
  layer: Layer<K>,
  inputs: readonly Shape[],
): readonly ParameterSpec[] {
  const specs = definitionOf(layer.kind).parameters(layer.options, inputs);
  return layer.trainable ? specs : specs.map((spec) => ({ ...spec, trainable: false }));
}

/** Builds a layer's part of a graph. A frozen layer behaves as in inference: its dropout drops nothing, its statistics stay. */
export function callLayer<K extends LayerKind>(
  layer: Layer<K>,
  context: CallContext,
  inputs: readonly Node[],
  parameters: Readonly<Record<string, Node<"variable">>>,
): Node {
  const ownContext = layer.trainable ? context : { ...context, training: false };
  return definitionOf(layer.kind).call(layer.options, ownContext, inputs, parameters);
}
