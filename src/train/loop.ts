import { RandomStream, type Tensor, TrainingError, threefry2x32 } from "../tensor/index.ts";
import { type Callback, callbackOrder, handEvent, stateKeys, type TrainingControl } from "./callback.ts";
import { type Checkpoint, encodeCheckpoint } from "./checkpoint.ts";
import { ChunkSize } from "./chunk-size.ts";
import type { EndReason, EpochRecord, History, RateChange, TrainingEvent } from "./events.ts";
import { EpochMeans } from "./means.ts";
import { pause } from "./pause.ts";
import { Steering } from "./run-control.ts";
import type { StepInput, StepResult, Trainee } from "./trainee.ts";
import type { RunConfiguration } from "./training-state.ts";

/** What a training run needs beside its trainee. */
export interface TrainingOptions {
  readonly configuration: RunConfiguration;
  /** The order of the examples in an epoch. */
  readonly orderOf: (epoch: number) => Int32Array;
  readonly callbacks: readonly Callback[];
  /** Stops training after the steps that are running; its reason is then `interrupted`. */
  readonly signal: AbortSignal | null;
  /** By which the run is paused and its learning rate set; its own signal must be in `signal`. Default: nobody does. */
  readonly steering?: Steering;
  /** Where to go on; the trainee's variables are replaced by the checkpoint's. */
  readonly resumeFrom: Checkpoint | null;
}

interface Chunk {
  readonly steps: readonly StepInput[];
  readonly results: Promise<readonly StepResult[]>;
}

/**
 * Trains: epochs of steps, validation, events. Everything random is a function of (seed, epoch, step, example), so a
 * run that is stopped anywhere and resumed ends with the very weights of one that is not.
 *
 * @throws TrainingError when the loss is not a number any more
 */
export async function train(trainee: Trainee, options: TrainingOptions): Promise<History> {
  return await new TrainingRun(trainee, options).run();
}

class TrainingRun {
  readonly #trainee: Trainee;
  readonly #configuration: RunConfiguration;
  readonly #options: TrainingOptions;
  readonly #callbacks: readonly Callback[];
  readonly #control: TrainingControl;
  readonly #steering: Steering;
  readonly #stepKeys: RandomStream;
  readonly #chunkSize: ChunkSize;
  readonly #stepsPerEpoch: number;
  readonly #history: EpochRecord[] = [];
  readonly #means: EpochMeans;
  #epoch = 0;
  #step = 0;
  readonly #rateChanges: RateChange[] = [];
  /** Of the last step that is done. */
  #lastRate: number | null = null;
  #ended: EndReason | null = null;
  #stopReason: EndReason | null = null;
  /** Why training cannot go on: the state is one that nobody should keep. */
  #failure: TrainingError | null = null;
  /** Of the steps that no progress event has told of yet. */
  #losses: number[] = [];
  #inFlight: Chunk[] = [];
  #nextOrder: { readonly epoch: number; readonly order: Int32Array } | null = null;
  /** When the epoch began, moved back by the time that it took before a resume. */
  #epochStart = 0;
  /** When this run took the epoch up, and how long the engine had been busy by then. */
  #taken = { time: 0, busyMilliseconds: 0 };
  #lastChunkEnd = 0;

  constructor(trainee: Trainee, options: TrainingOptions) {
    const { configuration, callbacks, steering = new Steering() } = options;
    this.#trainee = trainee;
    this.#options = options;
    this.#configuration = configuration;
    this.#callbacks = callbackOrder(callbacks);
    this.#steering = steering;
    this.#control = this.#createControl();
    this.#stepKeys = new RandomStream(configuration.seed).split("step");
    this.#chunkSize = new ChunkSize(trainee.maximumSteps);
    this.#stepsPerEpoch = Math.ceil(configuration.examples / configuration.batchSize);
    this.#means = new EpochMeans(trainee.metricNames);
  }

  async run(): Promise<History> {
    const { epochs, examples, batchSize } = this.#configuration;
    this.#epochStart = performance.now();
    if (this.#options.resumeFrom !== null) await this.#restore(this.#options.resumeFrom);
    this.#steering.position = this.#position();
    await this.#emit({
      type: "trainBegin",
      model: this.#trainee.name,
      examples,
      epochs,
      batchSize,
      stepsPerEpoch: this.#stepsPerEpoch,
      epoch: this.#epoch,
      step: this.#step,
    });
    try {
      while (this.#epoch < epochs && !this.#stopping()) await this.#runEpoch();
    } finally {
      // After an error nothing may run on that nobody waits for.
      await Promise.allSettled(this.#inFlight.map(({ results }) => results));
    }
    const reason = this.#stopReason ?? "completed";
    this.#ended = reason;
    const position = { epoch: this.#epoch, step: this.#step };
    await this.#emit({ type: "trainEnd", reason, ...position, history: [...this.#history] });
    await this.#trainee.finish();
    return { reason, ...position, epochs: this.#history, rateChanges: this.#rateChanges };
  }

  #position() {
    return { epoch: this.#epoch, step: this.#step, stepsTaken: this.#trainee.stepsTaken };
  }

  /** Whether to end: told so, aborted, or resumed from a run that had already stopped itself. */
  #stopping(): boolean {
    if (this.#stopReason === null && this.#options.signal?.aborted === true) this.#stopReason = "interrupted";
    return this.#stopReason !== null;
  }

  async #runEpoch(): Promise<void> {
    const epoch = this.#epoch;
    if (this.#step === 0) {
      this.#epochStart = performance.now();
      await this.#emit({ type: "epochBegin", epoch });
    }
    this.#taken = { time: performance.now(), busyMilliseconds: this.#trainee.busyMilliseconds };
    await this.#runSteps(this.#takeOrder(epoch));
    if (this.#step < this.#stepsPerEpoch) return;
    const validation = await this.#trainee.validate();
    const record: EpochRecord = {
      epoch,
      ...this.#means.scores(),
      validation,
      learningRate: this.#rateOfLastStep(),
      milliseconds: performance.now() - this.#epochStart,
    };
    this.#history.push(record);
    this.#epoch++;
    this.#step = 0;
    this.#means.reset();
    this.#steering.position = this.#position();
    await this.#emit({ type: "epochEnd", step: this.#stepsPerEpoch, ...record });
  }

  /** The order of an epoch: drawn ahead if it was. */
  #takeOrder(epoch: number): Int32Array {
    const order = this.#nextOrder?.epoch === epoch ? this.#nextOrder.order : this.#options.orderOf(epoch);
    this.#nextOrder = null;
    return order;
  }

  /** Draws the next epoch's order while the engine is busy, so that it need not wait for it. */
  #drawAhead(): void {
    const epoch = this.#epoch + 1;
    if (this.#nextOrder !== null || epoch >= this.#configuration.epochs) return;
    this.#nextOrder = { epoch, order: this.#options.orderOf(epoch) };
  }

  /** Runs the rest of an epoch's steps, a few chunks ahead; on a stop only those that are in flight. */
  async #runSteps(order: Int32Array): Promise<void> {
    this.#lastChunkEnd = performance.now();
    let submitted = this.#step;
    for (;;) {
      while (
        this.#inFlight.length < this.#trainee.runsInFlight &&
        submitted < this.#stepsPerEpoch &&
        this.#steering.allowedSteps > 0 &&
        !this.#stopping()
      ) {
        submitted += this.#submit(order, submitted);
      }
      if (this.#inFlight.length === 0) {
        if (submitted === this.#stepsPerEpoch || this.#stopping()) return;
        await this.#holdUp();
        continue;
      }
      this.#drawAhead();
      await this.#finishChunk();
      await this.#emitProgress();
      // An engine without threads would keep timers, signals and the page waiting.
      await pause();
    }
  }

  /** Waits while the run is paused. The time that goes by meanwhile is nobody's. */
  async #holdUp(): Promise<void> {
    const begin = performance.now();
    await this.#steering.holdUp(this.#options.signal);
    const end = performance.now();
    this.#epochStart += end - begin;
    this.#taken.time += end - begin;
    this.#lastChunkEnd = end;
  }

  /** Gives the engine the next chunk: steps of one batch size. Returns their number. */
  #submit(order: Int32Array, first: number): number {
    const { batchSize, examples } = this.#configuration;
    const fullSteps = Math.floor(examples / batchSize);
    const most = Math.min(this.#chunkSize.steps, this.#steering.allowedSteps);
    const count = first < fullSteps ? Math.min(most, fullSteps - first) : 1;
    this.#noteRate(first);
    const steps = Array.from({ length: count }, (_, offset): StepInput => {
      const step = first + offset;
      const globalStep = this.#trainee.stepsTaken + (step - this.#step);
      return {
        indices: order.slice(step * batchSize, Math.min((step + 1) * batchSize, examples)),
        key: threefry2x32(this.#stepKeys.key, globalStep >>> 0, Math.floor(globalStep / 2 ** 32)),
        globalStep,
        learningRate: this.#rateAt(globalStep),
      };
    });
    const results = this.#trainee.run(steps);
    // It may fail before its turn to be waited for has come.
    results.catch(() => {});
    this.#inFlight.push({ steps, results });
    this.#steering.spend(count);
    return count;
  }

  /** Keeps from which step on another learning rate holds than before. */
  #noteRate(step: number): void {
    const { learningRate } = this.#steering;
    if (learningRate === (this.#rateChanges.at(-1)?.learningRate ?? null)) return;
    const globalStep = this.#trainee.stepsTaken + (step - this.#step);
    this.#rateChanges.push({ epoch: this.#epoch, step, globalStep, learningRate });
  }

  /** Waits for the oldest chunk in flight and counts its results. */
  async #finishChunk(): Promise<void> {
    const [chunk] = this.#inFlight;
    if (chunk === undefined) return;
    const results = await chunk.results;
    // A checkpoint that was asked for meanwhile may have counted it.
    if (this.#inFlight[0] !== chunk) return;
    this.#inFlight.shift();
    const { batchSize, examples } = this.#configuration;
    for (const [index, result] of results.entries()) {
      if (!Number.isFinite(result.loss)) await this.#failAt(result.loss);
      this.#losses.push(result.loss);
      this.#means.add(result, Math.min(batchSize, examples - this.#step * batchSize));
      this.#step++;
      this.#trainee.stepsTaken++;
      this.#lastRate = chunk.steps[index].learningRate;
    }
    this.#steering.position = this.#position();
    const now = performance.now();
    if (results.length > 0) this.#chunkSize.observe(chunk.steps.length, now - this.#lastChunkEnd);
    this.#lastChunkEnd = now;
  }

  /** Ends training; who listens gets to know first how it came to that. */
  async #failAt(loss: number): Promise<never> {
    this.#failure = notFinite(`the loss is ${loss}`, this.#epoch, this.#step, this.#stepsPerEpoch);
    await this.#emitProgress();
    throw this.#failure;
  }

  async #emitProgress(): Promise<void> {
    const losses = this.#losses;
    this.#losses = [];
    await this.#emit({
      type: "progress",
      epoch: this.#epoch,
      step: this.#step,
      stepsPerEpoch: this.#stepsPerEpoch,
      losses,
      learningRate: this.#rateOfLastStep(),
      ...this.#means.scores(),
      elapsedMilliseconds: performance.now() - this.#epochStart,
      engineBusy: this.#engineBusy(),
    });
  }

  #engineBusy(): number {
    const elapsed = performance.now() - this.#taken.time;
    const busy = this.#trainee.busyMilliseconds - this.#taken.busyMilliseconds;
    return elapsed > 0 ? Math.min(1, busy / elapsed) : 0;
  }

  async #emit(event: TrainingEvent): Promise<void> {
    for (const callback of this.#callbacks) await handEvent(callback, event, this.#control);
  }

  #rateAt(globalStep: number): number {
    return this.#steering.learningRate ?? this.#trainee.scheduledLearningRate(globalStep);
  }

  #rateOfLastStep(): number {
    return this.#lastRate ?? this.#rateAt(Math.max(0, this.#trainee.stepsTaken - 1));
  }

  #createControl(): TrainingControl {
    const run = this;
    return {
      stop: () => {
        run.#stopReason ??= "stoppedEarly";
      },
      get learningRate() {
        return run.#rateAt(run.#trainee.stepsTaken);
      },
      set learningRate(rate: number) {
        run.#steering.learningRate = rate;
      },
      saveCheckpoint: (reason = "callback") => run.#saveCheckpoint(reason),
      readWeights: () => run.#trainee.readWeights(),
      writeWeights: (weights) => run.#trainee.writeVariables(weights),
    };
  }

  async #saveCheckpoint(reason: string): Promise<Uint8Array<ArrayBuffer>> {
    // The variables are those after all steps that were given to the engine: count these steps first.
    while (this.#inFlight.length > 0) await this.#finishChunk();
    if (this.#failure !== null) throw this.#failure;
    const variables = await this.#trainee.readVariables();
    this.#checkVariables(variables);
    const bytes = encodeCheckpoint({
      model: this.#trainee.describe(),
      training: {
        configuration: this.#configuration,
        epoch: this.#epoch,
        step: this.#step,
        globalStep: this.#trainee.stepsTaken,
        sums: this.#means.sums(),
        milliseconds: this.#step === 0 ? 0 : performance.now() - this.#epochStart,
        learningRate: this.#steering.learningRate,
        rateChanges: this.#rateChanges,
        ended: this.#ended ?? this.#stopReason,
        history: this.#history,
      },
      variables,
      callbacks: this.#callbackStates(),
    });
    await this.#emit({ type: "checkpoint", reason, epoch: this.#epoch, step: this.#step });
    return bytes;
  }

  /** The last update may have spoiled the weights though its loss was still a number: never save that. */
  #checkVariables(variables: ReadonlyMap<string, Tensor>): void {
    for (const [name, { data }] of variables) {
      if (!allFinite(data)) {
        throw notFinite(`"${name}" holds NaN or infinity`, this.#epoch, this.#step, this.#stepsPerEpoch);
      }
    }
  }

  #callbackStates(): Checkpoint["callbacks"] {
    const keys = stateKeys(this.#callbacks);
    const states = this.#callbacks.flatMap((callback, index) => {
      const key = keys[index];
      const state = callback.state?.();
      return key === null || state === undefined ? [] : [[key, state] as const];
    });
    return new Map(states);
  }

  async #restore({ training, variables, callbacks }: Checkpoint): Promise<void> {
    await this.#trainee.writeVariables(variables);
    this.#trainee.stepsTaken = training.globalStep;
    this.#epoch = training.epoch;
    this.#step = training.step;
    this.#steering.restoreLearningRate(training.learningRate);
    this.#rateChanges.push(...training.rateChanges);
    this.#history.push(...training.history);
    this.#means.restore(training.sums);
    this.#epochStart = performance.now() - training.milliseconds;
    // An early stop is final; an interruption is what a resume undoes, and more epochs may follow the last.
    if (training.ended === "stoppedEarly") this.#stopReason = "stoppedEarly";
    const keys = stateKeys(this.#callbacks);
    for (const [index, callback] of this.#callbacks.entries()) {
      const state = callbacks.get(keys[index] ?? "");
      if (state !== undefined) callback.restore?.(state);
    }
  }
}

/** Whether all values are numbers: x - x is 0 for them, and NaN for NaN and infinity. A plain loop: weights are many. */
function allFinite(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (values[index] - values[index] !== 0) return false;
  return true;
}

function notFinite(what: string, epoch: number, step: number, stepsPerEpoch: number): TrainingError {
  return new TrainingError(what, {
    where: `epoch ${epoch + 1}, step ${step + 1} of ${stepsPerEpoch}`,
    hint: "Try a lower learning rate or clipped gradients (clipNorm: 1, --clip-norm 1), and check the data for values out of range.",
  });
}
