/** Files and folders that are chosen, or dropped on the page. */

/** A file with its place below the folder that was given: "pets/cats/1.jpg". */
export interface NamedFile {
  readonly path: string;
  readonly file: File;
}

/** Systems leave such files behind: nobody means them. */
export function isHidden(path: string): boolean {
  return path.split("/").some((part) => part.startsWith(".") || part === "Thumbs.db");
}

/** What an input of files, or of a folder, holds. */
export function pickedFiles(list: FileList | null): readonly NamedFile[] {
  return Array.from(list ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** What was dropped, folders walked through. */
export async function droppedFiles({ items, files }: DataTransfer): Promise<readonly NamedFile[]> {
  // Both lists are gone once this has returned to the event loop.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const loose = Array.from(files, (file) => ({ path: file.name, file }));
  // What does not come from a disk, an image of another page, has no entry.
  if (entries.length === 0) return loose;
  return (await Promise.all(entries.map(filesBelow))).flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<NamedFile[]> {
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
    for (const files of await Promise.all(part.map(filesBelow))) found.push(...files);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
