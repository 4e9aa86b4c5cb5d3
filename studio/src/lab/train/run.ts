import { transfer } from "comlink";
import { data, type EpochRecord, type RunControl, runControl, type TrainingEvent } from "fovea";
import { messageOf } from "../../errors.ts";
import { engineOf } from "../engine.ts";
import { keepModel, noteWork } from "../models.ts";
import { dataOf } from "./data.ts";
import { networkModel } from "./network.ts";
import { fitOptionsOf, optimizerOf } from "./settings.ts";
import type { NetworkSpec, RunInfo, RunResult, RunSettings, RunUpdate } from "./types.ts";

/** Between two updates of the page: what the eye still takes as motion. */
const updateMilliseconds = 100;
/** Points of the loss that one update brings at most. */
const mostPoints = 16;
/** Share of the smoothed loss that a step keeps. */
const smoothing = 0.95;
/** For how long the speed looks back. */
const speedMilliseconds = 1000;

/** What is trained on what. */
export interface RunRequest {
  readonly dataId: string;
  readonly network: NetworkSpec;
  readonly settings: RunSettings;
  /** For the lab's list of models. */
  readonly modelName: string;
  /** Steps after which it pauses; `null`: it goes on. */
  readonly steps: number | null;
}

type OnUpdate = (update: RunUpdate) => unknown;
type OnEnd = (result: RunResult) => unknown;

/** What the page is told of a run: gathered at each chunk of steps, sent at a pace that it can draw. */
class Report {
  readonly #control: RunControl;
  readonly #batchSize: number;
  readonly #send: OnUpdate;
  #losses: number[] = [];
  #smoothed: number[] = [];
  #epochs: EpochRecord[] = [];
  #steps = 0;
  #average = 0;
  #weight = 0;
  #learningRate: number | null = null;
  #speed = { images: 0, milliseconds: 0 };
  #elapsed = 0;
  #before = 0;
  /** What the page was told last, and whether it has taken it. */
  #told = "";
  #sending = false;
  readonly #timer = setInterval(() => this.send(), updateMilliseconds);

  constructor(control: RunControl, batchSize: number, send: OnUpdate) {
    this.#control = control;
    this.#batchSize = batchSize;
    this.#send = send;
  }

  take(event: TrainingEvent): void {
    if (event.type === "progress") {
      const elapsed = event.elapsedMilliseconds - this.#elapsed;
      this.#elapsed = event.elapsedMilliseconds;
      this.#learningRate = event.learningRate;
      const kept = Math.exp(-elapsed / speedMilliseconds);
      this.#speed.images = this.#speed.images * kept + event.losses.length * this.#batchSize;
      this.#speed.milliseconds = this.#speed.milliseconds * kept + elapsed;
      for (const loss of event.losses) this.#takeLoss(loss);
    }
    if (event.type === "epochEnd") {
      const { type, step, ...record } = event;
      this.#epochs.push(record);
      this.#before += record.milliseconds;
      this.#elapsed = 0;
    }
  }

  #takeLoss(loss: number): void {
    this.#steps++;
    // An average that begins with the first loss, not with 0 (as Adam's moments are corrected).
    this.#average = smoothing * this.#average + (1 - smoothing) * loss;
    this.#weight = smoothing * this.#weight + (1 - smoothing);
    this.#losses.push(loss);
    this.#smoothed.push(this.#average / this.#weight);
  }

  /** Sends what is new, unless the page is still about the last update. */
  send(): void {
    const { state, position } = this.#control;
    const now = JSON.stringify([state, position, this.#epochs.length]);
    if (this.#sending || now === this.#told) return;
    this.#told = now;
    this.#sending = true;
    const update = this.#update();
    const sent = this.#send(
      transfer(update, [update.losses.buffer, update.steps.buffer, update.smoothed.buffer]),
    );
    void Promise.resolve(sent).finally(() => {
      this.#sending = false;
    });
  }

  #update(): RunUpdate {
    const { state, position } = this.#control;
    const [losses, smoothed, epochs] = [this.#losses, this.#smoothed, this.#epochs];
    [this.#losses, this.#smoothed, this.#epochs] = [[], [], []];
    const first = this.#steps - losses.length;
    const stretch = Math.max(1, Math.ceil(losses.length / mostPoints));
    const count = Math.ceil(losses.length / stretch);
    const endOf = (point: number) => Math.min(losses.length, (point + 1) * stretch);
    const points = Array.from({ length: count }, (_, point) => {
      const part = losses.slice(point * stretch, endOf(point));
      return part.reduce((sum, loss) => sum + loss, 0) / part.length;
    });
    return {
      state,
      position,
      losses: Float32Array.from(points),
      steps: Float32Array.from(points, (_, point) => first + endOf(point)),
      smoothed: Float32Array.from(points, (_, point) => smoothed[endOf(point) - 1]),
      learningRate: this.#learningRate,
      imagesPerSecond:
        this.#speed.milliseconds > 0 ? (1000 * this.#speed.images) / this.#speed.milliseconds : 0,
      epochs,
      milliseconds: this.#before + this.#elapsed,
    };
  }

  /** Sends the rest, however busy the page is. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#sending = false;
    this.#told = "";
    await this.#send(this.#update());
  }
}

const controls = new Map<string, RunControl>();
let count = 0;

/** The control of a run. @throws Error when there is none of this id */
export function controlOf(id: string): RunControl {
  const control = controls.get(id);
  if (control === undefined) throw new Error("This run is over.");
  return control;
}

/**
 * Begins a run, which goes on by itself.
 *
 * @param onUpdate - gets what is new some ten times a second
 * @param onEnd - gets what became of it
 * @throws what the library says of a network, data or options that do not suit each other
 */
export async function startRun(request: RunRequest, onUpdate: OnUpdate, onEnd: OnEnd): Promise<RunInfo> {
  const { dataId, network, settings, modelName, steps } = request;
  const { info, train, validation } = dataOf(dataId);
  const { limit } = settings;
  const examples = limit === 0 || limit >= info.trainCount ? train : data.take(train, limit);
  const model = networkModel(network, info.imageShape, info.classes.length);
  const stepsPerEpoch = Math.ceil(data.countOf(examples) / settings.batchSize);
  const engine = await engineOf(settings.precision, settings.threads);
  model.compile({
    engine,
    optimizer: optimizerOf(settings, stepsPerEpoch * settings.epochs),
    metrics: ["accuracy"],
  });
  count++;
  const id = `run-${count}`;
  const { id: modelId, parameters } = keepModel(model, { name: modelName, origin: "in training" });
  noteWork(model, "changing");
  const control = runControl();
  controls.set(id, control);
  if (steps !== null) control.step(steps);
  const report = new Report(control, settings.batchSize, onUpdate);
  const running = model.fit(examples, {
    ...fitOptionsOf(settings),
    validationData: validation,
    control,
    callbacks: [
      {
        onEvent: (event) => report.take(event),
        // By now the model has the names of the classes.
        onTrainBegin: () => void keepModel(model, { id: modelId, name: modelName, origin: "in training" }),
      },
    ],
  });
  void running
    .then(
      ({ reason, rateChanges }): RunResult => ({ reason, rateChanges, message: null }),
      (error): RunResult => ({ reason: "failed", rateChanges: [], message: messageOf(error) }),
    )
    .then(async (result) => {
      controls.delete(id);
      keepModel(model, { id: modelId, name: modelName, origin: endings[result.reason] });
      noteWork(model, "changed");
      await report.end();
      await onEnd(result);
    });
  const { threads, kernels } = engine;
  return { id, modelId, modelName, parameters, stepsPerEpoch, threads, kernels: kernels.variant };
}

const endings: { readonly [R in RunResult["reason"]]: string } = {
  completed: "trained here",
  stoppedEarly: "trained here",
  interrupted: "trained here, stopped",
  failed: "trained here, failed",
};
