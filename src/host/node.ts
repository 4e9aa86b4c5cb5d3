export * from "./node-downloads.ts";
export { type EncodeImageOptions, encodeImage, type ImageExtent, type ImageFormat } from "./node-encoding.ts";
export * from "./node-files.ts";
export * from "./node-growing-file.ts";
export * from "./node-machine.ts";
export * from "./node-photos.ts";
export * from "./node-threads.ts";
export type * from "./types.ts";
