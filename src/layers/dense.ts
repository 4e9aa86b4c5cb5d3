import type { Node } from "../graph/index.ts";
import { booleanField, wholeNumberField } from "../options/index.ts";
import { type Shape, sizeOf } from "../tensor/index.ts";
import { type ActivationName, activationField, applyActivation } from "./activations.ts";
import { type LayerDefinition, oneInput, type ParameterSpec } from "./definition.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** Options of `layers.dense`. */
export interface DenseOptions {
  /** Number of outputs. */
  readonly units: number;
  /** Default `linear`. */
  readonly activation?: ActivationName;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: InitializerOption;
  /** Default `zeros`. */
  readonly biasInitializer?: InitializerOption;
}

/**
 * activation(x W + b) over the last axis. Shapes: [..., C] -> [..., units]; weight [C, units], bias [units].
 */
export const denseLayer: LayerDefinition<DenseOptions> = {
  fields: {
    units: wholeNumberField(1),
    activation: activationField,
    useBias: booleanField(true),
    kernelInitializer: initializerField("glorotUniform"),
    biasInitializer: initializerField("zeros"),
  },
  arity: oneInput,
  outputShape: ({ units }, [input = []]) => [...input.slice(0, -1), units],
  parameters: ({ units, useBias, kernelInitializer, biasInitializer }, [input = []]) => [
    kernelParameter([input[input.length - 1] ?? 1, units], kernelInitializer),
    ...(useBias ? [biasParameter(units, biasInitializer)] : []),
  ],
  call: ({ activation }, { build }, [x], { weight, bias }) => {
    const outputShape = [...x.shape.slice(0, -1), weight.shape[1] ?? 1];
    const product = build("matmul", [asMatrix(build, x), weight], { transposeA: false, transposeB: false });
    const sum = bias === undefined ? product : build("add", [product, bias], {});
    const shaped = x.shape.length === 2 ? sum : build("reshape", [sum], { shape: outputShape });
    return applyActivation(build, activation, shaped);
  },
};

/** [..., C] as [all the rest, C]. */
function asMatrix(build: Parameters<typeof applyActivation>[0], x: Node): Node {
  const columns = x.shape[x.shape.length - 1] ?? 1;
  return x.shape.length === 2 ? x : build("reshape", [x], { shape: [sizeOf(x.shape) / columns, columns] });
}

/** The spec of a kernel, [..., inputs, outputs]. */
export function kernelParameter(shape: Shape, initializer: InitializerOption): ParameterSpec {
  return { name: "weight", shape, initializer, trainable: true, decays: true };
}

/** The spec of a bias. */
export function biasParameter(units: number, initializer: InitializerOption): ParameterSpec {
  return { name: "bias", shape: [units], initializer, trainable: true, decays: false };
}
