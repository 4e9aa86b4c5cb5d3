"""Writes src/formats/onnx/schema.ts from the schema that the pip package onnx carries:

    pip install onnx==1.23.1
    python scripts/formats/onnx-schema.py && npm run format

Only the messages and fields below are kept. Attributes that hold graphs (If, Loop), types of sequences and maps, sparse
tensors, functions and training information are left out: no layer could be made of them, and without them no message
contains itself, so that files cannot nest without end. Comments and options of the official file are not carried over.
"""

import base64
from pathlib import Path

import onnx
from google.protobuf import descriptor_pb2

kept = {
    "ModelProto": "ir_version producer_name producer_version domain model_version doc_string graph opset_import metadata_props",
    "GraphProto": "node name initializer doc_string input output value_info",
    "NodeProto": "input output name op_type attribute domain",
    "AttributeProto": "name type f i s t floats ints strings",
    "TensorProto": "dims data_type float_data int32_data string_data int64_data name raw_data double_data uint64_data external_data data_location",
    "StringStringEntryProto": "key value",
    "OperatorSetIdProto": "domain version",
    "ValueInfoProto": "name type",
    "TypeProto": "tensor_type",
    "TypeProto.Tensor": "elem_type shape",
    "TensorShapeProto": "dim",
    "TensorShapeProto.Dimension": "dim_value dim_param",
}
enums = ["AttributeProto.AttributeType", "TensorProto.DataType", "TensorProto.DataLocation"]

field = descriptor_pb2.FieldDescriptorProto
scalars = {
    field.TYPE_FLOAT: "number",
    field.TYPE_DOUBLE: "number",
    field.TYPE_INT32: "number",
    field.TYPE_INT64: "bigint",
    field.TYPE_UINT64: "bigint",
    field.TYPE_STRING: "string",
    field.TYPE_BYTES: "Uint8Array",
}


def prune(message, path):
    """Leaves the kept fields, and the messages and enumerations inside that they need."""
    wanted = kept[path].split()
    fields = [entry for entry in message.field if entry.name in wanted]
    assert len(fields) == len(wanted), (path, set(wanted) - {entry.name for entry in fields})
    nested = [inner for inner in message.nested_type if f"{path}.{inner.name}" in kept]
    inner_enums = [entry for entry in message.enum_type if f"{path}.{entry.name}" in enums]
    pruned = descriptor_pb2.DescriptorProto(name=message.name)
    oneofs = sorted({entry.oneof_index for entry in fields if entry.HasField("oneof_index")})
    for position, index in enumerate(oneofs):
        pruned.oneof_decl.add(name=message.oneof_decl[index].name)
        for entry in fields:
            if entry.HasField("oneof_index") and entry.oneof_index == index:
                entry.oneof_index = position
    pruned.field.extend(fields)
    pruned.enum_type.extend(inner_enums)
    pruned.nested_type.extend(prune(inner, f"{path}.{inner.name}") for inner in nested)
    return pruned


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def type_name(reference):
    return reference.removeprefix(".onnx.").replace(".", "")


def type_of(entry):
    if entry.type == field.TYPE_MESSAGE:
        return type_name(entry.type_name)
    if entry.type == field.TYPE_ENUM:
        return "number"
    return scalars[entry.type]


def interface(message, path):
    yield f"/** A message `onnx.{path}`. */"
    yield f'export type {path.replace(".", "")} = Message<"onnx.{path}"> & {{'
    for entry in message.field:
        if entry.HasField("oneof_index"):
            continue
        repeated = entry.label == field.LABEL_REPEATED
        absent = entry.type == field.TYPE_MESSAGE and not repeated
        yield f"  {camel(entry.name)}{'?' if absent else ''}: {type_of(entry)}{'[]' if repeated else ''};"
    for index, oneof in enumerate(message.oneof_decl):
        cases = [
            f'{{ case: "{camel(entry.name)}"; value: {type_of(entry)} }}'
            for entry in message.field
            if entry.HasField("oneof_index") and entry.oneof_index == index
        ]
        yield f"  {camel(oneof.name)}: {' | '.join(cases)} | {{ case: undefined; value?: undefined }};"
    yield "};"
    yield ""
    for inner in message.nested_type:
        yield from interface(inner, f"{path}.{inner.name}")


def enumeration(name, values):
    yield f"/** Numbers of `onnx.{name}`. */"
    yield f"export const {camel(name.split('.')[1][0].lower() + name.split('.')[1][1:])} = {{"
    for value in values:
        yield f"  {value.name}: {value.number},"
    yield "} as const;"
    yield ""


official = descriptor_pb2.FileDescriptorProto()
onnx.onnx_ml_pb2.DESCRIPTOR.CopyToProto(official)
schema = descriptor_pb2.FileDescriptorProto(name="onnx.proto", package="onnx", syntax="proto2")
schema.message_type.extend(prune(message, message.name) for message in official.message_type if message.name in kept)

lines = [
    f"// Written by scripts/formats/onnx-schema.py from the schema of the pip package onnx {onnx.__version__}. Do not edit.",
    'import type { Message } from "@bufbuild/protobuf";',
    "",
]
for message in schema.message_type:
    lines += interface(message, message.name)
for name in enums:
    owner, inner = name.split(".")
    message = next(entry for entry in schema.message_type if entry.name == owner)
    lines += enumeration(name, next(entry for entry in message.enum_type if entry.name == inner).value)
lines += ["/** Place of each message in the file's descriptor. */", "export const messageIndex = {"]
lines += [f"  {message.name}: {index}," for index, message in enumerate(schema.message_type)]
lines += ["} as const;", ""]
text = base64.b64encode(schema.SerializeToString()).decode().rstrip("=")
lines += ["/** The schema as a serialized `FileDescriptorProto`, base64. */", "export const descriptor ="]
pieces = [text[at : at + 96] for at in range(0, len(text), 96)]
lines += [f'  "{piece}"{";" if at == len(pieces) - 1 else " +"}' for at, piece in enumerate(pieces)]
target = Path(__file__).parents[2] / "src/formats/onnx/schema.ts"
target.write_text("\n".join(lines) + "\n")
