import { clip } from "../format-errors.ts";
import { readAttributes, type TextAttributes } from "./attributes.ts";
import { Hdf5Dataset } from "./dataset.ts";
import { type Message, messageKinds, readHeader } from "./header.ts";
import { damagedHdf5, type Hdf5Cursor, type Hdf5Source, placeOf, unsupportedHdf5 } from "./source.ts";
import { walkTree } from "./tree.ts";

/** Where a name of a group leads. */
type Target = number | { readonly refused: string };

/** In bytes: names may overlap each other, so that all together could be far larger than the file. */
const longestName = 4096;

/** Groups within groups: Keras nests by models within models. */
const depthLimit = 64;

/** A group of an HDF5 file: named groups and data sets, and texts as attributes. */
export class Hdf5Group {
  /** `/layers/dense`; "" for the root. */
  readonly path: string;
  readonly #source: Hdf5Source;
  readonly #messages: readonly Message[];
  #targets: ReadonlyMap<string, Target> | null = null;
  #attributes: TextAttributes | null = null;

  constructor(source: Hdf5Source, address: number, path: string, messages?: readonly Message[]) {
    this.path = path;
    this.#source = source;
    this.#messages = messages ?? readHeader(source, address, placeOf(source, path));
  }

  /** Names of what is in it, in the order of the file: by name. */
  get names(): string[] {
    return [...this.#children().keys()];
  }

  /** The texts of an attribute; null when there is none of that name. */
  texts(name: string): readonly string[] | null {
    this.#attributes ??= readAttributes(this.#source, this.#messages, placeOf(this.#source, this.path));
    return this.#attributes.texts(name);
  }

  /**
   * What a name leads to; a path leads through groups. Null when there is no such thing.
   *
   * @throws FormatError for a link that leads out of the file, or an object that does not fit the format
   */
  get(path: string): Hdf5Group | Hdf5Dataset | null {
    const [name, ...rest] = path.split("/");
    const target = this.#children().get(name);
    if (target === undefined) return null;
    const childPath = `${this.path}/${name}`;
    const where = placeOf(this.#source, childPath);
    if (typeof target !== "number") throw unsupportedHdf5(target.refused, where);
    if (childPath.split("/").length > depthLimit)
      throw damagedHdf5("groups lie too deep within each other", where);
    this.#source.step();
    const messages = readHeader(this.#source, target, where);
    const isDataset = messages.some(({ kind }) => kind === messageKinds.layout);
    if (isDataset) return rest.length === 0 ? new Hdf5Dataset(this.#source, messages, childPath) : null;
    const group = new Hdf5Group(this.#source, target, childPath, messages);
    return rest.length === 0 ? group : group.get(rest.join("/"));
  }

  #children(): ReadonlyMap<string, Target> {
    if (this.#targets !== null) return this.#targets;
    const where = placeOf(this.#source, this.path);
    const targets = new Map<string, Target>();
    const add = (name: string, target: Target) => {
      if (targets.has(name)) throw damagedHdf5(`the name "${clip(name)}" is there twice`, where);
      targets.set(name, target);
    };
    for (const { kind, body } of this.#messages) {
      const cursor = this.#source.within(body, where);
      if (kind === messageKinds.symbolTable) readSymbolTable(cursor, add);
      else if (kind === messageKinds.link) readLink(cursor, add);
      else if (kind === messageKinds.linkInfo) refuseDenseLinks(cursor);
    }
    this.#targets = targets;
    return targets;
  }
}

/** The older form of groups: a tree of tables whose names lie in a heap. */
function readSymbolTable(cursor: Hdf5Cursor, add: (name: string, target: Target) => void): void {
  const { source, where } = cursor;
  const tree = cursor.definedAddress("the group's tree");
  const heap = readHeap(source, cursor.definedAddress("the group's names"), where);
  for (const table of walkTree(source, tree, { type: 0, keyBytes: source.lengthSize, where })) {
    const entries = source.at(table.child, where);
    entries.signature("SNOD", "a table of the group");
    entries.skip(2, "a table of the group");
    const count = entries.uint16("the number of entries");
    for (let index = 0; index < count; index++) {
      source.step();
      const nameAt = entries.length("the place of a name");
      const address = entries.address("an object");
      const cacheKind = entries.uint32("the kind of an entry");
      entries.skip(20, "an entry of the group");
      const isLink = cacheKind === 2 || address === null;
      add(textAt(heap, nameAt, where), isLink ? { refused: "a soft link" } : address);
    }
  }
}

function readHeap(source: Hdf5Source, address: number, where: string): Uint8Array {
  const cursor = source.at(address, where);
  cursor.signature("HEAP", "the group's names");
  cursor.skip(4, "the group's names");
  const size = cursor.length("the size of the group's names");
  cursor.length("the free room of the group's names");
  return source.at(cursor.definedAddress("the group's names"), where).take(size, "the group's names");
}

function textAt(heap: Uint8Array, start: number, where: string): string {
  const window = heap.subarray(start, start + longestName + 1);
  const end = window.indexOf(0);
  if (end >= 0) return new TextDecoder().decode(window.subarray(0, end));
  const what =
    window.length > longestName ? `is longer than ${longestName} bytes` : "lies outside the group's names";
  throw damagedHdf5(`a name at ${start} ${what}`, where);
}

/** The newer form: one message a link. */
function readLink(cursor: Hdf5Cursor, add: (name: string, target: Target) => void): void {
  cursor.skip(1, "a link");
  const flags = cursor.uint8("a link");
  const type = flags & 8 ? cursor.uint8("the type of a link") : 0;
  if (flags & 4) cursor.skip(8, "a link's place in the order");
  if (flags & 16) cursor.skip(1, "a link's alphabet");
  let length = 0;
  for (const [index, byte] of cursor.take(1 << (flags & 3), "the length of a name").entries()) {
    length += byte * 256 ** index;
  }
  const name = new TextDecoder().decode(cursor.take(length, "a name"));
  const refused = type === 1 ? "a soft link" : "a link to another file";
  add(name, type === 0 ? cursor.definedAddress("an object") : { refused });
}

function refuseDenseLinks(cursor: Hdf5Cursor): void {
  cursor.skip(1, "a group's links");
  if (cursor.uint8("a group's links") & 1) cursor.skip(8, "a group's links");
  if (cursor.address("a group's links") !== null) {
    throw unsupportedHdf5("a group with its links in a fractal heap", cursor.where);
  }
}
