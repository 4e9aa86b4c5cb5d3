/** Files of folders that are chosen, or dropped on the page. */

/** A file with its place below the folder that was given: "pets/cats/1.jpg". */
export interface NamedFile {
  readonly path: string;
  readonly file: File;
}

/** Systems leave such files behind: nobody means them. */
function isHidden(path: string): boolean {
  return path.split("/").some((part) => part.startsWith(".") || part === "Thumbs.db");
}

/** What an input of a folder holds. */
export function pickedFiles(list: FileList | null): readonly NamedFile[] {
  return [...(list ?? [])]
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }))
    .filter(({ path }) => !isHidden(path));
}

/** What was dropped, folders walked through. */
export async function droppedFiles({ items }: DataTransfer): Promise<readonly NamedFile[]> {
  // The list is gone once this has returned to the event loop.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found = await Promise.all(entries.map((entry) => walk(entry)));
  return found.flat().filter(({ path }) => !isHidden(path));
}

async function walk(entry: FileSystemEntry): Promise<NamedFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const found: NamedFile[] = [];
  for (;;) {
    // A folder is read in stretches of a hundred, until one is empty.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return found;
    for (const files of await Promise.all(part.map((one) => walk(one)))) found.push(...files);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
