import type { Node } from "../graph/index.ts";
import { type Build, createUpdate } from "../ops/index.ts";
import { booleanField, nameField, numberField } from "../options/index.ts";
import { type LayerDefinition, oneInput, type ParameterSpec } from "./definition.ts";

/** Options of `layers.batchNormalization`. */
export interface BatchNormalizationOptions {
  /** Share of the old value that a running statistic keeps at each step; default 0.99 (PyTorch's 1 - 0.1 is 0.9). */
  readonly momentum?: number;
  /** Added to the variance; default 0.001, as in Keras. */
  readonly epsilon?: number;
  /** Whether there is an offset beta (`bias`); default true. */
  readonly center?: boolean;
  /** Whether there is a factor gamma (`weight`); default true. */
  readonly scale?: boolean;
  /**
   * Which variance of a batch the running variance follows: `"biased"`, divided by the number n of values (Keras, the
   * default), or `"unbiased"`, divided by n - 1 (PyTorch). The batch itself is normalized by the biased one in both.
   */
  readonly runningVariance?: RunningVariance;
  /**
   * Whether training, too, normalizes by the running statistics and leaves them as they are, while gamma and beta learn:
   * for nets that have been trained on more images than there are now. Default false. A layer that is not trainable does
   * so anyway.
   */
  readonly frozenStatistics?: boolean;
}

/** See {@link BatchNormalizationOptions}. */
export type RunningVariance = "biased" | "unbiased";

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe and Szegedy 2015). In training mean and
 * variance are the batch's, and the running statistics move towards them: r = momentum r + (1 - momentum) batch. In
 * inference, and with `frozenStatistics`, they are the running statistics.
 *
 * Shapes: [..., C] -> [..., C]; weight, bias, running_mean and running_var [C].
 */
export const batchNormalizationLayer: LayerDefinition<BatchNormalizationOptions> = {
  fields: {
    momentum: numberField({ minimum: 0, maximum: 1 }, 0.99),
    epsilon: numberField({ above: 0 }, 1e-3),
    center: booleanField(true),
    scale: booleanField(true),
    runningVariance: nameField(["biased", "unbiased"], "biased"),
    frozenStatistics: booleanField(false),
  },
  arity: oneInput,
  outputShape: (_options, [input = []]) => input,
  parameters: ({ center, scale }, [input = []]) => {
    const shape = [input[input.length - 1] ?? 1];
    const trained = { shape, trainable: true, decays: false } as const;
    const statistic = { shape, trainable: false, decays: false } as const;
    const specs: (ParameterSpec | null)[] = [
      scale ? { name: "weight", initializer: "ones", ...trained } : null,
      center ? { name: "bias", initializer: "zeros", ...trained } : null,
      { name: "running_mean", initializer: "zeros", ...statistic },
      { name: "running_var", initializer: "ones", ...statistic },
    ];
    return specs.filter((spec) => spec !== null);
  },
  call: ({ momentum, epsilon, runningVariance, frozenStatistics }, context, [x], parameters) => {
    const { build } = context;
    const training = context.training && !frozenStatistics;
    const { running_mean: mean, running_var: variance, weight, bias } = parameters;
    const channels = mean.shape[0] ?? 1;
    const gamma = weight ?? build("constant", [], { value: 1, shape: [channels] });
    const beta = bias ?? build("constant", [], { value: 0, shape: [channels] });
    const moments = training
      ? build("batchMoments", [x], {})
      : build("concatenate", [asRow(build, mean), asRow(build, variance)], { axis: 0 });
    if (training) {
      const follow = (variable: Node<"variable">, value: Node) =>
        context.addUpdate(createUpdate("movingAverage", { momentum }, { variable, value }));
      follow(mean, rowOf(build, moments, 0));
      const biased = rowOf(build, moments, 1);
      follow(variance, runningVariance === "biased" ? biased : unbiased(build, biased, x));
    }
    return build("batchNormalize", [x, moments, gamma, beta], { epsilon });
  },
};

/** n / (n - 1) times the variance of n values a channel. Of a single value it is 0 anyway. */
function unbiased(build: Build, variance: Node, x: Node): Node {
  const count = x.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return build("affine", [variance], { factor: count / Math.max(count - 1, 1), offset: 0 });
}

/** [C] as [1, C]. */
function asRow(build: Build, vector: Node): Node {
  return build("reshape", [vector], { shape: [1, vector.shape[0] ?? 1] });
}

/** Row `index` of [2, C] as [C]. */
function rowOf(build: Build, matrix: Node, index: number): Node {
  const columns = matrix.shape[1] ?? 1;
  const row = build("slice", [matrix], { begin: [index, 0], size: [1, columns] });
  return build("reshape", [row], { shape: [columns] });
}
