import type { FormulaPart } from "../../inspect/index.ts";
import type { Colors } from "./terminal.ts";

/** Colours that tell one reused derivative from the next. */
type Paint = (text: string) => string;

/** Gives each reused derivative its own colour, where it is worked out and wherever it is used again. */
export class Palette {
  readonly #byName: ReadonlyMap<string, Paint>;

  /** @param names - what is used again, in the order in which it is worked out */
  constructor(colors: Colors, names: readonly string[]) {
    const { cyan, magenta, yellow, green, blue, red } = colors;
    const paints: readonly Paint[] = [cyan, magenta, yellow, green, blue, red];
    this.#byName = new Map(names.map((name, index) => [name, paints[index % paints.length]]));
  }

  /** The text in the colour of `name`; as it is when nothing uses that again. */
  paint(name: string, text: string): string {
    return this.#byName.get(name)?.(text) ?? text;
  }
}

/** A piece of a line: how it looks, and how wide it is without its colours. */
export interface Cell {
  readonly text: string;
  readonly width: number;
}

export function plainCell(text: string): Cell {
  return { text, width: [...text].length };
}

/** A formula with what it reuses in brackets and in that derivative's colour. */
export function formulaCell(parts: readonly FormulaPart[], palette: Palette): Cell {
  const bare = parts.map(({ text, reuses }) => (reuses === null ? text : `[${text}]`)).join("");
  const text = parts.map((part) =>
    part.reuses === null ? part.text : palette.paint(part.reuses, `[${part.text}]`),
  );
  return { text: text.join(""), width: [...bare].length };
}

/** Pads cells to a width: spaces behind, or before where numbers stand to the right. */
export function padCell({ text, width }: Cell, to: number, align: "left" | "right" = "left"): string {
  const spaces = " ".repeat(Math.max(0, to - width));
  return align === "left" ? text + spaces : spaces + text;
}

/** Greatest width of a column, up to a limit. */
export function columnWidth(cells: readonly Cell[], limit: number): number {
  return Math.min(
    limit,
    cells.reduce((most, { width }) => Math.max(most, width), 0),
  );
}
