import type { FetchOptions } from "../hub/index.ts";
import type { IdxNames } from "./idx-folder.ts";

/** Where the files of a data set with a name come from. */
export interface DatasetOptions {
  /** A folder that has them; nothing is fetched then. In a browser an address that serves them. */
  readonly folder?: string;
  /** What its IDX files are called in that folder, where that is known; else the usual names are tried. */
  readonly files?: IdxNames;
  /** How files are fetched that are not here. */
  readonly fetch?: FetchOptions;
}
