import { isHidden, type NamedFile } from "../../ui/files.ts";
import type { NewPhoto } from "./collection.ts";

/** Photos by class: the name of the folder that they are in; files that lie in none have the name "". */
export interface SortedFiles {
  readonly groups: ReadonlyMap<string, readonly NewPhoto[]>;
  /** Names of files that are no images. */
  readonly others: readonly string[];
}

const images = /\.(jpe?g|png|webp|bmp|gif|avif|p[gp]m)$/i;

export function sortFiles(files: readonly NamedFile[]): SortedFiles {
  const groups = new Map<string, NewPhoto[]>();
  const others: string[] = [];
  const byPath = [...files].sort((one, other) => one.path.localeCompare(other.path, "en", { numeric: true }));
  for (const { path, file } of byPath) {
    const parts = path.split("/");
    const name = parts.at(-1) ?? path;
    if (isHidden(name)) continue;
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
