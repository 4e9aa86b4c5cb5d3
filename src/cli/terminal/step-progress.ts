import type { Terminal } from "./terminal.ts";

/** The shortest time between two drawings of the line, in milliseconds. */
const drawingInterval = 80;

/** How far named work is, as a line that is drawn again and again on a screen; elsewhere nothing is shown. */
export class StepProgress {
  readonly #terminal: Terminal;
  #lastDrawing = Number.NEGATIVE_INFINITY;
  #lineIsOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(what: string, done: number, total: number): void {
    const now = performance.now();
    if (!this.#terminal.live || now - this.#lastDrawing < drawingInterval) return;
    this.#lastDrawing = now;
    this.#terminal.err(`\r${what} ${done}/${total}\u001b[K`);
    this.#lineIsOpen = true;
  }

  /** Ends the line, so that a message can follow. */
  closeLine(): void {
    if (this.#lineIsOpen) this.#terminal.err("\r\u001b[K");
    this.#lineIsOpen = false;
  }
}
