import {
  type CommonLayerOptions,
  Layer,
  type LayerKind,
  type LayerOptions,
  type SymbolicTensor,
} from "../../../layers/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import type { KerasOptions } from "../options.ts";
import type { KerasLayer } from "../topology.ts";

/** Applies what a Keras layer has become to one call's inputs. */
export type Apply = (inputs: readonly SymbolicTensor[]) => SymbolicTensor;

/** What an importer of a class knows beside the layer's configuration. */
export interface ImportContext {
  readonly options: KerasOptions;
  readonly layer: KerasLayer;
  /** Major version of the Keras that wrote the file: some activations changed with it. */
  readonly kerasVersion: number;
  /**
   * Makes the layer that carries the name, and the weights. Options are checked by the layer itself.
   */
  make<K extends LayerKind>(kind: K, options: LayerOptions[K]): Layer<K>;
  /** Makes a layer beside it, without weights: an activation that no layer takes as an option. */
  helper<K extends LayerKind>(kind: K, options: LayerOptions[K]): Layer<K>;
  /** A weight by Keras's name for it, for what becomes a constant; null when the file has none. */
  weight(name: string): Tensor | null;
  /** Tells the user of something that is not as in Keras, and why it does not matter or when it does. */
  note(text: string): void;
}

/** Makes of a Keras layer what computes the same. Shared layers are imported once and applied several times. */
export type Importer = (context: ImportContext) => Apply;

/** One layer of ours for one of Keras's. */
export function single<K extends LayerKind>(
  kind: K,
  optionsOf: (options: KerasOptions) => LayerOptions[K],
): Importer {
  return ({ options, make }) => {
    const layer = make(kind, optionsOf(options));
    return (inputs) => layer.apply(inputs);
  };
}

/** What does nothing once the net is trained. */
export const identity: Importer =
  () =>
  ([x]) =>
    x;

/** {@link identity}, of a layer that changes images or values at random in training. */
export const identityInInference: Importer = ({ note, layer }) => {
  note(`layer "${layer.name}" (${layer.className}) does nothing here: it acts in Keras's training only`);
  return ([x]) => x;
};

/** Makes a layer of a kind under a name. */
export function createLayer<K extends LayerKind>(
  kind: K,
  options: LayerOptions[K],
  common: CommonLayerOptions,
): Layer<K> {
  return new Layer(kind, { ...options, ...common });
}
