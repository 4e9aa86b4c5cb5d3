import { type Layer, type LayerKind, type LayerOptions, layerWhere } from "../../../layers/index.ts";
import type { Resolved } from "../../../options/index.ts";
import { FormatError, type Shape, Tensor } from "../../../tensor/index.ts";

/** A layer as Keras's configurations describe it, with its weights by Keras's names. */
export interface KerasDescription {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights?: Readonly<Record<string, Tensor>>;
}

/** The output of a layer that has been placed. */
export interface Placed {
  readonly layer: string;
  readonly call: number;
  /** Without the batch. */
  readonly shape: Shape;
  /** Whether it is never below 0, so that zeros around it change no maximum. */
  readonly isPositive: boolean;
}

/** One call of a layer of ours, to be written. */
export interface ExportContext<K extends LayerKind> {
  readonly layer: Layer<K>;
  readonly options: Resolved<LayerOptions[K]>;
  readonly inputs: readonly Placed[];
  /** Shape of its output, without the batch. */
  readonly shape: Shape;
  /** A parameter by its name within the layer, as float32. */
  parameter(name: string): Tensor<"float32">;
  /** Places the Keras layer that carries the name; used again, the same layer is called again. */
  place(description: KerasDescription, inputs: readonly Placed[]): Placed;
  /** Places a layer beside it, named after it. */
  helper(part: string, description: KerasDescription, inputs: readonly Placed[]): Placed;
  /** The error for what TensorFlow.js has no layer for. */
  refuse(what: string): FormatError;
}

/** Writes calls of one kind of layer. */
export type Exporter<K extends LayerKind> = (context: ExportContext<K>) => Placed;

/** The error for a layer that cannot be written. */
export function refusal(name: string, kind: LayerKind, what: string): FormatError {
  return new FormatError(`${what}, which TensorFlow.js has no layer for`, {
    where: layerWhere(name, kind),
    hint: "Export the model as ONNX, or leave the layer away with model.tap().",
  });
}

/** An exporter of a layer that is one in Keras too, and has no weights. */
export function plain<K extends LayerKind>(
  className: string,
  configOf: (context: ExportContext<K>) => KerasDescription["config"] = () => ({}),
): Exporter<K> {
  return (context) => context.place({ className, config: configOf(context) }, context.inputs);
}

/** The value itself: a layer that does nothing here. */
export function unchanged({ inputs: [input] }: ExportContext<LayerKind>): Placed {
  return input;
}

/** factor[c] x + offset[c] as a batch normalization with fixed moments: variance + epsilon is 1. */
export function channelScale(factors: readonly number[], offsets: readonly number[]): KerasDescription {
  const vector = (values: readonly number[]) => Tensor.from(values);
  const epsilon = 2 ** -10;
  return {
    className: "BatchNormalization",
    config: { axis: -1, momentum: 0.99, epsilon, center: true, scale: true, trainable: false },
    weights: {
      gamma: vector(factors),
      beta: vector(offsets),
      moving_mean: vector(factors.map(() => 0)),
      moving_variance: vector(factors.map(() => 1 - epsilon)),
    },
  };
}

/** scale x + offset. */
export function rescaled(scale: number, offset: number): KerasDescription {
  return { className: "Rescaling", config: { scale, offset } };
}
