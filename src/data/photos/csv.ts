import { FormatError } from "../../tensor/errors.ts";

/** A row of a table, with the line that it begins on, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Longer rows are damage: a quote that nobody closed. */
const longestField = 2 ** 16;

/**
 * Reads a table of comma-separated values (RFC 4180): fields may stand in quotes, with quotes doubled and line ends inside.
 * A table whose first line has no comma but semicolons or tabs is separated by these. Blanks around fields that are not
 * quoted are dropped, and so are empty lines.
 *
 * @param name - the file's name, for errors
 * @throws FormatError when a quote is not closed
 */
export function readCsv(text: string, name: string): CsvRow[] {
  // Spreadsheets put a byte order mark before UTF-8.
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  const separator = separatorOf(source.split(/\r?\n|\r/, 1)[0] ?? "");
  const rows: CsvRow[] = [];
  let line = 1;
  let at = 0;
  while (at < source.length) {
    const first = line;
    const fields: string[] = [];
    for (;;) {
      const field = source[skipBlanks(source, at)] === '"' ? quoted(skipBlanks(source, at)) : plain(at);
      fields.push(field);
      if (source[at] !== separator) break;
      at++;
    }
    if (source[at] === "\r" && source[at + 1] === "\n") at++;
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== "") rows.push({ line: first, fields });
  }
  return rows;

  function plain(from: number): string {
    at = from;
    while (at < source.length && source[at] !== separator && source[at] !== "\n" && source[at] !== "\r") at++;
    return source.slice(from, at).trim();
  }

  function quoted(from: number): string {
    const first = line;
    let value = "";
    for (at = from + 1; ; at++) {
      const character = source[at];
      if (character === undefined || value.length > longestField) {
        throw new FormatError(`the quote that begins on line ${first} is not closed`, {
          where: name,
          hint: 'Close it, and write quotes inside a field twice: "".',
        });
      }
      if (character === '"') {
        if (source[at + 1] !== '"') break;
        at++;
      }
      if (character === "\n") line++;
      value += character;
    }
    // What stands behind the closing quote belongs to the field, as it does for spreadsheets.
    return value + plain(at + 1);
  }
}

function separatorOf(line: string): string {
  return [",", ";", "\t"].find((candidate) => line.includes(candidate)) ?? ",";
}

function skipBlanks(source: string, from: number): number {
  let at = from;
  while (source[at] === " ") at++;
  return at;
}
