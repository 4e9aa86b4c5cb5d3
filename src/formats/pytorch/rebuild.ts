/**
 * The functions by which pickles describe tensors (torch/_utils.py): each makes a description out of its parameters, not
 * a tensor. What they are given is looked at for its kind here, and against the data when the tensor is made.
 */
import type { FormatError } from "../../tensor/errors.ts";
import { type PickleCall, PickleDict, PickleName, PickleTuple, type PickleValue } from "./pickle-values.ts";
import {
  type StorageReference,
  StorageType,
  type TensorRecord,
  type UnreadableTensor,
} from "./tensor-record.ts";

type Fail = (what: string) => FormatError;

/** NumPy's and PyTorch's most dimensions. */
const rankLimit = 64;

/** By their names in Python. */
export const rebuildFunctions: Readonly<Record<string, PickleCall>> = {
  "torch._utils._rebuild_tensor": rebuildTensor,
  // Storage, offset, shape, strides, requires_grad, hooks, metadata.
  "torch._utils._rebuild_tensor_v2": (parameters, fail) =>
    withMetadata(rebuildTensor(parameters, fail), parameters[6]),
  // The same with a type of its own before the metadata: the storage has none.
  "torch._utils._rebuild_tensor_v3": (parameters, fail) => {
    const type = parameters[6];
    if (!(type instanceof StorageType)) throw malformed(fail, "it has no element type");
    return withMetadata({ ...rebuildTensor(parameters, fail), dtype: type.dtype }, parameters[7]);
  },
  "torch._utils._rebuild_parameter": ([data = null]) => data,
  "torch._utils._rebuild_parameter_with_state": ([data = null]) => data,
  "torch._tensor._rebuild_from_type_v2": ([rebuild = null, , parameters = null], fail) => {
    if (!(rebuild instanceof PickleName && parameters instanceof PickleTuple))
      throw malformed(fail, "it has no parameters");
    // One step only: a chain of such calls has no meaning, and could be as deep as the file is long.
    if (rebuild.name.endsWith("_rebuild_from_type_v2"))
      throw malformed(fail, "it is described by a description");
    return rebuild.call(parameters.items, fail);
  },
  "torch._utils._rebuild_device_tensor_from_cpu_tensor": ([data = null]) => data,
  "torch._utils._rebuild_device_tensor_from_numpy": unreadable(
    "it was copied from a device through NumPy",
    "Save it as tensor.cpu().",
  ),
  "torch._utils._rebuild_xla_tensor": unreadable(
    "it was copied from a device through NumPy",
    "Save it as tensor.cpu().",
  ),
  "torch._utils._rebuild_qtensor": unreadable("it is quantized", "Save it as tensor.dequantize()."),
  "torch._utils._rebuild_sparse_tensor": unreadable("it is sparse", "Save it as tensor.to_dense()."),
  "torch._utils._rebuild_sparse_csr_tensor": unreadable("it is sparse", "Save it as tensor.to_dense()."),
  "torch._utils._rebuild_nested_tensor": unreadable(
    "it is a nested tensor",
    "Save its parts as tensors of their own.",
  ),
  "torch._utils._rebuild_wrapper_subclass": unreadable(
    "it is of a class without data of its own",
    "Save the tensors that it is made of.",
  ),
  "torch._utils._rebuild_meta_tensor_no_storage": unreadable(
    "it has no data (device meta)",
    "Save the model after its weights are there.",
  ),
};

function unreadable(what: string, hint: string): () => UnreadableTensor {
  return () => ({ kind: "unreadable", what, hint });
}

function rebuildTensor([storage, offset, shape, strides]: readonly PickleValue[], fail: Fail): TensorRecord {
  if (!isStorage(storage)) throw malformed(fail, "it has no storage");
  if (!isSize(offset)) throw malformed(fail, "its offset is no whole number from 0 up");
  if (!isSizes(shape) || !isSizes(strides))
    throw malformed(fail, "its sizes or strides are no whole numbers from 0 up");
  if (shape.items.length > rankLimit)
    throw malformed(fail, `${shape.items.length} dimensions are more than ${rankLimit}`);
  if (strides.items.length !== shape.items.length) {
    throw malformed(fail, `it has ${shape.items.length} sizes and ${strides.items.length} strides`);
  }
  const { dtype } = storage;
  return { kind: "tensor", storage, dtype, offset, shape: shape.items, strides: strides.items };
}

/** Views that negate or conjugate when they are read: PyTorch writes the data as they are, and says so beside. */
function withMetadata(
  tensor: TensorRecord,
  metadata: PickleValue | undefined,
): TensorRecord | UnreadableTensor {
  if (!(metadata instanceof PickleDict)) return tensor;
  const lazy = ["neg", "conj"].find((key) => metadata.entries.get(key) === true);
  if (lazy === undefined) return tensor;
  return {
    kind: "unreadable",
    what: `it is a view with the sign of what it shows turned (${lazy})`,
    hint: `Save it as tensor.resolve_${lazy}().`,
  };
}

function isStorage(value: PickleValue | undefined): value is StorageReference {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "storage";
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(
  value: PickleValue | undefined,
): value is PickleTuple & { readonly items: readonly number[] } {
  return value instanceof PickleTuple && value.items.every(isSize);
}

function malformed(fail: Fail, what: string): FormatError {
  return fail(`a tensor's description makes no sense: ${what}`);
}
