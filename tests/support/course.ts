/**
 * A guide as a program: its commands in order, what each is to print, and the numbers in its sentences. Of docs/course.md all
 * commands run, of docs/seeing.md those whose output is shown: the others are about files of the reader's.
 *
 * - A block `sh` holds commands, one a line. A block `js NAME` is a file of that name.
 * - A block `text` is what the commands of the `sh` block before it print to standard output. `from=N` and `to=N` show those lines of
 *   it alone, counted from 1, or from the end where they are below 0. `about=N` says that numbers depend on the machine's arithmetic: numbers with a % may differ by N, other numbers
 *   with a point by 10 N % of themselves.
 * - Times are shown as an ellipsis: they are never the same.
 */

/** A block of the guide. */
export interface CourseBlock {
  readonly kind: "sh" | "js" | "text";
  /** What stands behind the kind. */
  readonly info: string;
  readonly code: string;
  /** Line of its first line in the guide. */
  readonly line: number;
}

/** How output is shown and compared. */
export interface ShownOutput {
  readonly from: number | null;
  readonly to: number | null;
  /** Null where numbers must be the same. */
  readonly about: number | null;
}

const blockPattern = /^```(sh|js|text)([^\n]*)\n(.*?)^```$/gms;

/** All blocks, in order. */
export function courseBlocks(text: string): CourseBlock[] {
  return [...text.matchAll(blockPattern)].map(({ 0: whole, 1: kind, 2: info = "", 3: code = "", index }) => {
    if (kind !== "sh" && kind !== "js" && kind !== "text") throw new Error(`unknown block ${whole}`);
    return { kind, info: info.trim(), code, line: text.slice(0, index).split("\n").length + 1 };
  });
}

/** Blocks to be run: all, or the commands alone whose output is shown. */
export function runningBlocks(blocks: readonly CourseBlock[], which: "all" | "shown"): CourseBlock[] {
  return blocks.filter(({ kind }, index) =>
    which === "all" ? kind !== "text" : kind === "sh" && blocks[index + 1]?.kind === "text",
  );
}

/** The commands of a block: comments are left out, and lines that end in a backslash go on. */
export function commandsOf({ code }: CourseBlock): string[] {
  return code
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** What stands behind ```text. @throws for an unknown word */
export function shownOf({ info }: CourseBlock): ShownOutput {
  const known = { from: null, to: null, about: null } as Record<string, number | null>;
  for (const word of info.split(/\s+/).filter(Boolean)) {
    const [, name = "", value = ""] = /^(from|to|about)=(-?[\d.]+)$/.exec(word) ?? [];
    if (!(name in known)) throw new Error(`"${word}" is not known behind \`\`\`text`);
    known[name] = Number(value);
  }
  return { from: known["from"] ?? null, to: known["to"] ?? null, about: known["about"] ?? null };
}

const timePattern = /(?<![\w.])\d+(\.\d+)?\s?(ms|s|min)(\/step)?(?![\w/'(])/g;

/** Output as the guide shows it. */
export function shownOutput(output: string, { from, to }: ShownOutput): string {
  const lines = output
    .replaceAll(timePattern, "…")
    .replaceAll(/[ \t]+$/gm, "")
    .replace(/\n+$/, "")
    .split("\n");
  const begin = from === null ? 0 : from < 0 ? from : from - 1;
  const end = to === null || to === -1 ? lines.length : to < 0 ? to + 1 : to;
  return `${lines.slice(begin, end).join("\n")}\n`;
}

const numberPattern = /[-−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?/g;

/**
 * Where output differs from what is shown; null where it does not.
 *
 * @param about - as in {@link ShownOutput}
 */
export function differenceOf(shown: string, actual: string, about: number | null): string | null {
  if (about === null) return shown === actual ? null : firstDifference(shown, actual);
  // Columns are as wide as their numbers.
  const words = (text: string) => text.replaceAll(numberPattern, "#").replaceAll(/[ ─-]+/g, " ");
  if (words(shown) !== words(actual)) return firstDifference(shown, actual);
  const numbers = [shown, actual].map((text) => [...text.matchAll(numberPattern)]);
  const [left = [], right = []] = numbers;
  for (const [index, one] of left.entries()) {
    const other = right[index]?.[0] ?? "";
    const [a, b] = [one[0], other].map((number) => Number(number.replaceAll(",", "").replace("−", "-")));
    const isShare = /^\s?%/.test(shown.slice(one.index + one[0].length));
    const isWhole = !/[.e]/.test(one[0] + other);
    const room = isShare ? about : isWhole ? 0 : (about / 10) * Math.abs(a ?? 0);
    if (!(Math.abs((a ?? 0) - (b ?? 0)) <= room)) {
      return `${one[0]} is shown, ${other} came; ${room} apart are allowed\n${firstDifference(shown, actual)}`;
    }
  }
  return null;
}

function firstDifference(shown: string, actual: string): string {
  const [left, right] = [shown.split("\n"), actual.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  const line = at === -1 ? left.length : at;
  return `line ${line + 1}\n  shown: ${left[line] ?? "(nothing)"}\n  came:  ${right[line] ?? "(nothing)"}`;
}

/** The guide with other outputs, one for each block `text`. */
export function withOutputs(text: string, outputs: readonly string[]): string {
  let next = 0;
  return text.replaceAll(blockPattern, (whole: string, kind: string, info: string) =>
    kind === "text" ? `\`\`\`text${info}\n${outputs[next++] ?? ""}\`\`\`` : whole,
  );
}

/** A number in a sentence. */
export interface ProseNumber {
  readonly number: string;
  readonly line: number;
}

/** Numbers in sentences and tables: not those in code, in formulas (indented by four), in years behind a name, and in addresses. */
export function proseNumbers(text: string): ProseNumber[] {
  const blank = (whole: string) => whole.replaceAll(/[^\n]/g, " ");
  const prose = text
    .replaceAll(/^```.*?^```$/gms, blank)
    .replaceAll(/^ {4}.*$/gm, blank)
    .replaceAll(/`[^`\n]*`/g, blank)
    .replaceAll(/\]\([^)]*\)/g, blank)
    .replaceAll(/\b(?:19|20)\d\d\b/g, blank);
  return [...prose.matchAll(/(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?![\w])/g)].map(({ 0: found, index }) => ({
    number: found.replace(/,$/, "").replace("−", "-"),
    line: prose.slice(0, index).split("\n").length,
  }));
}

/** All numbers that commands and outputs show. */
export function shownNumbers(blocks: readonly CourseBlock[]): Set<string> {
  return new Set(
    blocks.flatMap(({ code }) =>
      [...code.matchAll(numberPattern)].map(([number]) => number.replace(/,$/, "")),
    ),
  );
}
