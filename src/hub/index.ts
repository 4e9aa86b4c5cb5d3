export { type FetchedFile, fetchFile } from "./fetch-file.ts";
export {
  cacheFolderOf,
  type FetchOptions,
  type FetchProgress,
  fileNameOf,
  isAddress,
  type Patience,
  placeOf,
  type RemoteFile,
} from "./settings.ts";
