export * from "./browser-downloads.ts";
export {
  type EncodeImageOptions,
  encodeImage,
  type ImageExtent,
  type ImageFormat,
} from "./browser-encoding.ts";
export * from "./browser-files.ts";
export * from "./browser-growing-file.ts";
export * from "./browser-machine.ts";
export * from "./browser-photos.ts";
export * from "./browser-threads.ts";
export type * from "./types.ts";
