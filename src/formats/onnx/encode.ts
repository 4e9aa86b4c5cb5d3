/**
 * Models as ONNX files. protobuf's own writer holds a message several times over while it grows; weights of half a
 * gigabyte go from where they are made straight to their place in the file.
 */
import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { FormatError } from "../../tensor/errors.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { elementBytes } from "../elements.ts";
import { loadProtobuf } from "./codec.ts";
import { dataType, type GraphProto, type ModelProto } from "./schema.ts";

/** A model to write: fields that are left out are not written. */
export type OnnxModelInit = Omit<Init<ModelProto>, "graph"> & { readonly graph?: Init<GraphProto> };

type Init<M extends Message> = Exclude<MessageInitShape<GenMessage<M>>, M>;

/** A float32 weight to write, whose numbers are made when their turn comes. */
export interface OnnxWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly make: () => Float32Array;
}

/** Readers of protobuf count bytes in 31 bits. */
const largestFile = 2 ** 31 - 1;

/** First bytes of fields that hold a message or bytes: their number times 8, and 2. */
const tags = { graph: 7 * 8 + 2, initializer: 5 * 8 + 2, rawData: 9 * 8 + 2 } as const;

/** Bytes, or a weight that is yet to be made. */
type Piece = Uint8Array | OnnxWeight;

/**
 * Writes an ONNX file: fields in the order of their numbers, lists in theirs, so the same model gives the same bytes.
 *
 * @param weights - initializers beside those of the model, which come behind them
 * @throws FormatError when the file would be larger than 2 GB
 */
export async function encodeOnnxModel(
  model: OnnxModelInit,
  weights: readonly OnnxWeight[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const { protobuf, schema, graph: graphSchema, tensor } = await loadProtobuf();
  const { graph, opsetImport = [], metadataProps = [], ...head } = model;
  const { node = [], name = "", initializer = [], ...rest } = graph ?? {};
  // Fields of a message one behind the other are the message, so it may be written in parts.
  const inGraph: Piece[] = [
    protobuf.toBinary(graphSchema, protobuf.create(graphSchema, { node, name, initializer })),
    ...weights.flatMap((weight): Piece[] => {
      const dims = weight.shape.map(BigInt);
      const init = { dims, dataType: dataType.FLOAT, name: weight.name };
      const frame = protobuf.toBinary(tensor, protobuf.create(tensor, init));
      const raw = [...prefix(tags.rawData, lengthOf(weight))];
      const length = frame.length + raw.length + lengthOf(weight);
      return [Uint8Array.of(...prefix(tags.initializer, length), ...frame, ...raw), weight];
    }),
    protobuf.toBinary(graphSchema, protobuf.create(graphSchema, rest)),
  ];
  const graphLength = inGraph.reduce((sum, piece) => sum + lengthOf(piece), 0);
  return assemble([
    protobuf.toBinary(schema, protobuf.create(schema, head)),
    ...(graph === undefined && weights.length === 0
      ? []
      : [Uint8Array.from(prefix(tags.graph, graphLength)), ...inGraph]),
    protobuf.toBinary(schema, protobuf.create(schema, { opsetImport, metadataProps })),
  ]);
}

function assemble(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const total = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  if (total > largestFile) {
    throw new FormatError(`the file would have ${total} bytes, an ONNX file has at most ${largestFile}`, {
      hint: "Write the weights as safetensors: model.save(path).",
    });
  }
  const file = new Uint8Array(total);
  let position = 0;
  for (const piece of pieces) {
    file.set("make" in piece ? elementBytes(piece.make()) : piece, position);
    position += lengthOf(piece);
  }
  return file;
}

function lengthOf(piece: Piece): number {
  return "make" in piece ? 4 * sizeOf(piece.shape) : piece.length;
}

/** Tag and length of a field: seven bits a byte, the lowest first. */
function prefix(tag: number, length: number): number[] {
  const bytes = [tag];
  let left = length;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  bytes.push(left);
  return bytes;
}
