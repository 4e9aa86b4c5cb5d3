import type { Node, Update } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import type { Fields, Resolved } from "../options/index.ts";
import type { Shape } from "../tensor/index.ts";
import type { InitializerOption } from "./initializers.ts";

/** A piece of a layer's state: a weight that training changes, or a statistic that it keeps. */
export interface ParameterSpec {
  /** PyTorch's name within the layer: `weight`, `bias`, `running_mean`. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerOption;
  /** Whether the optimizer changes it. Statistics are not trained: the layer itself updates them. */
  readonly trainable: boolean;
  /** Whether weight decay applies: to kernels, not to biases and normalization. */
  readonly decays: boolean;
}

/** What a layer needs to know beside its inputs. There is no global mode and no global random state. */
export interface CallContext {
  /** Whether this is a training step: dropout drops, batch normalization uses the batch's moments. */
  readonly training: boolean;
  readonly build: Build;
  /** The step's random key, uint32 [2]; `null` where nothing random happens (inference). */
  readonly key: Node | null;
  /** Tells one use of the key from the next: a new number at each call, the same in every compilation. */
  nextStream(): number;
  /** Adds a change of state to the step. */
  addUpdate(update: Update): void;
}

/**
 * All that the system knows of a kind of layer: pure functions of its options. Shapes are without the batch.
 */
export interface LayerDefinition<O extends object> {
  readonly fields: Fields<O>;
  /** How many inputs it takes. */
  readonly arity: { readonly minimum: number; readonly maximum: number };
  /**
   * @param where - the layer as errors name it: `layer "conv1" (conv2d)`
   * @throws ShapeError when the inputs do not fit, with what was expected and how to mend it
   */
  readonly outputShape: (options: Resolved<O>, inputs: readonly Shape[], where: string) => Shape;
  /** Its state, in the order in which it is listed and saved. */
  readonly parameters: (options: Resolved<O>, inputs: readonly Shape[]) => readonly ParameterSpec[];
  /** Builds its part of a graph; `inputs` carry the batch as their first axis. */
  readonly call: (
    options: Resolved<O>,
    context: CallContext,
    inputs: readonly Node[],
    parameters: Readonly<Record<string, Node<"variable">>>,
  ) => Node;
}

/** One input, the usual case. */
export const oneInput = { minimum: 1, maximum: 1 } as const;
/** Two inputs, whose order matters. */
export const twoInputs = { minimum: 2, maximum: 2 } as const;
/** Two or more inputs. */
export const manyInputs = { minimum: 2, maximum: 1024 } as const;

/** For layers without state. */
export function noParameters(): readonly ParameterSpec[] {
  return [];
}
