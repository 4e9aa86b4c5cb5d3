import type { Tensor } from "../tensor/tensor.ts";

/** A format that tensors are read from. */
export type FormatName = "safetensors" | "npz" | "pytorch" | "keras" | "tfjs" | "onnx";

/**
 * Whose names and layouts the tensors of a file have. PyTorch: filters OIHW, dense weights [out, in]. Keras: filters HWIO,
 * dense weights [in, out]. Fovea: PyTorch's names, Keras's layouts. "none": the file does not say.
 */
export type Convention = "fovea" | "pytorch" | "keras" | "none";

/** What a file of tensors holds: names, layouts and values as they are in it. */
export interface NamedTensors {
  readonly format: FormatName;
  readonly convention: Convention;
  /** In the order of the file. Where the encoding allows it they are views of its bytes, and may share them. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Free text that the file carries beside them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Options of reading tensors. */
export interface ReadOptions {
  /** The file's name, for errors. */
  readonly name: string;
  /**
   * Reads another file of the same folder: shards, data stored outside. It is asked for plain relative names only, such
   * as `group1-shard1of2.bin` or `data/weights.bin`: never an absolute one, never one with `..`.
   */
  readonly sibling?: (name: string) => Promise<Uint8Array>;
}

/** How one format is told from others and read. The bytes are taken to be hostile. */
export interface FormatReader {
  /** Whether the bytes are of this format, by their first (for archives, also their last) bytes. */
  readonly matches: (bytes: Uint8Array) => boolean;
  /** @throws FormatError when anything does not fit the format */
  readonly read: (bytes: Uint8Array, options: ReadOptions) => Promise<NamedTensors>;
}
