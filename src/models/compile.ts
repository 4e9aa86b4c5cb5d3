import type { Engine } from "../engine/engine.ts";
import { type Loss, type LossKind, readLoss } from "../losses/index.ts";
import { type Metric, readMetrics } from "../metrics/index.ts";
import { type Optimizer, type OptimizerKind, readOptimizer } from "../optimizers/index.ts";
import { checkOptionNames, isObject } from "../options/index.ts";
import { type FoveaError, OptionError, type Shape, ShapeError } from "../tensor/index.ts";
import type { Architecture } from "./architecture.ts";
import { outputShapeOfModel } from "./architecture.ts";
import { type LayerLearningRate, readLearningRates } from "./learning-rates.ts";

/** How a model is trained and judged. */
export interface CompileOptions {
  /** An optimizer, or its name for all options default; default `"adam"`. */
  readonly optimizer?: Optimizer | OptimizerKind;
  /** A loss, or its name for all options default; default `"sparseCategoricalCrossentropy"`, from logits. */
  readonly loss?: Loss | LossKind;
  /** Metrics, or their names; default `["accuracy"]`. */
  readonly metrics?: readonly (Metric | "accuracy" | "topKAccuracy")[];
  /** Other learning rates for some layers; of several entries that match a layer the last counts. Default none. */
  readonly learningRates?: readonly LayerLearningRate[];
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine;
}

/** {@link CompileOptions} without the engine, as files keep them. */
export interface CompileConfiguration {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  /** None in files from before there was the choice. */
  readonly learningRates: readonly LayerLearningRate[];
}

/**
 * Optimizer, loss and metrics from options or from JSON.
 *
 * @param architecture - what the options are for; `null` for those of a file
 * @throws OptionError for an unknown name or a wrong option
 */
export function readCompileConfiguration(
  value: unknown,
  architecture: Architecture | null,
): CompileConfiguration {
  checkOptionNames("compile", value, ["optimizer", "loss", "metrics", "learningRates"]);
  const {
    optimizer = "adam",
    loss = "sparseCategoricalCrossentropy",
    metrics = ["accuracy"],
  } = isObject(value) ? value : {};
  return {
    optimizer: readOptimizer(optimizer),
    loss: readLoss(loss),
    metrics: readMetrics(metrics),
    learningRates: readLearningRates(value, architecture),
  };
}

/**
 * Number of classes of a model: the size of its output.
 *
 * @throws ShapeError when the output is not one score a class
 */
export function classesOf(architecture: Architecture): number {
  const shape: Shape = outputShapeOfModel(architecture);
  if (shape.length === 1) return shape[0];
  throw new ShapeError(`a classifier must end in one score a class, [classes], got [${shape.join(", ")}]`, {
    where: `model "${architecture.name}"`,
    hint: "Put layers.flatten() or global pooling and layers.dense({ units: classes }) at the end.",
  });
}

/** What must be there to train or evaluate. */
export function notCompiled(name: string): FoveaError {
  return new OptionError(`model "${name}" is not compiled`, {
    hint: "Call model.compile({ optimizer, loss, metrics }) first.",
  });
}
