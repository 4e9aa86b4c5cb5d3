import type { Callback, EpochEndEvent, ProgressEvent, Scores, TrainBeginEvent } from "../../train/index.ts";
import { metricsText, type ProgressState, progressLine, timeText } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";

/** The shortest time between two drawings of the line, in milliseconds. */
const drawingInterval = 80;
const carriageReturn = "\r";
const clearToEnd = "\u001b[K";

/**
 * Shows training on standard error in Keras's manner: a heading and a live line an epoch on a screen, one line an epoch
 * where lines cannot be drawn again (a file, a pipe, a log).
 */
export class EpochProgress implements Callback {
  readonly #terminal: Terminal;
  #epochs = 0;
  #lastDrawing = Number.NEGATIVE_INFINITY;
  #stepMilliseconds: number | null = null;
  #lineIsOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly onTrainBegin = ({ epochs, epoch, step }: TrainBeginEvent): void => {
    this.#epochs = epochs;
    // An epoch that is resumed in its middle has no beginning.
    if (step > 0) this.#writeHeading(epoch);
  };

  readonly onEpochBegin = ({ epoch }: { readonly epoch: number }): void => {
    this.#writeHeading(epoch);
  };

  readonly onProgress = (event: ProgressEvent): void => {
    const { step, stepsPerEpoch, elapsedMilliseconds } = event;
    this.#stepMilliseconds = step === 0 ? null : elapsedMilliseconds / step;
    const now = performance.now();
    if (!this.#terminal.live || now - this.#lastDrawing < drawingInterval) return;
    this.#lastDrawing = now;
    this.#draw({
      step,
      steps: stepsPerEpoch,
      milliseconds: elapsedMilliseconds,
      stepMilliseconds: this.#stepMilliseconds,
      metrics: trainingMetrics(event),
    });
  };

  readonly onEpochEnd = (event: EpochEndEvent): void => {
    const state: ProgressState = {
      step: event.step,
      steps: event.step,
      milliseconds: event.milliseconds,
      stepMilliseconds: this.#stepMilliseconds ?? event.milliseconds / event.step,
      metrics: { ...trainingMetrics(event), ...validationMetrics(event) },
    };
    if (this.#terminal.live) {
      this.#draw(state);
      this.closeLine();
    } else {
      const heading = `Epoch ${event.epoch + 1}/${this.#epochs}`;
      this.#terminal.err(`${heading} - ${timeText(state)}${metricsText(state.metrics)}\n`);
    }
  };

  readonly onTrainEnd = (): void => {
    this.closeLine();
  };

  /** Ends a line that is being drawn, so that a message can follow. */
  closeLine(): void {
    if (this.#lineIsOpen) this.#terminal.err("\n");
    this.#lineIsOpen = false;
    this.#lastDrawing = Number.NEGATIVE_INFINITY;
  }

  #writeHeading(epoch: number): void {
    this.#stepMilliseconds = null;
    if (this.#terminal.live) this.#terminal.err(`Epoch ${epoch + 1}/${this.#epochs}\n`);
  }

  #draw(state: ProgressState): void {
    const line = progressLine(state, this.#terminal.columns(), this.#terminal.errColors);
    this.#terminal.err(`${carriageReturn}${line}${clearToEnd}`);
    this.#lineIsOpen = true;
  }
}

/** Accuracy and the like before loss, as Keras prints them. */
function trainingMetrics({ loss, metrics }: Scores): Record<string, number> {
  return { ...metrics, loss };
}

function validationMetrics({ validation }: EpochEndEvent): Record<string, number> {
  if (validation === null) return {};
  const { loss, ...metrics } = validation;
  const named = Object.entries(metrics).map(([name, value]) => [`val_${name}`, value]);
  return { ...Object.fromEntries(named), val_loss: loss };
}
