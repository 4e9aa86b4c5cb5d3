import type { MoveFigures } from "../../inspect/index.ts";
import { formatPercent } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

/** The shortest time between two drawings of the line, in milliseconds. */
const drawingInterval = 80;

/** Which moves a model has been tried on, as a line that is drawn again and again on a screen; elsewhere nothing is shown. */
export class MoveProgress {
  readonly #terminal: Terminal;
  readonly #model: string;
  readonly #moves: number;
  #done = 0;
  #lastDrawing = Number.NEGATIVE_INFINITY;
  #lineIsOpen = false;

  constructor(terminal: Terminal, model: string, maxShift: number) {
    this.#terminal = terminal;
    this.#model = model;
    this.#moves = (2 * maxShift + 1) ** 2;
  }

  readonly show = ({ dx, dy, accuracy }: MoveFigures): void => {
    // Of many images each move is told of several times.
    this.#done = (this.#done % this.#moves) + 1;
    const now = performance.now();
    if (!this.#terminal.live || now - this.#lastDrawing < drawingInterval) return;
    this.#lastDrawing = now;
    const move = `${dx}, ${dy}: ${formatPercent(accuracy)} right`;
    this.#terminal.err(`\r${this.#model}: move ${this.#done}/${this.#moves}, ${move}\u001b[K`);
    this.#lineIsOpen = true;
  };

  /** Takes the line away, so that a message can follow. */
  closeLine(): void {
    if (this.#lineIsOpen) this.#terminal.err("\r\u001b[K");
    this.#lineIsOpen = false;
  }
}
