/** ONNX files as messages, by @bufbuild/protobuf, which is loaded when the first file is read or written. */
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { FormatError } from "../../tensor/errors.ts";
import { descriptor, type GraphProto, type ModelProto, messageIndex, type TensorProto } from "./schema.ts";
import { checkWire } from "./wire.ts";

async function load() {
  const [protobuf, { fileDesc, messageDesc }] = await Promise.all([
    import("@bufbuild/protobuf"),
    import("@bufbuild/protobuf/codegenv2"),
  ]);
  const file = fileDesc(descriptor);
  const schema: GenMessage<ModelProto> = messageDesc(file, messageIndex.ModelProto);
  const graph: GenMessage<GraphProto> = messageDesc(file, messageIndex.GraphProto);
  const tensor: GenMessage<TensorProto> = messageDesc(file, messageIndex.TensorProto);
  return { protobuf, schema, graph, tensor };
}

let loading: ReturnType<typeof load> | null = null;

/** The package, and the messages that are read and written by themselves. */
export function loadProtobuf(): ReturnType<typeof load> {
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
  const { protobuf, schema } = await loadProtobuf();
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
