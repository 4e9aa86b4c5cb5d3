export { type FetchedFile, fetchFile } from "./fetch-file.ts";
export {
  cacheFolderOf,
  cachePath,
  type FetchOptions,
  type FetchProgress,
  fileNameOf,
  isAddress,
  type Patience,
  type RemoteFile,
} from "./settings.ts";
