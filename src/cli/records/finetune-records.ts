import type { FinetuneEvent, FinetuneResult } from "../../reuse/index.ts";
import type { EpochRecord } from "../../train/index.ts";
import type { RunFolder } from "../../train/run-folder.ts";

/** When a run began, and with what it is made. */
interface Beginning {
  readonly began: Date;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Keeps in a run's folder what is to be known of a classifier made of photos: `metrics.jsonl` with a line for the beginning, each
 * epoch as it ends, what is kept of them, the end and the judgement. Its parts are trained one behind the other, the last layer
 * ("head"), several times, and what was unfrozen ("unfreeze"): each counts its own epochs. At the end the epochs that lead to the
 * result are written for TensorBoard, too.
 */
export class FinetuneRecorder {
  readonly #run: RunFolder;
  readonly #beginning: Beginning;
  /** Lines are written one behind the other, while the work goes on. */
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #epoch = 0;

  constructor(run: RunFolder, beginning: Beginning) {
    this.#run = run;
    this.#beginning = beginning;
  }

  readonly tell = (event: FinetuneEvent): void => {
    if (event.type === "split") {
      const { began, versions } = this.#beginning;
      const examples = event.counts.reduce((sum, { train }) => sum + train, 0);
      this.#record({ type: "trainBegin", epoch: -1, examples, time: began.toISOString(), versions });
    } else if (event.type === "learning" && event.event.type === "epochEnd") {
      const { phase, attempt } = event;
      this.#epoch = event.event.epoch;
      this.#record({ type: "epochEnd", phase, attempt, ...figuresOf(event.event) });
    } else if (event.type === "kept") {
      const { phase, attempt, epoch } = event;
      this.#record({ type: "kept", phase, attempt, epoch });
    }
  };

  /** Writes what came of it. @throws FileError when that, or a line before, could not be written */
  async finish({ head, unfrozen, test, timings }: FinetuneResult): Promise<void> {
    // Most of it goes by before the first epoch.
    const milliseconds = Math.round(timings.reduce((sum, timing) => sum + timing.milliseconds, 0));
    this.#end("completed", head.epochs.length, { milliseconds });
    if (test !== null) {
      const { accuracy, loss, examples } = test;
      this.#record({ type: "test", epoch: head.bestEpoch, accuracy, loss, examples });
    }
    await this.#written();
    await showEpochs(this.#run, { head: head.epochs, unfreeze: unfrozen?.epochs ?? [] });
  }

  /** Writes that it was stopped. */
  async stopped(): Promise<void> {
    this.#end("interrupted", this.#epoch, {});
    await this.#written();
  }

  #end(reason: string, epoch: number, more: Readonly<Record<string, number>>): void {
    this.#record({ type: "trainEnd", reason, epoch, time: new Date().toISOString(), ...more });
  }

  #record(record: Parameters<RunFolder["record"]>[0]): void {
    this.#writing = this.#writing
      .then(() => this.#run.record(record))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
  }

  async #written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure.error;
  }
}

function figuresOf({ epoch, loss, metrics, validation, learningRate, milliseconds }: EpochRecord) {
  return { epoch, loss, ...metrics, validation, learningRate, milliseconds: Math.round(milliseconds) };
}

async function showEpochs(
  run: RunFolder,
  phases: Readonly<Record<string, readonly EpochRecord[]>>,
): Promise<void> {
  const events = await run.beginEvents(0);
  for (const [phase, epochs] of Object.entries(phases)) {
    for (const { epoch, loss, metrics, validation, learningRate } of epochs) {
      const values = Object.entries({ loss, ...metrics }).flatMap(([name, value]) => [
        [`${name}/${phase}/train`, value] as const,
        [`${name}/${phase}/validation`, validation?.[name]] as const,
      ]);
      events.scalars(epoch + 1, { ...Object.fromEntries(values), [`learning_rate/${phase}`]: learningRate });
    }
  }
  await events.flush();
}
