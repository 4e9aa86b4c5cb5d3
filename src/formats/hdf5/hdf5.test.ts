import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../../tensor/shape.ts";
import { messageOf } from "../../testing/error-message.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { Hdf5Dataset } from "./dataset.ts";
import { isHdf5, openHdf5 } from "./file.ts";
import { Hdf5Group } from "./group.ts";

/** Recorded by scripts/golden/hdf5.py. */
const golden = (name: string) => new Uint8Array(readFileSync(new URL(`golden/${name}.h5`, import.meta.url)));
const plain = golden("plain");
const newer = golden("newer");
const refused = { older: golden("refused"), newer: golden("refused-newer") };

async function read(file: Hdf5Group, path: string) {
  const dataset = file.get(path);
  if (!(dataset instanceof Hdf5Dataset)) throw new Error(`${path} is no data set`);
  const { dtype, shape, data } = await dataset.read();
  return { dtype, shape, values: [...data] };
}

/** Everything in a file. */
async function readAll(bytes: Uint8Array): Promise<number> {
  const attributes = ["text", "texts", "fixed", "none", "long", "dtype"];
  const groups = [openHdf5(bytes, "x.h5")];
  let count = 0;
  for (const group of groups) {
    for (const name of attributes) count += group.texts(name)?.length ?? 0;
    for (const name of group.names) {
      const child = group.get(name);
      if (child instanceof Hdf5Group) groups.push(child);
      else if (child !== null) count += sizeOf((await child.read()).shape);
    }
  }
  return count;
}

/** 3 i - 4. */
const formula = (count: number) => Array.from({ length: count }, (_, index) => 3 * index - 4);

describe("numbers", () => {
  const file = openHdf5(plain, "plain.h5");

  test.each([
    ["<f4", "float32"],
    ["<f8", "float64"],
    ["<f2", "float32"],
    ["<i1", "int32"],
    ["<i2", "int32"],
    ["<i4", "int32"],
    ["<i8", "int32"],
    [">f4", "float32"],
    [">i4", "int32"],
    ["bf16", "float32"],
  ])("%s is read as %s", async (name, dtype) => {
    expect(await read(file, `numbers/${name}`)).toEqual({ dtype, shape: [2, 3], values: formula(6) });
  });

  test.each([
    ["<u1", "uint8"],
    ["<u2", "int32"],
    ["<u4", "uint32"],
    ["<u8", "int32"],
  ])("%s is read as %s", async (name, dtype) => {
    expect(await read(file, `numbers/${name}`)).toEqual({ dtype, shape: [2, 3], values: [0, 1, 2, 3, 4, 5] });
  });

  test("booleans, scalars, empty and unwritten data", async () => {
    expect(await read(file, "numbers/bool")).toEqual({ dtype: "uint8", shape: [3], values: [1, 0, 1] });
    expect(await read(file, "numbers/scalar")).toEqual({ dtype: "float32", shape: [], values: [2.5] });
    expect(await read(file, "numbers/empty")).toEqual({ dtype: "float32", shape: [0, 3], values: [] });
    expect(await read(file, "numbers/null")).toEqual({ dtype: "float32", shape: [0], values: [] });
    expect(await read(file, "numbers/unwritten")).toEqual({
      dtype: "float32",
      shape: [2, 2],
      values: [0, 0, 0, 0],
    });
  });

  test("chunks, also those that stand out over the edge, compressed, shuffled and with checksums", async () => {
    for (const name of ["plain", "gzip", "all"]) {
      expect(await read(file, `chunks/${name}`), name).toEqual({
        dtype: "float32",
        shape: [5, 7],
        values: formula(35),
      });
    }
    expect(await read(file, "chunks/cube")).toEqual({
      dtype: "int32",
      shape: [3, 4, 5],
      values: formula(60),
    });
    expect(await read(file, "chunks/unwritten")).toEqual({
      dtype: "float32",
      shape: [4],
      values: [0, 0, 1, 2],
    });
  });

  test("data that lie in the file as they are needed are not copied", async () => {
    const dataset = file.get("numbers/<f4");
    const { data } = dataset instanceof Hdf5Dataset ? await dataset.read() : { data: null };
    expect(data?.buffer).toBe(plain.buffer);
  });
});

describe("groups and texts", () => {
  test.each([
    ["plain.h5", plain],
    ["newer.h5", newer],
  ])("%s", (name, bytes) => {
    const file = openHdf5(bytes, name);
    expect(file.texts("text")).toEqual(["ümlaut"]);
    expect(file.texts("texts")).toEqual(["one", "two and more"]);
    expect(file.texts("fixed")).toEqual(["conv1", "b"]);
    expect(file.texts("fixed text")).toEqual(["abc"]);
    expect(file.texts("none")).toEqual([]);
    expect(file.texts("missing")).toBeNull();
    expect(() => file.texts("number")).toThrow(
      `${name}, attribute "number": not a valid HDF5 file: it should be a text, it is of number`,
    );
  });

  test("a text that lies outside of its attribute", () => {
    expect(openHdf5(plain, "plain.h5").texts("long")).toEqual(["0123456789".repeat(100)]);
  });

  test("names, also more than one table has, and paths", async () => {
    const file = openHdf5(plain, "plain.h5");
    expect(file.names).toEqual(["a", "chunks", "many", "numbers"]);
    const many = file.get("many");
    const names = Array.from({ length: 40 }, (_, index) => `g${String(index).padStart(2, "0")}`);
    expect(many instanceof Hdf5Group && many.names).toEqual(names);
    expect((await read(file, "a/b/c/d")).values).toEqual(formula(6));
    expect(file.get("a/x")).toBeNull();
    expect(file.get("a/b/c/d/e")).toBeNull();
  });

  test("the second version of headers and links as messages", async () => {
    const file = openHdf5(newer, "newer.h5");
    expect(file.names).toEqual(["x", "group"]);
    expect(await read(file, "x")).toEqual({ dtype: "float32", shape: [2, 3], values: formula(6) });
    expect(await read(file, "group/inner/y")).toEqual({ dtype: "int32", shape: [2, 3], values: formula(6) });
  });
});

describe("what is refused", () => {
  const hint = "Save the model again as Keras does by default, or copy its values into a new file with h5py.";

  test.each([
    ["soft", "a soft link"],
    ["out/external", "a link to another file"],
    ["elsewhere", "a data set whose values lie in other files"],
    ["texts", "a data set of longText values"],
    ["complex", "a data set of compound values"],
    ["half void", "a data set of opaque values"],
    ["lzf", "compression by the filter 32000"],
    ["shared", "a part that is shared between objects"],
  ])("%s", async (path, what) => {
    expect(await messageOf(() => read(openHdf5(refused.older, "r.h5"), path))).toBe(
      `FormatError: r.h5, "/${path}": ${what} is not supported. ${hint}`,
    );
  });

  test.each([
    ["virtual", "a virtual data set"],
    ["chunked", "a data set with the newer index of chunks"],
    ["dense/g0", "a group with its links in a fractal heap"],
  ])("%s of the newer form", async (path, what) => {
    const [first] = path.split("/");
    expect(await messageOf(() => read(openHdf5(refused.newer, "r.h5"), path))).toBe(
      `FormatError: r.h5, "/${first}": ${what} is not supported. ${hint}`,
    );
  });

  test("attributes in a heap of their own", async () => {
    const crowd = openHdf5(refused.newer, "r.h5").get("crowd");
    expect(await messageOf(() => crowd instanceof Hdf5Group && crowd.texts("a0"))).toBe(
      `FormatError: r.h5, "/crowd": an object with its attributes in a fractal heap is not supported. ${hint}`,
    );
  });
});

describe("damage", () => {
  test("is told with file, place and numbers", async () => {
    expect(isHdf5(plain)).toBe(true);
    expect(isHdf5(Uint8Array.of(0x89, 0x48))).toBe(false);
    expect(await messageOf(() => openHdf5(new Uint8Array(20), "x.h5"))).toBe(
      "FormatError: x.h5: not a valid HDF5 file: it does not begin with the format's signature. The file is damaged, cut short or of another format: download or save it again.",
    );
    const half = plain.slice(0, plain.length / 2);
    expect(await messageOf(() => readAll(half))).toMatch(/^FormatError: x\.h5.*: not a valid HDF5 file: /);
  });

  test("a group that contains itself comes to an end", async () => {
    // The entry of /a/b in the table of /a is made to lead to /a again: found by its header's address.
    const file = openHdf5(plain, "x.h5");
    expect(file.get("a/b")).toBeInstanceOf(Hdf5Group);
    const path = Array.from({ length: 200 }, () => "a").join("/");
    const circular = plain.slice();
    const view = new DataView(circular.buffer);
    // Root's symbol table entry: at byte 56 + 8 of the superblock, version 0, with 8-byte addresses.
    const root = view.getBigUint64(64, true);
    const text = new TextDecoder("latin1").decode(circular);
    const table = text.indexOf("SNOD");
    view.setBigUint64(table + 8 + 8, root, true);
    expect(await messageOf(() => openHdf5(circular, "x.h5").get(path))).toMatch(
      /groups lie too deep within each other/,
    );
  });

  test("files broken in every manner are read or refused", async () => {
    await fuzzReader({
      read: readAll,
      files: { plain, newer, refused: refused.older, other: refused.newer },
      runs: 300,
    });
  });
});
