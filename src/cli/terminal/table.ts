import Table from "cli-table3";

/** How a column stands: text to the left, numbers to the right. */
export type Alignment = "left" | "right";

/** A column's heading and how it stands. */
export interface Column {
  readonly heading: string;
  readonly align?: Alignment;
}

/** A table with rules between its heading and its rows, for a screen. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: columns.map(({ heading }) => heading),
    colAligns: columns.map(({ align = "left" }) => align),
    style: { head: [], border: [], "padding-left": 1, "padding-right": 1 },
    chars: {
      ...outerLines,
      mid: "",
      "left-mid": "",
      "mid-mid": "",
      "right-mid": "",
    },
  });
  table.push(...rows.map((row) => [...row]));
  return ruledBelowHeading(table.toString());
}

/** The same as a Markdown table. */
export function renderMarkdownTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map(({ align = "left" }) => (align === "right" ? "---:" : "---"));
  return [line(columns.map(({ heading }) => heading)), line(rule), ...rows.map(line)].join("\n");
}

const outerLines = {
  top: "─",
  "top-mid": "─",
  "top-left": " ",
  "top-right": " ",
  bottom: "─",
  "bottom-mid": "─",
  "bottom-left": " ",
  "bottom-right": " ",
  left: " ",
  right: " ",
  middle: " ",
};

/** Repeats the top rule below the heading: the library draws rules between all rows or between none. */
function ruledBelowHeading(text: string): string {
  const [top, ...lines] = text.split("\n");
  const headingHeight = 1;
  return [top, ...lines.slice(0, headingHeight), top, ...lines.slice(headingHeight)].join("\n");
}
