/** PyTorch files made by hand: a pickle, and one storage. */
import { type PicklePart, pickleBytes, pickleName, pickleText } from "./pickle-bytes.ts";
import { zipFile } from "./zip-file.ts";

/** The function that makes a tensor. */
export const rebuildTensor = pickleName("torch._utils", "_rebuild_tensor_v2");
const orderedDict = pickleBytes(pickleName("collections", "OrderedDict"), ")R");
/** One storage of two float32 numbers. */
const twoNumbers = new Uint8Array(Float32Array.of(1.5, -2).buffer);

/** The identifier of storage "0", as a reference to it. */
export function storagePickle(type = "FloatStorage", count: readonly number[] = [0x4b, 2]): Uint8Array {
  return pickleBytes(
    "(",
    pickleText("storage"),
    pickleName("torch", type),
    pickleText("0"),
    pickleText("cpu"),
    count,
    "tQ",
  );
}

/** A tensor: offset, sizes and strides as operations. */
export function tensorPickle(
  offset: PicklePart,
  sizes: PicklePart,
  strides: PicklePart,
  from = storagePickle(),
): Uint8Array {
  return pickleBytes(rebuildTensor, "(", from, offset, sizes, strides, "\x89", orderedDict, "tR");
}

/** A dictionary with the one entry "w". */
export function dictPickle(...value: PicklePart[]): Uint8Array {
  return pickleBytes("}", pickleText("w"), ...value, "s");
}

/** The archive with the pickle and its storage. */
export function pytorchFile(pickle: Uint8Array, data: Uint8Array = twoNumbers): Uint8Array {
  return zipFile([
    { name: "m/data.pkl", bytes: pickle },
    { name: "m/data/0", bytes: data },
  ]);
}
