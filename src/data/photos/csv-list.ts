import { readFile } from "#host";
import { DataError, FormatError } from "../../tensor/errors.ts";
import { type CsvRow, readCsv } from "./csv.ts";
import { type Candidate, type Listing, type PhotoProblem, partOf } from "./folder-list.ts";

/** A table of a million photos has less; more would not fit into one text. */
const mostBytes = 2 ** 28;

/** Names that columns go by. */
const columnNames = {
  path: ["path", "file", "filename", "file_name", "filepath", "image", "image_path", "img", "photo"],
  label: ["label", "labels", "class", "classname", "class_name", "category", "target"],
  part: ["part", "split", "subset", "set", "fold"],
} as const;

type Column = keyof typeof columnNames;

/**
 * Lists the photos of a CSV file: path, label and, if there is a third column, part. A first line of columns' names may
 * put them in another order. Paths are relative to the file.
 *
 * @throws FileError when it cannot be read
 * @throws FormatError when it is no table
 */
export async function listCsv(path: string): Promise<Listing> {
  const bytes = await readFile(path);
  if (bytes.length > mostBytes) {
    throw new FormatError(`the table has ${bytes.length} bytes, at most ${mostBytes} are read`, {
      where: path,
    });
  }
  const rows = readCsv(new TextDecoder().decode(bytes), path);
  const columns = rows[0] === undefined ? null : columnsOf(rows[0]);
  const places = columns ?? { path: 0, label: 1, part: 2 };
  const folder = path.replace(/[^\\/]*$/, "");
  const candidates = new Map<string, Candidate>();
  const problems: PhotoProblem[] = [];
  for (const row of columns === null ? rows : rows.slice(1)) {
    const read = readRow(row, places, folder);
    if (typeof read === "string") problems.push({ path: `line ${row.line}`, file: path, problem: read });
    else if (!candidates.has(read.file)) candidates.set(read.file, read);
    else {
      const { className } = candidates.get(read.file) ?? read;
      const again = className === read.className ? "" : `, as "${read.className}" after "${className}"`;
      problems.push({ path: read.path, file: read.file, problem: `line ${row.line} names it again${again}` });
    }
  }
  const listed = [...candidates.values()];
  if (listed.length === 0) {
    throw new DataError("no line of it names a photo and its class", {
      where: path,
      hint: "Write a line for each photo: path,label. Paths are relative to this file.",
    });
  }
  return { candidates: listed, problems, classNames: [...new Set(listed.map(({ className }) => className))] };
}

function readRow(
  { fields }: CsvRow,
  places: Readonly<Record<Column, number>>,
  folder: string,
): Candidate | string {
  const path = fields[places.path] ?? "";
  const label = fields[places.label] ?? "";
  const partName = fields[places.part] ?? "";
  if (path === "") return "it has no path";
  if (label === "") return "it has no label";
  const part = partName === "" ? null : partOf(partName);
  if (partName !== "" && part === null) return `"${partName}" is none of train, validation and test`;
  const isAbsolute = /^([\\/]|[A-Za-z]:[\\/]|[a-z]+:\/\/)/.test(path);
  return { path, file: isAbsolute ? path : folder + path, className: label.normalize("NFC"), part };
}

/** Where the columns are, by the names in a first row; `null` when it names a photo already. */
function columnsOf({ fields }: CsvRow): Record<Column, number> | null {
  const names = fields.map((name) => name.toLowerCase());
  const placeOf = (column: Column) =>
    names.findIndex((name) => (columnNames[column] as readonly string[]).includes(name));
  const path = placeOf("path");
  const label = placeOf("label");
  if (path === -1 || label === -1) return null;
  // A place that no row has: the column is missing.
  const part = placeOf("part");
  return { path, label, part: part === -1 ? fields.length : part };
}
