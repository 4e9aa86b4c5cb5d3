import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import { type DType, Tensor } from "../../tensor/tensor.ts";
import { decodeElements, storedTypes } from "../elements.ts";
import { readAttributes } from "./attributes.ts";
import { type ChunkedLayout, readChunks } from "./chunks.ts";
import { type Message, messageKinds } from "./header.ts";
import { damagedHdf5, type Hdf5Source, placeOf, unsupportedHdf5 } from "./source.ts";
import { type ElementType, readDataspace, readElementType } from "./types.ts";

type Layout = { readonly kind: "whole"; readonly bytes: Uint8Array | null } | ChunkedLayout;

/** A data set of an HDF5 file: a tensor of numbers. */
export class Hdf5Dataset {
  /** `/layers/dense/vars/0`. */
  readonly path: string;
  readonly shape: Shape;
  readonly #source: Hdf5Source;
  readonly #messages: readonly Message[];
  readonly #type: ElementType;

  constructor(source: Hdf5Source, messages: readonly Message[], path: string) {
    const where = placeOf(source, path);
    const bodyOf = (kind: number, what: string) => {
      const message = messages.find((candidate) => candidate.kind === kind);
      if (message === undefined) throw damagedHdf5(`it has no ${what}`, where);
      return source.within(message.body, where);
    };
    if (messages.some(({ kind }) => kind === messageKinds.externalFiles)) {
      throw unsupportedHdf5("a data set whose values lie in other files", where);
    }
    this.path = path;
    this.shape = readDataspace(bodyOf(messageKinds.dataspace, "shape"));
    this.#type = readElementType(bodyOf(messageKinds.datatype, "element type"));
    this.#source = source;
    this.#messages = messages;
  }

  /** The values, a view of the file's bytes where they lie there as they are. @throws FormatError */
  async read(): Promise<Tensor> {
    const where = placeOf(this.#source, this.path);
    const type = this.#storedType(where);
    const size = sizeOf(this.shape) * this.#type.bytes;
    if (!Number.isSafeInteger(size))
      throw damagedHdf5(`its shape ${formatShape(this.shape)} is too large`, where);
    const bytes = await this.#bytes(size, where);
    const ordered =
      this.#type.kind === "number" && this.#type.bigEndian ? swap(bytes, this.#type.bytes) : bytes;
    return new Tensor<DType>(storedTypes[type].dtype, this.shape, decodeElements(type, ordered, where));
  }

  #storedType(where: string) {
    if (this.#type.kind === "number") return this.#type.type;
    // Numbers that h5py has no name for: Keras writes bfloat16 as bare bytes, and says so, or not.
    if (this.#type.kind === "opaque" && this.#type.bytes === 2) {
      const [said = "bfloat16"] = readAttributes(this.#source, this.#messages, where).texts("dtype") ?? [];
      if (said === "bfloat16") return "bf16";
    }
    const what = this.#type.kind === "other" ? this.#type.what : `${this.#type.kind} values`;
    throw unsupportedHdf5(`a data set of ${what}`, where);
  }

  /** The values' bytes, exactly `size` of them. */
  async #bytes(size: number, where: string): Promise<Uint8Array> {
    const layout = this.#layout(where);
    if (layout.kind === "chunked") {
      return await readChunks(this.#source, layout, { shape: this.shape, bytes: this.#type.bytes, where });
    }
    if (layout.bytes === null) {
      // Never written: zeros.
      this.#source.spend(size, where);
      return new Uint8Array(size);
    }
    if (layout.bytes.length < size) {
      throw damagedHdf5(
        `${formatShape(this.shape)} needs ${size} bytes, there are ${layout.bytes.length}`,
        where,
      );
    }
    // Several data sets may claim the same bytes, and some types grow when they are read.
    this.#source.spend(size, where);
    return layout.bytes.subarray(0, size);
  }

  #layout(where: string): Layout {
    const message = this.#messages.find(({ kind }) => kind === messageKinds.layout);
    const cursor = this.#source.within(message?.body ?? new Uint8Array(0), where);
    const version = cursor.uint8("a layout");
    if (version !== 3 && version !== 4) throw unsupportedHdf5(`version ${version} of layouts`, where);
    const kind = cursor.uint8("a layout");
    if (kind === 0) {
      return { kind: "whole", bytes: cursor.take(cursor.uint16("the size of the values"), "the values") };
    }
    if (kind === 1) {
      const address = cursor.address("the values");
      const size = cursor.length("the size of the values");
      return {
        kind: "whole",
        bytes: address === null ? null : this.#source.at(address, where).take(size, "the values"),
      };
    }
    if (kind === 3) throw unsupportedHdf5("a virtual data set", where);
    if (kind !== 2) throw damagedHdf5(`a layout of the kind ${kind} is not known`, where);
    if (version === 4) throw unsupportedHdf5("a data set with the newer index of chunks", where);
    const axes = cursor.uint8("a number of axes");
    const tree = cursor.address("the chunks");
    const sizes = Array.from({ length: axes }, () => cursor.uint32("the size of a chunk"));
    const filters = this.#messages.find(({ kind: own }) => own === messageKinds.filters)?.body ?? null;
    return { kind: "chunked", tree, sizes, filters };
  }
}

/** The same elements with the lowest byte first. */
function swap(bytes: Uint8Array, size: number): Uint8Array {
  const swapped = new Uint8Array(bytes);
  for (let start = 0; start < swapped.length; start += size) swapped.subarray(start, start + size).reverse();
  return swapped;
}
