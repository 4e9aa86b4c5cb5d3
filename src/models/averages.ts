import type { Graph, Node, Update } from "../graph/index.ts";
import { createBuild, createUpdate } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { type Architecture, inputShapeOf, modelParameters } from "./architecture.ts";
import type { GraphContext } from "./batch-source.ts";
import type { CompileConfiguration } from "./compile.ts";
import { buildForward } from "./forward.ts";
import { movedParameters } from "./learning-rates.ts";
import type { ModelVariables } from "./variables.ts";

/** Beginning of the names of averages: `ema/conv1.weight`. */
export const averagePrefix = "ema/";

/** Name of the variable with the average of a parameter or statistic. */
export const averageName = (name: string) => `${averagePrefix}${name}`;

/**
 * Updates that average variables over the steps: average = momentum average + (1 - momentum) value (Polyak and Juditsky
 * 1992, with exponential weights). As a step sees the state as the step before left it, averages are a step behind:
 * {@link caughtUp} makes up for that where they are used.
 */
export function averageUpdates(variables: readonly Node<"variable">[], momentum: number): Update[] {
  const build = createBuild("ema");
  return variables.map((value) => {
    const { attributes, shape, dtype } = value;
    const variable = build("variable", [], { name: averageName(attributes.name), shape, dtype });
    return createUpdate("movingAverage", { momentum }, { variable, value });
  });
}

/** What averages the weights where a batch is computed in pieces: run before them, it sees what a whole step would. */
export function averageGraph(context: GraphContext, compiled: CompileConfiguration, momentum: number): Graph {
  const build = createBuild();
  const shapes = new Map(modelParameters(context.architecture).map(({ name, shape }) => [name, shape]));
  const variables = averagedNames(context.architecture, compiled).map((name) =>
    build("variable", [], { name, shape: shapes.get(name) ?? [], dtype: "float32" }),
  );
  return { outputs: {}, updates: averageUpdates(variables, momentum) };
}

/** Names of what training changes, and averages: parameters that move, and statistics that follow. */
export function averagedNames(
  architecture: Architecture,
  { learningRates }: CompileConfiguration,
): readonly string[] {
  const build = createBuild();
  const images = build("input", [], {
    name: "images",
    shape: [1, ...inputShapeOf(architecture)],
    dtype: "float32",
  });
  const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
  const { updates } = buildForward(architecture, images, { training: true, key });
  const moved = movedParameters(architecture, learningRates).map(({ name }) => name);
  return [...moved, ...updates.map(({ variable }) => variable.attributes.name)];
}

/** An average with the value of the last step in it, too: momentum average + (1 - momentum) value. */
function caughtUp(average: Tensor, value: Tensor, momentum: number): Tensor {
  const data = Float32Array.from(
    value.data,
    (number, index) => momentum * average.data[index] + (1 - momentum) * number,
  );
  return new Tensor("float32", value.shape, data);
}

/** Averages as weights: of all that have one, others as they are. */
export function averagedWeights(
  values: ReadonlyMap<string, Tensor>,
  weightNames: readonly string[],
  momentum: number,
): Map<string, Tensor> {
  return new Map(
    weightNames.flatMap((name) => {
      const [value, average] = [values.get(name), values.get(averageName(name))];
      if (value === undefined) return [];
      return [[name, average === undefined ? value : caughtUp(average, value, momentum)] as const];
    }),
  );
}

/** The weights that a checkpoint stands for: averages, where its run keeps them. */
export function checkpointWeights(
  variables: ReadonlyMap<string, Tensor>,
  architecture: Architecture,
  momentum: number | null,
): Map<string, Tensor> {
  const names = modelParameters(architecture).map(({ name }) => name);
  // Without averages there is nothing to catch up with.
  return averagedWeights(variables, names, momentum ?? 0);
}

/** The averages of some weights while they are trained: the weights go on from their own values. */
export class WeightAverages {
  readonly #variables: ModelVariables;
  readonly #names: readonly string[];
  readonly #momentum: number;

  /** @param names - of the parameters and statistics that are averaged */
  constructor(variables: ModelVariables, names: readonly string[], momentum: number) {
    this.#variables = variables;
    this.#names = names;
    this.#momentum = momentum;
  }

  /** Averages begin with the weights as they are. */
  async begin(): Promise<void> {
    await this.assign(await this.#variables.read(this.#names));
  }

  /** Weights that are given in place of those trained: averages go on from them, unless they are given, too. */
  async assign(weights: ReadonlyMap<string, Tensor>): Promise<void> {
    const averaged = this.#names.flatMap((name) => {
      const value = weights.get(name);
      return value === undefined || weights.has(averageName(name))
        ? []
        : [[averageName(name), value] as const];
    });
    await this.#variables.write(new Map(averaged));
  }

  /** What the weights come to. */
  async read(): Promise<Map<string, Tensor>> {
    const values = await this.#variables.read([...this.#names, ...this.#names.map(averageName)]);
    return averagedWeights(values, this.#names, this.#momentum);
  }

  /** Performs a task with the averages in place of the weights. */
  async inPlace<Result>(task: () => Promise<Result>): Promise<Result> {
    const weights = await this.#variables.read(this.#names);
    await this.#variables.write(await this.read());
    try {
      return await task();
    } finally {
      await this.#variables.write(weights);
    }
  }
}
