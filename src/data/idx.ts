/**
 * IDX files, the format of MNIST and its kin (Y. LeCun, C. Cortes, C. Burges: "The MNIST database of handwritten
 * digits", section "File formats"): two zero bytes, the element type, the number of dimensions, the sizes as 32-bit
 * big-endian numbers, then the elements.
 */
import { DataError, FormatError } from "../tensor/errors.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { gunzip, isGzip } from "./gzip.ts";

/**
 * The most that a packed file may unpack to, in bytes: twice the largest IDX file in use (EMNIST by class, 547 MB), so
 * that a small file of unknown origin cannot fill the memory.
 */
const unpackLimit = 2 ** 30;
/** Of all element types the format has, images and labels use only this. */
const unsignedByte = 0x08;
const typeNames: { readonly [type: number]: string } = {
  [unsignedByte]: "unsigned bytes",
  9: "signed bytes",
  11: "16-bit integers",
  12: "32-bit integers",
  13: "32-bit floats",
  14: "64-bit floats",
};

/** How to read an IDX file. */
export interface IdxOptions {
  /** The file's name, for errors. */
  readonly name: string;
  /** The most bytes that a gzip file may unpack to; 1 GiB unless told. */
  readonly maximumBytes?: number;
}

/**
 * The bytes of an IDX file, unpacked if its first bytes say that it is gzip, whatever its name says.
 *
 * @throws FormatError when the gzip data are damaged or unpack to more than allowed
 */
export async function unpackIdx(
  bytes: Uint8Array<ArrayBuffer>,
  options: IdxOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, maximumBytes = unpackLimit } = options;
  return isGzip(bytes) ? gunzip(bytes, { name, maximumBytes }) : bytes;
}

/**
 * Images of an unpacked IDX file, as a view of its bytes.
 *
 * Shapes: three dimensions are `[N, H, W]` and become `[N, H, W, 1]`; four are `[N, H, W, C]`.
 *
 * @throws FormatError when magic, sizes or length do not fit
 * @throws DataError when there is no image
 */
export function decodeIdxImages(bytes: Uint8Array, options: IdxOptions): Tensor<"uint8"> {
  const { name } = options;
  const { shape, data } = decodeIdx(bytes, name, [3, 4], "images");
  if (data.length === 0) {
    throw new DataError(`there are no images in it: its shape is ${formatShape(shape)}`, {
      where: name,
      hint: "Pass a file with at least one image of at least one pixel.",
    });
  }
  return new Tensor("uint8", shape.length === 3 ? [...shape, 1] : shape, data);
}

/**
 * Labels of an unpacked IDX file.
 *
 * Shapes: `[N]`.
 *
 * @param options - `classCount`: how many classes there are; labels are 0 to `classCount - 1`
 * @throws FormatError when magic, size or length do not fit
 * @throws DataError naming the first label that is not below `classCount`
 */
export function decodeIdxLabels(
  bytes: Uint8Array,
  options: IdxOptions & { readonly classCount?: number },
): Tensor<"int32"> {
  const { name, classCount = 256 } = options;
  const { shape, data } = decodeIdx(bytes, name, [1], "labels");
  const labels = new Tensor("int32", shape, Int32Array.from(data));
  checkLabels(labels.data, classCount, name);
  return labels;
}

/**
 * Throws unless every label is one of 0 to `classCount - 1`.
 *
 * @param where - the file or data set, for the error
 * @throws DataError naming the first bad label and its index
 */
export function checkLabels(labels: Int32Array, classCount: number, where: string): void {
  const index = labels.findIndex((label) => label < 0 || label >= classCount);
  if (index === -1) return;
  throw new DataError(
    `the label at index ${index} is ${labels[index]}, with ${classCount} classes labels are 0 to ${classCount - 1}`,
    {
      where,
      hint: "Correct that label, or check that the labels belong to this data set.",
    },
  );
}

interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

function decodeIdx(
  bytes: Uint8Array,
  name: string,
  ranks: readonly number[],
  what: "images" | "labels",
): IdxArray {
  const rank = checkMagic(bytes, name, ranks, what);
  const dataStart = 4 + 4 * rank;
  if (bytes.length < dataStart) {
    throw new FormatError(
      `the file ends inside its header: ${dataStart} bytes were expected, got ${bytes.length}`,
      {
        where: name,
        hint: "It is cut short: download or copy it again.",
      },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = dataStart + sizeOf(shape);
  if (bytes.length !== expected) {
    const trouble = bytes.length < expected ? "cut short" : "longer than its header says";
    throw new FormatError(
      `${what} ${formatShape(shape)} make a file of ${expected} bytes, got ${bytes.length}`,
      {
        where: name,
        hint: `It is ${trouble}: download or copy it again.`,
      },
    );
  }
  return { shape, data: bytes.subarray(dataStart) };
}

/** Checks the first four bytes and returns the number of dimensions. */
function checkMagic(
  bytes: Uint8Array,
  name: string,
  ranks: readonly number[],
  what: "images" | "labels",
): number {
  const [zero0, zero1, type, rank] = bytes;
  const expected = ranks.map((wanted) => `000008${wanted.toString(16).padStart(2, "0")}`).join(" or ");
  const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (zero0 !== 0 || zero1 !== 0 || typeNames[type] === undefined || rank === undefined) {
    throw new FormatError(
      `not an IDX file of ${what}: it begins with ${found || "nothing"}, expected ${expected}`,
      {
        where: name,
        hint: "Check that this is the right file, and download or copy it again.",
      },
    );
  }
  if (type !== unsignedByte) {
    throw new FormatError(
      `its elements are ${typeNames[type]} (magic ${found}), expected unsigned bytes (${expected})`,
      {
        where: name,
        hint: "Convert them to unsigned bytes, 0 to 255.",
      },
    );
  }
  if (!ranks.includes(rank)) {
    const swapped = what === "images" ? rank === 1 : rank === 3;
    throw new FormatError(
      `${rank} dimensions (magic ${found}) are not those of ${what}, expected ${expected}`,
      {
        where: name,
        hint: swapped
          ? "The files of images and labels seem to be swapped: check their names."
          : "Check that this is the right file.",
      },
    );
  }
  return rank;
}
