import { formatCount, formatSeconds } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";

/** The shortest time between two drawings of the line, in milliseconds. */
const drawingInterval = 80;
const widestBar = 20;

/** How far photos are, as a line that is drawn again and again on a screen; elsewhere nothing is shown until the end. */
export class PhotoProgress {
  readonly #terminal: Terminal;
  readonly #begin = performance.now();
  #lastDrawing = Number.NEGATIVE_INFINITY;
  #lineIsOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly show = ({ done, photos, cached }: { done: number; photos: number; cached: number }): void => {
    const now = performance.now();
    if (!this.#terminal.live || (done < photos && now - this.#lastDrawing < drawingInterval)) return;
    this.#lastDrawing = now;
    const { green, dim } = this.#terminal.errColors;
    const filled = Math.floor((done / Math.max(1, photos)) * widestBar);
    const spent = now - this.#begin;
    const time = done < photos ? (spent / Math.max(1, done)) * (photos - done) : spent;
    const kept = cached === 0 ? "" : `, ${formatCount(cached)} from the cache`;
    const bar = `${green("━".repeat(filled))}${dim("━".repeat(widestBar - filled))}`;
    const line = `${formatCount(done)}/${formatCount(photos)} photos ${bar} ${formatSeconds(time)}${kept}`;
    this.#terminal.err(`\r${line}\u001b[K`);
    this.#lineIsOpen = true;
  };

  /** Ends a line that is being drawn, so that a message can follow. */
  closeLine(): void {
    if (this.#lineIsOpen) this.#terminal.err("\n");
    this.#lineIsOpen = false;
  }
}
