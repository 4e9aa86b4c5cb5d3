import { readFile, writeFileAtomic } from "#host";
import { type ExampleSource, type ImageStream, isImageStream } from "../data/index.ts";
import type { Plan } from "../engine/engine.ts";
import type { Shape, Tensor } from "../tensor/index.ts";
import { type Checkpoint, type History, train, type ValidationScores } from "../train/index.ts";
import { type Architecture, inputShapeOf, outputShapeOfModel } from "./architecture.ts";
import { checkpointWeights } from "./averages.ts";
import { type BatchOptions, readBatchSize, usualBatchSize } from "./batch-size.ts";
import {
  type CompileConfiguration,
  type CompileOptions,
  classesOf,
  notCompiled,
  readCompileConfiguration,
} from "./compile.ts";
import { checkExamples, checkImages, checkStream } from "./data-checks.ts";
import { evaluateDataset, greatestOf, predictImages } from "./evaluation.ts";
import { type FitOptions, type FitPlan, planFit } from "./fit.ts";
import { frozen, type UnfreezeOptions, unfrozen } from "./freeze.ts";
import { runtimes } from "./lend.ts";
import { decodeModel, describeModel, encodeModel, modelPieces, readDescription } from "./model-file.ts";
import type { ActivationsOptions, EvaluationResult, LoadOptions, ModelParts } from "./model-options.ts";
import { modelFits, planModel } from "./plan.ts";
import {
  type PredictBatchesOptions,
  type PredictedBatch,
  predictStream,
  readPredictBatchesOptions,
} from "./predict-stream.ts";
import { checkPreprocessing, type Preprocessing } from "./preprocessing.ts";
import { ModelRuntime } from "./runtime.ts";
import { usualStreamBatch } from "./stream-runs.ts";
import { type ModelSummary, summarize } from "./summary.ts";
import { callNamed, truncate } from "./taps.ts";
import { createTrainee } from "./trainee.ts";
import type { LazyTensor } from "./weight.ts";

/**
 * An image classifier: layers, weights, and how to train them. There is nothing to dispose of: a model that nobody
 * refers to is collected with all that it holds in the engine.
 */
export class Model {
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
  #classNames: readonly string[] | null;
  readonly #runtime: ModelRuntime;

  /** @throws OptionError when the preprocessing does not suit the input */
  constructor(parts: ModelParts) {
    const { architecture, preprocessing, classNames = null } = parts;
    checkPreprocessing(preprocessing, inputShapeOf(architecture), architecture.name);
    this.architecture = architecture;
    this.preprocessing = preprocessing;
    this.#classNames = classNames;
    this.#runtime = new ModelRuntime(parts);
    runtimes.set(this, this.#runtime);
  }

  /**
   * Reads a model file.
   *
   * @throws FileError when it cannot be read, FormatError when it is not a model
   */
  static async load(path: string, options: LoadOptions = {}): Promise<Model> {
    return Model.fromBytes(await readFile(path), { ...options, name: path });
  }

  /**
   * A model from the bytes of a file that `toBytes`, `save` or a checkpoint has made.
   *
   * @param options - `name`: the file's name, for errors
   * @throws FormatError when they are not a model
   */
  static fromBytes(bytes: Uint8Array, options: LoadOptions & { readonly name?: string } = {}): Model {
    const { description, weights } = decodeModel(bytes, options.name ?? "model");
    return new Model({ ...description, weights, engine: options.engine ?? null });
  }

  /**
   * The model of a checkpoint, compiled as it was: `fit(data, { resumeFrom: checkpoint })` goes on training it.
   *
   * @throws FormatError when the checkpoint does not describe a model
   */
  static fromCheckpoint(
    checkpoint: Checkpoint,
    options: LoadOptions & { readonly name?: string } = {},
  ): Model {
    const description = readDescription(checkpoint.model, options.name ?? "checkpoint");
    const { emaMomentum } = checkpoint.training.configuration;
    const weights = checkpointWeights(checkpoint.variables, description.architecture, emaMomentum);
    return new Model({ ...description, weights, engine: options.engine ?? null });
  }

  get name(): string {
    return this.architecture.name;
  }

  /** Shape of an example: `[height, width, channels]`. */
  get inputShape(): Shape {
    return inputShapeOf(this.architecture);
  }

  /** Shape of an example's output: `[classes]`. */
  get outputShape(): Shape {
    return outputShapeOfModel(this.architecture);
  }

  /** Names of the classes; `null` until training data or a file gave them. */
  get classNames(): readonly string[] | null {
    return this.#classNames;
  }

  /** Optimizer, loss and metrics; `null` before `compile`. */
  get compiled(): CompileConfiguration | null {
    return this.#runtime.compiled;
  }

  /**
   * Chooses how to train and judge the model. Weights stay; the optimizer's state starts anew.
   *
   * @throws OptionError for an unknown name or a wrong option, ShapeError when the model is not a classifier
   */
  compile(options: CompileOptions = {}): void {
    const { engine, ...configuration } = options;
    this.#runtime.checkIdle();
    classesOf(this.architecture);
    this.#runtime.compile(readCompileConfiguration(configuration, this.architecture), engine);
  }

  /**
   * Trains.
   *
   * @returns what each epoch came to, and why training ended
   * @throws OptionError, DataError or ShapeError for what cannot be trained on, TrainingError when the loss is not
   *   a number any more
   */
  async fit(dataset: ExampleSource, options: FitOptions = {}): Promise<History> {
    const compiled = this.#requireCompiled();
    const plan = planFit(dataset, options);
    for (const data of [plan.train, plan.validation]) if (data !== null) this.#check(data);
    return await this.#runtime.whileTraining(() => plan.steering.during(() => this.#train(compiled, plan)));
  }

  async #train(compiled: CompileConfiguration, plan: FitPlan): Promise<History> {
    const { configuration, validation, resumeFrom } = plan;
    this.#classNames ??= plan.train.classNames;
    const context = await this.#runtime.context(configuration.seed);
    // A file that is being written ends as it began.
    await context.variables.inTurn(async () => {});
    await context.variables.keepSnapshots();
    const trainee = await createTrainee({
      context,
      compiled,
      version: this.#runtime.version,
      examples: plan.train,
      configuration,
      resumeFrom,
      signal: plan.signal,
      stepsTaken: this.#runtime.stepsTaken,
      validate: async () =>
        validation === null ? null : (await this.#score(compiled, validation, null)).scores,
      describe: () => this.#describe(),
    });
    try {
      return await train(trainee, plan);
    } finally {
      this.#runtime.stepsTaken = trainee.stepsTaken;
    }
  }

  /**
   * Loss and metrics over all examples of a dataset, each counting once.
   *
   * @throws DataError or ShapeError for data that do not suit the model
   */
  async evaluate(dataset: ExampleSource, options: BatchOptions = {}): Promise<EvaluationResult> {
    const compiled = this.#requireCompiled();
    this.#check(dataset);
    const { scores } = await this.#score(compiled, dataset, readBatchSize(options, "evaluate"));
    return { ...scores, examples: dataset.labels.data.length };
  }

  /** {@link evaluate} and, from the same pass, what {@link predictClasses} gives. */
  async evaluateClasses(
    dataset: ExampleSource,
    options: BatchOptions = {},
  ): Promise<{ readonly result: EvaluationResult; readonly classes: Int32Array }> {
    const compiled = this.#requireCompiled();
    this.#check(dataset);
    const batchSize = readBatchSize(options, "evaluateClasses");
    const { scores, classes } = await this.#score(compiled, dataset, batchSize, true);
    return { result: { ...scores, examples: classes.length }, classes };
  }

  async #score(
    compiled: CompileConfiguration,
    dataset: ExampleSource,
    asked: number | null,
    withClasses = false,
  ): Promise<{ readonly scores: ValidationScores; readonly classes: Int32Array }> {
    const context = await this.#runtime.context();
    const version = this.#runtime.version;
    const most = asked ?? (isImageStream(dataset) ? usualStreamBatch : usualBatchSize);
    const { scores, classes } = await this.#runtime.usualBatch.perform(asked, (batchSize) =>
      evaluateDataset(context, compiled, version, dataset, Math.min(batchSize, most), withClasses),
    );
    return { scores: { loss: scores.loss, ...scores.metrics }, classes };
  }

  /**
   * The model's output for each image, in inference mode: logits for models that end in logits.
   *
   * Shapes: uint8 (preprocessed here) or float32 (taken as it is) [N, ...input shape] -> [N, ...output shape].
   * @throws ShapeError for images that do not suit the model
   */
  async predict(images: Tensor<"uint8" | "float32">, options: BatchOptions = {}): Promise<Tensor<"float32">> {
    return (await this.#predict(images, readBatchSize(options, "predict"), [])).output;
  }

  /**
   * The model's output for the images of a stream, batch after batch, in inference mode. Whatever the number of images, few
   * of them are in memory: those of the batches that are computed or read while the last one is used.
   *
   * @returns for each batch the index of its first image and the output, [n, ...output shape]
   * @throws ShapeError or DataError for images that do not suit the model; what reading the images throws; the signal's
   *   reason when it aborts
   */
  predictBatches(
    stream: ImageStream,
    options: PredictBatchesOptions = {},
  ): AsyncGenerator<PredictedBatch, void, undefined> {
    const { batchSize, signal } = readPredictBatchesOptions(options);
    checkStream(stream, this.inputShape, this.name);
    return predictStream(stream, { runtime: this.#runtime, batchSize, signal });
  }

  /** The class with the greatest output for each image; of equal ones the first. */
  async predictClasses(images: Tensor<"uint8" | "float32">, options: BatchOptions = {}): Promise<Int32Array> {
    return greatestOf(await this.predict(images, options));
  }

  /**
   * Values at taps and outputs of layers by name, in inference mode. A layer that is used several times: of its last
   * use. By the index of a call of the architecture: of that use.
   *
   * @throws OptionError for a name that is neither a tap's nor a layer's
   */
  async activations<Name extends string | number>(
    images: Tensor<"uint8" | "float32">,
    options: ActivationsOptions<Name>,
  ): Promise<Map<Name, Tensor<"float32">>> {
    const taps = options.layers.map((name) => callNamed(this.architecture, name));
    const { taps: values } = await this.#predict(images, readBatchSize(options, "activations"), [
      ...new Set(taps),
    ]);
    const named = options.layers.map((name, index) => [name, values.get(taps[index])] as const);
    return new Map(named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  }

  async #predict(images: Tensor<"uint8" | "float32">, asked: number | null, taps: readonly number[]) {
    checkImages(images, this.inputShape, this.name, "predict");
    const context = await this.#runtime.context();
    return await this.#runtime.usualBatch.perform(asked, (batchSize) =>
      predictImages(context, images, batchSize, taps),
    );
  }

  /**
   * A model that ends at a tap or a layer: the same layers under the same names, with the weights that they have now.
   * Those are copied when the new model needs them, or before this one changes them (of a model that is being trained at
   * once, as the steps that are under way leave them). The new model is not compiled, and has neither classes nor
   * auxiliary heads.
   *
   * @throws OptionError for a name that is neither a tap's nor a layer's
   */
  tap(name: string): Model {
    const end = callNamed(this.architecture, name);
    const architecture = truncate(this.architecture, `${this.name}.${name}`.slice(0, 200), end);
    return new Model({ ...this.#partsOf(architecture), classNames: null });
  }

  /**
   * The same model with no layer that trains: `fit` leaves all its weights and statistics as they are, and does no work
   * to find their gradients. In a larger model, `sequential([features, ...])`, what comes behind it trains.
   *
   * The new model has the weights of this moment, as with {@link tap}, and is not compiled.
   */
  freeze(): Model {
    return new Model(this.#partsOf(frozen(this.architecture)));
  }

  /**
   * The same model with some layers that train again; the others stay as they are. Statistics of batch normalization that
   * {@link freeze} has frozen stay so unless asked for: its factor and offset train alone.
   *
   * The new model has the weights of this moment, as with {@link tap}, and is not compiled.
   *
   * @param stages - `"layer4"` for the layer of that name and all whose names go on with a dot, `"conv*"` for all whose names
   *   begin so, `"*"` for all; or the name of a tap, for the layers between the tap before and it
   * @throws OptionError for a stage that is no layer's and no tap's
   */
  unfreeze(stages: string | readonly string[], options: UnfreezeOptions = {}): Model {
    return new Model(this.#partsOf(unfrozen(this.architecture, stages, options)));
  }

  /** What the model is made of, with the weights of this moment, as with {@link tap}: `new Model(model.parts())` is a copy. */
  parts(): ModelParts {
    return { ...this.#partsOf(this.architecture), compile: this.compiled };
  }

  #partsOf(architecture: Architecture): ModelParts {
    const weights = this.#runtime.snapshot(architecture);
    const { preprocessing, classNames } = this;
    return { architecture, preprocessing, classNames, weights, engine: this.#runtime.engine };
  }

  /** Layers, shapes, parameters and FLOPs, as data and (`toString`) as a table. */
  summary(): ModelSummary {
    return summarize(this.architecture);
  }

  /**
   * How the engine would run a training step (a prediction, before `compile`): operations, algorithms, memory. Nothing
   * is allocated. The batch size is 256 unless another is given.
   *
   * @throws MemoryError when the memory does not hold it, with the largest batch that it would hold
   */
  async plan(options: BatchOptions = {}): Promise<Plan> {
    return await planModel(await this.#planContext(), readBatchSize(options, "plan") ?? usualBatchSize);
  }

  /** Whether the memory that the engine has free would hold what {@link plan} plans. */
  async fits(options: BatchOptions = {}): Promise<boolean> {
    return await modelFits(await this.#planContext(), readBatchSize(options, "fits") ?? usualBatchSize);
  }

  async #planContext() {
    return { engine: await this.#runtime.engineOrDefault(), model: this, compiled: this.#runtime.compiled };
  }

  /**
   * Copies of weights and statistics by name: `conv1.weight`, `bn1.running_mean`.
   *
   * @param names - of those that are wanted; default `null`: all. Names that the model does not have are left out.
   */
  async getWeights(names: readonly string[] | null = null): Promise<Map<string, Tensor>> {
    const state = this.#runtime.state();
    return names === null ? await state.readWeights() : await state.read(names);
  }

  /**
   * Replaces weights and statistics by name; those not given stay. One may also be given as a `LazyTensor`, which is made
   * when the engine takes it.
   *
   * @throws OptionError for an unknown name, ShapeError for a wrong shape; nothing is replaced then
   */
  async setWeights(weights: ReadonlyMap<string, Tensor | LazyTensor>): Promise<void> {
    const state = this.#runtime.state();
    await state.inTurn(() => state.writeWeights(weights));
  }

  /** The model as bytes of a safetensors file; architecture and training configuration are its metadata. */
  async toBytes(): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#runtime.withReader((read) => encodeModel(this.#describe(), this.architecture, read));
  }

  /**
   * Writes a model file; a file that is there stays whole until the new one is.
   *
   * @throws FileError when it cannot be written
   */
  async save(path: string): Promise<void> {
    const piecesOf = (read: (name: string) => Promise<Tensor>) =>
      modelPieces(this.#describe(), this.architecture, read);
    await this.#runtime.withReader((read) => writeFileAtomic(path, piecesOf(read)));
  }

  #describe(): string {
    const { architecture, preprocessing } = this;
    return describeModel({
      architecture,
      preprocessing,
      compile: this.#runtime.compiled,
      classNames: this.#classNames,
    });
  }

  #requireCompiled(): CompileConfiguration {
    const { compiled } = this.#runtime;
    if (compiled === null) throw notCompiled(this.name);
    return compiled;
  }

  #check(dataset: ExampleSource): void {
    checkExamples(dataset, this.inputShape, classesOf(this.architecture), this.name);
  }
}
