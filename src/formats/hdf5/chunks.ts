import { FormatError } from "../../tensor/errors.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { damagedHdf5, type Hdf5Source, unsupportedHdf5 } from "./source.ts";
import { walkTree } from "./tree.ts";

/** A data set in pieces of one size, listed in a tree. */
export interface ChunkedLayout {
  readonly kind: "chunked";
  /** null: nothing was written. */
  readonly tree: number | null;
  /** Sizes of a chunk along the axes, then the bytes of an element. */
  readonly sizes: readonly number[];
  /** The message that lists what chunks went through before they were written. */
  readonly filters: Uint8Array | null;
}

interface Target {
  readonly shape: Shape;
  /** Of an element. */
  readonly bytes: number;
  readonly where: string;
}

/** What a chunk goes through when it is written, in this order; undone in reverse. */
type Filter = "gzip" | "shuffle" | "checksum";

const filterNumbers: { readonly [id: number]: Filter } = { 1: "gzip", 2: "shuffle", 3: "checksum" };

/** Puts a data set together from its chunks; where none was written there are zeros. */
export async function readChunks(
  source: Hdf5Source,
  layout: ChunkedLayout,
  target: Target,
): Promise<Uint8Array> {
  const { shape, bytes, where } = target;
  const chunk = layout.sizes.slice(0, -1);
  if (chunk.length !== shape.length || layout.sizes.at(-1) !== bytes || chunk.includes(0)) {
    throw damagedHdf5(`chunks of [${layout.sizes}] do not fit its shape [${shape}]`, where);
  }
  const filters = layout.filters === null ? [] : readFilters(source, layout.filters, where);
  const size = sizeOf(shape) * bytes;
  source.spend(size, where);
  const result = new Uint8Array(size);
  if (layout.tree === null) return result;
  const chunkBytes = sizeOf(chunk) * bytes;
  if (chunkBytes > Math.max(2 ** 20, 64 * size)) throw damagedHdf5(`a chunk has ${chunkBytes} bytes`, where);
  const keyBytes = 8 + 8 * layout.sizes.length;
  for (const { key, child } of walkTree(source, layout.tree, { type: 1, keyBytes, where })) {
    const cursor = source.within(key, where);
    const stored = source.at(child, where).take(cursor.uint32("the size of a chunk"), "a chunk");
    const skipped = cursor.uint32("the filters of a chunk");
    const start = chunk.map(() => cursor.uint64("the place of a chunk"));
    if (start.some((place, axis) => place >= shape[axis])) continue;
    source.spend(chunkBytes, where);
    const used = filters.filter((_, index) => (skipped & (1 << index)) === 0);
    const values = await undo(used, stored, { chunkBytes, bytes, where });
    place(result, values, { shape, chunk, start, bytes });
  }
  return result;
}

function readFilters(source: Hdf5Source, body: Uint8Array, where: string): Filter[] {
  const cursor = source.within(body, where);
  const version = cursor.uint8("filters");
  const count = cursor.uint8("the number of filters");
  if (version === 1) cursor.skip(6, "filters");
  return Array.from({ length: count }, () => {
    const id = cursor.uint16("a filter");
    const nameLength = version === 1 || id >= 256 ? cursor.uint16("the length of a filter's name") : 0;
    cursor.skip(2, "a filter");
    const values = cursor.uint16("the number of a filter's values");
    cursor.skip(nameLength + 4 * values, "a filter");
    if (version === 1 && values % 2 === 1) cursor.skip(4, "a filter");
    if (!Object.hasOwn(filterNumbers, id)) throw unsupportedHdf5(`compression by the filter ${id}`, where);
    return filterNumbers[id];
  });
}

async function undo(
  filters: readonly Filter[],
  stored: Uint8Array,
  {
    chunkBytes,
    bytes,
    where,
  }: { readonly chunkBytes: number; readonly bytes: number; readonly where: string },
): Promise<Uint8Array> {
  let values = stored;
  for (const filter of [...filters].reverse()) {
    if (filter === "gzip") values = await gunzip(values, chunkBytes + 4, where);
    // Fletcher's sum of four bytes stands behind; it guards against bad disks, not bad intent.
    else if (filter === "checksum") values = values.subarray(0, Math.max(0, values.length - 4));
    else values = unshuffle(values, bytes);
  }
  if (values.length !== chunkBytes) {
    throw damagedHdf5(`a chunk came to ${values.length} bytes, it should to ${chunkBytes}`, where);
  }
  return values;
}

/** Inflates a chunk to at most `limit` bytes. */
async function gunzip(stored: Uint8Array, limit: number, where: string): Promise<Uint8Array> {
  const { unzlibSync } = await import("fflate");
  try {
    // A buffer of fixed size: what does not fit into it is an error, not more memory.
    return unzlibSync(stored, { out: new Uint8Array(limit) });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw damagedHdf5("a compressed chunk makes no sense", where, cause);
  }
}

/** The first bytes of all elements, then the second ones, and so on, put back in order. */
function unshuffle(shuffled: Uint8Array, bytes: number): Uint8Array {
  const count = Math.floor(shuffled.length / bytes);
  const values = new Uint8Array(shuffled);
  for (let index = 0; index < count; index++) {
    for (let byte = 0; byte < bytes; byte++) values[index * bytes + byte] = shuffled[byte * count + index];
  }
  return values;
}

/** Copies the rows of a chunk that lie within the data set. */
function place(
  result: Uint8Array,
  values: Uint8Array,
  {
    shape,
    chunk,
    start,
    bytes,
  }: { readonly shape: Shape; readonly chunk: Shape; readonly start: Shape; readonly bytes: number },
): void {
  const last = shape.length - 1;
  const kept = chunk.map((size, axis) => Math.min(size, shape[axis] - start[axis]));
  const rows = sizeOf(kept.slice(0, -1));
  for (let row = 0; row < rows; row++) {
    let rest = row;
    let [from, to, fromStride, toStride] = [0, start[last] ?? 0, chunk[last] ?? 1, shape[last] ?? 1];
    for (let axis = last - 1; axis >= 0; axis--) {
      const index = rest % kept[axis];
      rest = Math.floor(rest / kept[axis]);
      from += index * fromStride;
      to += (start[axis] + index) * toStride;
      fromStride *= chunk[axis];
      toStride *= shape[axis];
    }
    const length = (kept[last] ?? 1) * bytes;
    result.set(values.subarray(from * bytes, from * bytes + length), to * bytes);
  }
}
