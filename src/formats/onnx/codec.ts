/** ONNX files as messages and back, by @bufbuild/protobuf, which is loaded when the first file is read or written. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { FormatError } from "../../tensor/errors.ts";
import { descriptor, type ModelProto, messageIndex } from "./schema.ts";
import { checkWire } from "./wire.ts";

/** A model to write: fields that are left out are not written. */
export type OnnxModelInit = Exclude<MessageInitShape<GenMessage<ModelProto>>, ModelProto>;

async function load() {
  const [protobuf, { fileDesc, messageDesc }] = await Promise.all([
    import("@bufbuild/protobuf"),
    import("@bufbuild/protobuf/codegenv2"),
  ]);
  const schema: GenMessage<ModelProto> = messageDesc(fileDesc(descriptor), messageIndex.ModelProto);
  return { protobuf, schema };
}

let loading: ReturnType<typeof load> | null = null;

function loaded(): ReturnType<typeof load> {
  loading ??= load();
  return loading;
}

/**
 * Reads an ONNX file of unknown origin. Weights stay views of `bytes`. Fields that no image classifier needs (functions,
 * training information, sparse tensors, graphs in attributes) are passed over.
 *
 * @param options - `name`: the file's name, for errors
 * @throws FormatError naming the file when it is no ONNX model
 */
export async function decodeOnnxModel(
  bytes: Uint8Array,
  options: { readonly name: string },
): Promise<ModelProto> {
  const { protobuf, schema } = await loaded();
  checkWire(bytes, schema, options.name);
  try {
    return protobuf.fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new FormatError("not a valid ONNX file: its fields cannot be decoded", {
      where: options.name,
      hint: "The file is damaged, cut short or of another format: download or export it again.",
      cause,
    });
  }
}

/** Writes an ONNX file: fields in the order of their numbers, lists in theirs, so the same model gives the same bytes. */
export async function encodeOnnxModel(model: OnnxModelInit): Promise<Uint8Array<ArrayBuffer>> {
  const { protobuf, schema } = await loaded();
  return protobuf.toBinary(schema, protobuf.create(schema, model));
}
