import { type FolderEntry, folderIdentity, listEntries } from "#host";
import { FoveaError } from "../../tensor/errors.ts";
import { type PhotoPart, photoParts } from "./split-photos.ts";

/** A file that may be a photo of a class. */
export interface Candidate {
  /** For people: below the folder, with `/`. */
  readonly path: string;
  /** To open it. */
  readonly file: string;
  readonly className: string;
  readonly part: PhotoPart | null;
}

/** Something that was passed over, and why. */
export interface PhotoProblem {
  /** For people: below the folder, with `/`. */
  readonly path: string;
  /** To open it: the folder as it was given, and the path. */
  readonly file: string;
  readonly problem: string;
}

/** What a folder or table holds, not yet looked into. */
export interface Listing {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly PhotoProblem[];
  /** Classes that were seen, with photos or without. */
  readonly classNames: readonly string[];
}

/** Names of folders that stand for a part. */
const partNames: Readonly<Record<PhotoPart, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["val", "valid", "validation", "dev"],
  test: ["test", "testing"],
};

/** The part that a name stands for, in any case; `null` when it is none. */
export function partOf(name: string): PhotoPart | null {
  return photoParts.find((part) => partNames[part].includes(name.toLowerCase())) ?? null;
}

/** What systems leave in folders, and no person put there. */
const litter: ReadonlySet<string> = new Set([
  "thumbs.db",
  "ehthumbs.db",
  "desktop.ini",
  "__macosx",
  "$recycle.bin",
]);

/** Whether no person put it there, or wanted it seen. */
export function isHidden(name: string): boolean {
  return name.startsWith(".") || litter.has(name.toLowerCase());
}

/**
 * Lists a folder of class folders, or of `train`, `val` and `test` with class folders in each. What lies deeper counts to
 * the class above it. Links are followed, each folder is entered once a class: a link to a folder above leads nowhere.
 *
 * @throws FileError when the folder itself cannot be listed
 */
export async function listClassFolders(folder: string): Promise<Listing> {
  const lister = new Lister(folder, await folderIdentity(folder));
  const entries = (await listEntries(folder)).filter(({ name }) => !isHidden(name));
  const folders = entries.filter(({ kind }) => kind === "folder");
  const parts = await partsAmong(folder, folders);
  if (parts === null) {
    for (const entry of folders) await lister.listClass(entry, entry.name, null);
    lister.passOver(entries, "", "it lies beside the folders of the classes");
    return lister.listing();
  }
  for (const entry of folders) {
    const part = parts.get(entry.name);
    if (part === undefined)
      lister.note(entry.name, "it lies beside train, val and test, and is none of them");
    else await lister.listPart(entry, part);
  }
  lister.passOver(entries, "", "it lies beside train, val and test");
  return lister.listing();
}

/** Which folders are parts: `null` when classes lie here, which may be called `train` (of railways) too. */
async function partsAmong(
  folder: string,
  folders: readonly FolderEntry[],
): Promise<ReadonlyMap<string, PhotoPart> | null> {
  const parts = new Map<string, PhotoPart>();
  for (const { name } of folders) {
    const part = partOf(name);
    if (part !== null) parts.set(name, part);
  }
  const [train] = Array.from(parts).find(([, part]) => part === "train") ?? [];
  if (train === undefined || (parts.size === 1 && folders.length > 1)) return null;
  const inside = await listEntries(`${folder}/${train}`).catch(() => []);
  return inside.some(({ kind, name }) => kind === "folder" && !isHidden(name)) ? parts : null;
}

/** Gathers what is found on a walk. */
class Lister {
  readonly #root: string;
  /** Folders above those of classes: a link to one of them would make photos of all classes those of one. */
  #above: readonly (string | null)[];
  readonly #candidates: Candidate[] = [];
  readonly #problems: PhotoProblem[] = [];
  readonly #classNames = new Set<string>();

  /** @param identity - of the root */
  constructor(root: string, identity: string | null) {
    this.#root = root;
    this.#above = [identity];
  }

  listing(): Listing {
    return { candidates: this.#candidates, problems: this.#problems, classNames: [...this.#classNames] };
  }

  note(path: string, problem: string): void {
    this.#problems.push({ path, file: `${this.#root}/${path}`, problem });
  }

  /** Files that belong to no class: photos among them are told of, all else is none of our business. */
  passOver(entries: readonly FolderEntry[], above: string, problem: string): void {
    for (const { name, kind } of entries) {
      if (kind === "file" && looksLikePhoto(name)) this.note(above + name, problem);
    }
  }

  async listPart(entry: FolderEntry, part: PhotoPart): Promise<void> {
    if (this.#leadsUp(entry, entry.name)) return;
    const entries = await this.#entriesOf(entry.name);
    const [root] = this.#above;
    this.#above = [root, entry.identity];
    for (const inner of entries) {
      if (inner.kind === "folder") await this.listClass(inner, `${entry.name}/${inner.name}`, part);
    }
    this.passOver(entries, `${entry.name}/`, "it lies beside the folders of the classes");
  }

  async listClass(entry: FolderEntry, path: string, part: PhotoPart | null): Promise<void> {
    if (this.#leadsUp(entry, path)) return;
    // Systems differ in how they store accents: composed, one class is one class.
    const className = entry.name.normalize("NFC");
    this.#classNames.add(className);
    const seen = new Set([entry.identity]);
    const open = [path];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      for (const found of await this.#entriesOf(folder)) {
        const { name, kind, identity } = found;
        const inner = `${folder}/${name}`;
        if (kind === "file")
          this.#candidates.push({ path: inner, file: `${this.#root}/${inner}`, className, part });
        else if (kind === "folder" && !seen.has(identity)) {
          seen.add(identity);
          if (!this.#leadsUp(found, inner)) open.push(inner);
        } else if (kind === "folder")
          this.note(inner, "it leads to a folder that was looked through already");
        else
          this.note(
            inner,
            kind === "broken" ? "the link leads to nothing" : "it is neither a file nor a folder",
          );
      }
    }
  }

  /** Whether it is a link to a folder above the classes, which is told. */
  #leadsUp({ identity }: FolderEntry, path: string): boolean {
    const leadsUp = identity !== null && this.#above.includes(identity);
    if (leadsUp) this.note(path, "it leads to a folder above the classes: it is not looked through");
    return leadsUp;
  }

  async #entriesOf(path: string): Promise<readonly FolderEntry[]> {
    try {
      return (await listEntries(`${this.#root}/${path}`)).filter(({ name }) => !isHidden(name));
    } catch (error) {
      this.note(path, whatOf(error));
      return [];
    }
  }
}

/** Whether a file has the name of a photo; what it is, its bytes say. */
export function looksLikePhoto(name: string): boolean {
  return /\.(jpe?g|png|webp|gif|avif|tiff?|bmp|p[gp]m)$/i.test(name);
}

/** What is wrong, without the place: that is told beside it. */
export function whatOf(error: unknown): string {
  if (error instanceof FoveaError) return error.what;
  return error instanceof Error ? error.message : String(error);
}
