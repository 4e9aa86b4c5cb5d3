import type { FetchProgress } from "../../hub/index.ts";
import { formatBytes, formatSeconds } from "./numbers.ts";
import type { Colors, Terminal } from "./terminal.ts";

/** The shortest time between two drawings of the line, in milliseconds. */
const drawingInterval = 80;
const clearToEnd = "\u001b[K";
const widestBar = 20;
const narrowestBar = 5;

/** What a line shows of a file that is being fetched. */
export interface FileState extends FetchProgress {
  /** Bytes that were there before it began. */
  readonly before: number;
  /** Time since it began. */
  readonly milliseconds: number;
}

/**
 * `resnet50.pth ━━━━━━━━━━━━━━━━━━━━ 45.2 MiB of 97.8 MiB, 12.3 MiB/s, 4s`; of a file whose size is not known, without bar and
 * time. The bar shrinks, and the line is cut, so that it never wraps.
 */
export function fileLine(state: FileState, columns: number, colors: Colors): string {
  const { name, received, total, before, milliseconds } = state;
  const speed = milliseconds === 0 ? 0 : ((received - before) / milliseconds) * 1000;
  const left = total === null || speed === 0 ? "" : `, ${formatSeconds(((total - received) / speed) * 1000)}`;
  const size = total === null ? formatBytes(received) : `${formatBytes(received)} of ${formatBytes(total)}`;
  const text = `${size}, ${formatBytes(Math.round(speed))}/s${left}`;
  const room = columns - 1 - name.length - text.length - 2;
  if (total === null || room < narrowestBar) return `${name} ${text}`.slice(0, columns - 1);
  const width = Math.min(widestBar, room);
  const filled = Math.min(width, Math.floor((received / total) * width));
  return `${name} ${colors.green("━".repeat(filled))}${colors.dim("━".repeat(width - filled))} ${text}`;
}

/** Shows files that are being fetched on standard error: a live line each on a screen, else one line when it begins. */
export class FileProgress {
  readonly #terminal: Terminal;
  #name: string | null = null;
  #before = 0;
  #start = 0;
  #lastDrawing = Number.NEGATIVE_INFINITY;
  #lineIsOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Takes news of a file. */
  readonly show = (progress: FetchProgress): void => {
    const now = performance.now();
    if (progress.name !== this.#name) this.#begin(progress, now);
    const { live, columns, err, errColors } = this.#terminal;
    const isDone = progress.received === progress.total;
    if (!live || (!isDone && now - this.#lastDrawing < drawingInterval)) return;
    this.#lastDrawing = now;
    const state = { ...progress, before: this.#before, milliseconds: now - this.#start };
    err(`\r${fileLine(state, columns(), errColors)}${clearToEnd}`);
    this.#lineIsOpen = true;
  };

  /** Ends a line that is being drawn, so that a message can follow. */
  closeLine(): void {
    if (this.#lineIsOpen) this.#terminal.err("\n");
    this.#lineIsOpen = false;
  }

  #begin({ name, received, total }: FetchProgress, now: number): void {
    this.closeLine();
    this.#name = name;
    this.#before = received;
    this.#start = now;
    this.#lastDrawing = Number.NEGATIVE_INFINITY;
    if (this.#terminal.live) return;
    this.#terminal.err(`Fetching ${name}${total === null ? "" : ` (${formatBytes(total)})`}\n`);
  }
}
