import { FileError, FoveaError } from "../tensor/errors.ts";

/** What was being done with a file when it failed. */
export type FileAction = "read" | "write" | "list" | "create";

/** What to say of a system error code: what is wrong, and how to mend it. */
interface Explanation {
  readonly what: string;
  readonly hint: string;
}

const verbs: { readonly [A in FileAction]: string } = {
  read: "read this file",
  write: "write this file",
  list: "list this folder",
  create: "create this folder",
};

const noSpace: Explanation = {
  what: "no space is left on the disk",
  hint: "Free some space or choose a folder on another disk; an earlier version of the file is as it was.",
};

const pathHint = "Check the path; a relative path starts at the folder the command runs in.";

/** What a missing path means. Creating a folder makes those above it: it fails so only where none can be made. */
const missing: { readonly [A in FileAction]: Explanation } = {
  read: { what: "there is no such file", hint: pathHint },
  write: { what: "the folder to write in does not exist", hint: "Create it first, or check the path." },
  list: { what: "there is no such folder", hint: pathHint },
  create: {
    what: "no folder can be created here",
    hint: "Check the path, and that its disk can be written to.",
  },
};

/** System error codes that a user can do something about. */
const explanations: { readonly [code: string]: (action: FileAction) => Explanation } = {
  ENOENT: (action) => missing[action],
  EACCES: (action) => ({
    what: `no permission to ${verbs[action]}`,
    hint: "Change its permissions, or choose a place that belongs to you.",
  }),
  EPERM: (action) => ({
    what: `the system does not allow to ${verbs[action]}`,
    hint: "Change its permissions or attributes, or choose a place that belongs to you.",
  }),
  EISDIR: () => ({ what: "this is a folder, a file was expected", hint: "Name a file inside it." }),
  ENOTDIR: () => ({
    what: "a part of this path is a file, a folder was expected",
    hint: "Check the path, or move that file out of the way.",
  }),
  EEXIST: () => ({
    what: "a file of this name is in the way of the folder",
    hint: "Choose another folder, or move that file out of the way.",
  }),
  ENOSPC: () => noSpace,
  EDQUOT: () => ({ ...noSpace, what: "your disk quota is used up" }),
  EROFS: () => ({
    what: "the file system is read-only",
    hint: "Choose a folder on a disk that can be written to.",
  }),
  EMFILE: () => ({
    what: "too many files are open",
    hint: "Close other programs or raise the limit of open files (ulimit -n).",
  }),
  ENAMETOOLONG: () => ({ what: "the name is too long for the file system", hint: "Choose a shorter name." }),
};

/**
 * A system error as a {@link FileError} that says where, what and how to mend it.
 *
 * @param error - what Node threw; an error of Fovea's own is handed back as it is
 */
export function describeFileFailure(error: unknown, path: string, action: FileAction): FoveaError {
  if (error instanceof FoveaError) return error;
  const code = errorCode(error);
  const explain = code === undefined ? undefined : explanations[code];
  if (explain !== undefined) {
    const { what, hint } = explain(action);
    return new FileError(what, { where: path, hint, cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new FileError(`could not ${verbs[action]} (${text})`, {
    where: path,
    hint: "Check the path and the disk, then try again.",
    cause: error,
  });
}

/** The code of a system error (`"ENOENT"`), when it is one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
