import pc from "picocolors";

/** Colours for one stream; they do nothing where the stream does not show any. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Where commands write: results to `out` (standard output), progress and messages to `err` (standard error). */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `err` is a screen on which a line can be drawn again. */
  readonly live: boolean;
  /** Width of the screen in characters. */
  readonly columns: () => number;
  /** Colours of `out` and of `err`. */
  readonly outColors: Colors;
  readonly errColors: Colors;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  const { TERM } = process.env;
  // A reader that has seen enough (`fovea ... | head`) is no failure.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    const hint = "Free some space on its disk, or send the output elsewhere.";
    stderr.write(`fovea: standard output: it cannot be written (${error.message}). ${hint}\n`);
    process.exit(1);
  });
  stderr.on("error", () => {});
  return {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    live: stderr.isTTY === true && TERM !== "dumb",
    // Some terminals do not know their width, and say 0.
    columns: () => stderr.columns || stdout.columns || defaultColumns,
    outColors: pc.createColors(showsColors(stdout.isTTY === true)),
    errColors: pc.createColors(showsColors(stderr.isTTY === true)),
  };
}

const defaultColumns = 80;

/** NO_COLOR and FORCE_COLOR (no-color.org, force-color.org) win over what the stream is. */
function showsColors(isScreen: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return isScreen && TERM !== "dumb";
}

/** Prints the one JSON document of a command. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}
