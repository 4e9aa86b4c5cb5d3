import type { FetchOptions } from "../hub/index.ts";

/** Where the files of a data set with a name come from. */
export interface DatasetOptions {
  /** A folder that has them; nothing is fetched then. In a browser an address that serves them. */
  readonly folder?: string;
  /** How files are fetched that are not here. */
  readonly fetch?: FetchOptions;
}
