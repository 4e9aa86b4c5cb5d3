import type { Engine } from "../engine/engine.ts";
import { defaultEngine } from "../engine/index.ts";
import { type Tensor, TrainingError } from "../tensor/index.ts";
import { type Architecture, modelParameters } from "./architecture.ts";
import { averagePrefix } from "./averages.ts";
import { UsualBatch } from "./batch-size.ts";
import type { CompileConfiguration } from "./compile.ts";
import type { RunContext } from "./evaluation.ts";
import type { ModelParts } from "./model-options.ts";
import { freshWeights, ModelVariables, takeFrom } from "./variables.ts";
import type { Weight } from "./weight.ts";

/** What of a model changes: its weights, how it is trained, and what it has in an engine. */
export class ModelRuntime {
  readonly #parts: ModelParts;
  /** Those given; until there is a state that has them. */
  #weights: ReadonlyMap<string, Weight> | null;
  #variables: ModelVariables | null = null;
  #compiled: CompileConfiguration | null;
  #engine: Engine | null;
  #version = 0;
  /** Resolves when the state of an earlier compilation is dropped; null if that has yet to begin. */
  #fresh: Promise<void> | null = Promise.resolve();
  #training = false;
  /** Steps of all training since the compilation. */
  stepsTaken = 0;
  readonly usualBatch = new UsualBatch();

  constructor(parts: ModelParts) {
    const { weights = null, compile = null, engine = null } = parts;
    this.#parts = parts;
    this.#weights = weights;
    this.#compiled = compile;
    this.#engine = engine;
  }

  get compiled(): CompileConfiguration | null {
    return this.#compiled;
  }

  /** Counts compilations: programs of an earlier one are not used again. */
  get version(): number {
    return this.#version;
  }

  /** What computes; null for the process's. */
  get engine(): Engine | null {
    return this.#engine;
  }

  async engineOrDefault(): Promise<Engine> {
    return this.#engine ?? (await defaultEngine());
  }

  /** @throws TrainingError while `fit` is under way */
  checkIdle(): void {
    if (!this.#training) return;
    throw new TrainingError(`model "${this.#architecture.name}" is being trained`, {
      hint: "Wait for its fit() to end.",
    });
  }

  compile(configuration: CompileConfiguration, engine: Engine | undefined): void {
    this.#compiled = configuration;
    this.#engine = engine ?? this.#engine;
    this.#version++;
    if (this.#variables !== null) this.#fresh = null;
    this.stepsTaken = 0;
  }

  /**
   * Performs a task that changes the weights.
   *
   * @throws TrainingError when another one is under way
   */
  async whileTraining<Result>(task: () => Promise<Result>): Promise<Result> {
    this.checkIdle();
    this.#training = true;
    try {
      return await task();
    } finally {
      this.#training = false;
    }
  }

  /** The weights; drawn when first needed, where they were not given. */
  state(seed = 0): ModelVariables {
    if (this.#variables === null) {
      const parameters = modelParameters(this.#architecture);
      const weights = freshWeights(parameters, this.#parts.seed ?? seed);
      for (const [name, weight] of this.#weights ?? []) if (weights.has(name)) weights.set(name, weight);
      this.#variables = new ModelVariables(parameters, weights, () => this.engineOrDefault());
      this.#weights = null;
    }
    return this.#variables;
  }

  /** What evaluation, prediction and training run on. */
  async context(seed?: number): Promise<RunContext> {
    const variables = this.state(seed);
    const dropped = ["data/", "optimizer/", "gradient/", averagePrefix];
    const isKept = (name: string) => !dropped.some((folder) => name.startsWith(folder));
    this.#fresh ??= variables.moveToFreshSession(isKept).catch((error) => {
      this.#fresh = null;
      throw error;
    });
    await this.#fresh;
    return { architecture: this.#architecture, preprocessing: this.#parts.preprocessing, variables };
  }

  /** Weights as they are now, for a model that is made of a part of this one. */
  snapshot(architecture: Architecture): ReadonlyMap<string, Weight> {
    const names = modelParameters(architecture).map(({ name }) => name);
    return this.state().snapshot(names, this.#training);
  }

  /**
   * Lets weights be read one by one, so that a large model is not in memory twice. Nothing changes them meanwhile; of a
   * model that is being trained, all are copied at one moment.
   */
  async withReader<Result>(
    use: (read: (name: string) => Promise<Tensor>) => Promise<Result>,
  ): Promise<Result> {
    const state = this.state();
    if (!this.#training) return await state.inTurn(() => use((name) => state.readOne(name)));
    const weights = await state.readWeights();
    return await use(async (name) => takeFrom(weights, name));
  }

  get #architecture(): Architecture {
    return this.#parts.architecture;
  }
}
