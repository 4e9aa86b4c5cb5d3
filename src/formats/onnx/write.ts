/** Parts of ONNX messages from plain values. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { Tensor } from "../../tensor/tensor.ts";
import { type AttributeProto, attributeType, dataType, type ValueInfoProto } from "./schema.ts";
import { type OnnxTensorInit, writeOnnxTensor } from "./tensors.ts";

type AttributeInit = Exclude<MessageInitShape<GenMessage<AttributeProto>>, AttributeProto>;
type ValueInfoInit = Exclude<MessageInitShape<GenMessage<ValueInfoProto>>, ValueInfoProto>;

/** A floating-point attribute: a plain number is a whole one. */
export interface OnnxFloats {
  readonly float: number | readonly number[];
}

/** The value of an attribute: whole numbers, marked floating-point ones, a text or a tensor. */
export type OnnxAttributeValue = number | readonly number[] | string | OnnxFloats | Tensor | OnnxTensorInit;

/** An attribute with the type of its value. */
export function writeOnnxAttribute(name: string, value: OnnxAttributeValue): AttributeInit {
  if (value instanceof Tensor) return { name, type: attributeType.TENSOR, t: writeOnnxTensor("", value) };
  if (typeof value === "string") {
    return { name, type: attributeType.STRING, s: new TextEncoder().encode(value) };
  }
  if (typeof value === "number") return { name, type: attributeType.INT, i: BigInt(value) };
  if ("float" in value) {
    return typeof value.float === "number"
      ? { name, type: attributeType.FLOAT, f: value.float }
      : { name, type: attributeType.FLOATS, floats: [...value.float] };
  }
  if (isList(value)) return { name, type: attributeType.INTS, ints: value.map(BigInt) };
  return { name, type: attributeType.TENSOR, t: value };
}

function isList(value: OnnxTensorInit | readonly number[]): value is readonly number[] {
  return Array.isArray(value);
}

/** An input or output. @param dimensions - sizes, or names of those that are open */
export function writeOnnxValueInfo(
  name: string,
  dimensions: readonly (number | string)[],
  elemType: number = dataType.FLOAT,
): ValueInfoInit {
  const dim = dimensions.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue" as const, value: BigInt(size) }
        : { case: "dimParam" as const, value: size },
  }));
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}
