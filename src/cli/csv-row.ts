/** A line of a table of comma-separated values (RFC 4180): what holds commas, quotes, line ends or blanks at its ends is quoted. */
export function csvRow(fields: readonly (string | number)[]): string {
  return `${fields.map((field) => quoted(String(field))).join(",")}\r\n`;
}

function quoted(field: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
