import type { NewPhoto } from "./collection.ts";

/** A file with its path below what was dropped or chosen: `flowers/rose/1.jpg`. */
export interface PlacedFile {
  readonly path: string;
  readonly file: File;
}

/** Files of an input, with their folders where a folder was chosen. */
export function chosenFiles(list: FileList | null): PlacedFile[] {
  return Array.from(list ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Files that were dropped, those in folders among them. */
export async function droppedFiles(transfer: DataTransfer): Promise<PlacedFile[]> {
  // Items are gone after the first wait, so that all entries are taken first.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry());
  const files = Array.from(transfer.files, (file) => ({ path: file.name, file }));
  const known = entries.filter((entry) => entry !== null);
  if (known.length === 0) return files;
  return (await Promise.all(known.map(filesBelow))).flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<PlacedFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const found: PlacedFile[] = [];
  // A reader gives some entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(filesBelow))).flat());
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** Photos by class: the name of the folder that they are in; files that lie in none have the name "". */
export interface SortedFiles {
  readonly groups: ReadonlyMap<string, readonly NewPhoto[]>;
  /** Names of files that are no images. */
  readonly others: readonly string[];
}

const images = /\.(jpe?g|png|webp|bmp|gif|avif|p[gp]m)$/i;

export function sortFiles(files: readonly PlacedFile[]): SortedFiles {
  const groups = new Map<string, NewPhoto[]>();
  const others: string[] = [];
  const byPath = [...files].sort((one, other) => one.path.localeCompare(other.path, "en", { numeric: true }));
  for (const { path, file } of byPath) {
    const parts = path.split("/");
    const name = parts.at(-1) ?? path;
    // Systems put files of their own into folders.
    if (name.startsWith(".") || name === "Thumbs.db") continue;
    if (!file.type.startsWith("image/") && !images.test(name)) {
      others.push(name);
      continue;
    }
    const folder = parts.at(-2) ?? "";
    groups.set(folder, [...(groups.get(folder) ?? []), { name, file }]);
  }
  return { groups, others };
}

/** What to say of files that are no images; null when there is nothing to say. */
export function leftOut(others: readonly string[]): string | null {
  if (others.length === 0) return null;
  const shown = others.slice(0, 3).join(", ") + (others.length > 3 ? ", …" : "");
  return others.length === 1
    ? `${shown} is no image and was left out.`
    : `${others.length} files are no images and were left out: ${shown}.`;
}
