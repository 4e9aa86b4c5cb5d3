import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { messageOf } from "../../testing/error-message.ts";
import { drawPhoto, ppmOf, type TemporaryFolder, temporaryFolder } from "../../testing/photo-files.ts";
import { imageToInput } from "../image-input.ts";
import { imageFolder } from "./image-folder.ts";

const options = { height: 8, width: 8, channels: 3 };
let folder: TemporaryFolder;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Small pictures, each of its own. */
function draw(...names: readonly string[]): void {
  for (const [index, name] of names.entries())
    folder.write(name, ppmOf(drawPhoto(seedOf(name) + index, 20, 16)));
}

const seedOf = (name: string) =>
  Array.from(name).reduce((sum, letter) => sum * 31 + (letter.codePointAt(0) ?? 0), 7);

const problemsOf = (found: {
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}) => Object.fromEntries(found.problems.map(({ path, problem }) => [path, problem]));

describe("a folder of class folders", () => {
  test("classes and photos in natural order, nested files, blanks and all letters", async () => {
    draw(
      "class 10/1.ppm",
      "class 2/b/10.ppm",
      "class 2/b/9.ppm",
      "class 2/a b.ppm",
      "Übel/猫 🐈.ppm",
      "Übel/x.ppm",
    );
    const found = await imageFolder(`${folder.path}/`);
    expect(found.name).toBe(folder.path.split("/").at(-1));
    expect(found.root).toBe(folder.path);
    expect(found.classNames).toEqual(["class 2", "class 10", "Übel"]);
    expect(found.counts).toEqual([3, 1, 2]);
    expect(found.photos).toEqual(
      [
        { path: "class 2/a b.ppm", label: 0 },
        { path: "class 2/b/9.ppm", label: 0 },
        { path: "class 2/b/10.ppm", label: 0 },
        { path: "class 10/1.ppm", label: 1 },
        { path: "Übel/x.ppm", label: 2 },
        { path: "Übel/猫 🐈.ppm", label: 2 },
      ].map(({ path, label }) => ({ path, label, file: join(folder.path, path), part: null })),
    );
    expect(found.problems).toEqual([]);
    expect(found.notes).toEqual(['class "class 10" has one photo, which is trained on: nothing tests it']);
  });

  test("what is no photo is passed over and told, what systems leave behind is not worth telling", async () => {
    draw(
      "cat/1.ppm",
      "cat/2.ppm",
      "dog/1.ppm",
      "dog/2.ppm",
      ".git/1.ppm",
      "cat/.hidden.ppm",
      "__MACOSX/cat/1.ppm",
    );
    for (const name of ["cat/Thumbs.db", "dog/.DS_Store", "desktop.ini", "README.md", "cat/empty.jpg"])
      folder.write(name, "");
    folder.write("cat/notes.txt", "three cats");
    folder.write("bird/list.csv", "a,b");
    draw("stray.ppm");
    symlinkSync("nowhere.jpg", join(folder.path, "dog/broken.jpg"));
    execFileSync("mkfifo", [join(folder.path, "dog/pipe.jpg")]);
    const found = await imageFolder(folder.path);
    expect(found.classNames).toEqual(["cat", "dog"]);
    expect(found.counts).toEqual([2, 2]);
    expect(problemsOf(found)).toEqual({
      "bird/list.csv": "this is none of the images that are read",
      "cat/empty.jpg": "the file is empty",
      "cat/notes.txt": "this is none of the images that are read",
      "dog/broken.jpg": "the link leads to nothing",
      "dog/pipe.jpg": "it is neither a file nor a folder",
      "stray.ppm": "it lies beside the folders of the classes",
      bird: "there is no photo of this class: it is left out",
    });
  });

  test("links are followed, but not in circles", async () => {
    draw("cat/1.ppm", "dog/1.ppm", "dog/deep/2.ppm", "elsewhere/3.ppm");
    symlinkSync("..", join(folder.path, "dog/deep/up"));
    symlinkSync(folder.path, join(folder.path, "cat/all"));
    symlinkSync("../elsewhere/3.ppm", join(folder.path, "cat/linked.ppm"));
    symlinkSync("dog", join(folder.path, "wolf"));
    const found = await imageFolder(folder.path);
    expect(found.classNames).toEqual(["cat", "dog", "elsewhere", "wolf"]);
    const own = found.photos.filter(({ label }) => label === 1).map(({ path }) => path);
    expect(own).toEqual(["dog/1.ppm", "dog/deep/2.ppm"]);
    expect(found.photos.some(({ path }) => path === "cat/linked.ppm")).toBe(true);
    expect(problemsOf(found)).toMatchObject({
      "dog/deep/up": "it leads to a folder that was looked through already",
      "cat/all": "it leads to a folder above the classes: it is not looked through",
    });
    // Else the photos of all classes were of this one, too.
    expect(found.photos.filter(({ label }) => label === 0).map(({ path }) => path)).toEqual([
      "cat/1.ppm",
      "cat/linked.ppm",
    ]);
  });

  test("a class, or a part, that is a link to a folder above is none", async () => {
    draw("train/cat/1.ppm", "train/dog/1.ppm", "test/cat/2.ppm", "test/dog/2.ppm");
    symlinkSync("..", join(folder.path, "train/again"));
    symlinkSync("../../train", join(folder.path, "train/dog/part"));
    symlinkSync(".", join(folder.path, "val"));
    const found = await imageFolder(folder.path);
    expect(found.photos.map(({ path }) => path)).toEqual([
      "test/cat/2.ppm",
      "train/cat/1.ppm",
      "test/dog/2.ppm",
      "train/dog/1.ppm",
    ]);
    const problem = "it leads to a folder above the classes: it is not looked through";
    expect(problemsOf(found)).toEqual({ "train/again": problem, "train/dog/part": problem, val: problem });
  });

  test("files and folders without permission are told, and all else goes on", async () => {
    draw("cat/1.ppm", "cat/locked.ppm", "dog/1.ppm", "dog/locked/2.ppm");
    chmodSync(folder.path, 0o755);
    chmodSync(join(folder.path, "cat/locked.ppm"), 0);
    chmodSync(join(folder.path, "dog/locked"), 0);
    const found = await asNobody(() => imageFolder(folder.path));
    expect(found.counts).toEqual([1, 1]);
    expect(problemsOf(found)).toEqual({
      "cat/locked.ppm": "no permission to read this file",
      "dog/locked": "no permission to list this folder",
    });
    chmodSync(join(folder.path, "dog/locked"), 0o755);
  });

  test("one class, or none, is an error that says what was there", async () => {
    draw("cat/1.ppm");
    folder.write("dog/1.jpg", "");
    expect(await messageOf(() => imageFolder(folder.path))).toBe(
      `DataError: ${folder.path}: there is one class only, "cat", with 1 photo. Give two classes or more, a folder for each, such as ${folder.path}/cat and ${folder.path}/dog. What was passed over: 2, first dog/1.jpg (the file is empty).`,
    );
    const empty = temporaryFolder();
    expect(await messageOf(() => imageFolder(empty.path))).toBe(
      `DataError: ${empty.path}: there are no photos in folders of classes. Give two classes or more, a folder for each, such as ${empty.path}/cat and ${empty.path}/dog.`,
    );
    empty.remove();
    expect(await messageOf(() => imageFolder(`${folder.path}/none`))).toBe(
      `FileError: ${folder.path}/none: there is no such folder. Give a folder with a folder of photos for each class, or a CSV file of path,label.`,
    );
    expect(await messageOf(() => imageFolder(`${folder.path}/cat/1.ppm`))).toContain(
      "this is no folder and no CSV file",
    );
  });

  test("a signal ends the search", async () => {
    draw("cat/1.ppm", "dog/1.ppm");
    const reason = new Error("enough");
    await expect(imageFolder(folder.path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("a folder of parts", () => {
  test("train, val and test by any of their names", async () => {
    draw(
      "Train/a/1.ppm",
      "Train/b/1.ppm",
      "valid/a/1.ppm",
      "test/b/x/1.ppm",
      "test/c/1.ppm",
      "misc/1.ppm",
      "val.ppm",
    );
    const found = await imageFolder(folder.path);
    expect(found.classNames).toEqual(["a", "b"]);
    expect(found.photos.map(({ path, part }) => [path, part])).toEqual([
      ["Train/a/1.ppm", "train"],
      ["valid/a/1.ppm", "validation"],
      ["test/b/x/1.ppm", "test"],
      ["Train/b/1.ppm", "train"],
    ]);
    expect(problemsOf(found)).toEqual({
      c: "there is no photo of this class to train on: it is left out, with 1 other photo",
      misc: "it lies beside train, val and test, and is none of them",
      "val.ppm": "it lies beside train, val and test",
    });
  });

  test("classes may be called so, too", async () => {
    draw("train/1.ppm", "train/2.ppm", "plane/1.ppm");
    expect((await imageFolder(folder.path)).classNames).toEqual(["plane", "train"]);
    draw("train/old/3.ppm");
    expect((await imageFolder(folder.path)).counts).toEqual([1, 3]);
  });
});

describe("a CSV file", () => {
  test("of path and label, relative to itself, quoted, with a part", async () => {
    draw("images/a, b.ppm", "images/ü.ppm", "2.ppm", "3.ppm");
    const csv = folder.write(
      "labels.csv",
      '"images/a, b.ppm",cat\nimages/ü.ppm, dog ,val\n2.ppm,dog,train\n3.ppm,cat,nowhere\n\nmissing.ppm,cat\n2.ppm,cat\n,cat\n3.ppm\n',
    );
    const found = await imageFolder(csv);
    expect(found.name).toBe("labels.csv");
    expect(found.classNames).toEqual(["cat", "dog"]);
    expect(found.photos).toEqual([
      { path: "images/a, b.ppm", file: `${folder.path}/images/a, b.ppm`, label: 0, part: null },
      { path: "2.ppm", file: `${folder.path}/2.ppm`, label: 1, part: "train" },
      { path: "images/ü.ppm", file: `${folder.path}/images/ü.ppm`, label: 1, part: "validation" },
    ]);
    expect(problemsOf(found)).toEqual({
      "line 4": '"nowhere" is none of train, validation and test',
      "2.ppm": 'line 7 names it again, as "cat" after "dog"',
      "line 8": "it has no path",
      "line 9": "it has no label",
      "missing.ppm": "there is no such file",
    });
  });

  test("a first line of names may put the columns in another order", async () => {
    draw("1.ppm", "2.ppm");
    const csv = folder.write("labels.csv", "id;Class;Filename\r\n7;cat;1.ppm\r\n8;dog;2.ppm\r\n");
    const found = await imageFolder(csv);
    expect(found.photos.map(({ path, label }) => [path, label])).toEqual([
      ["1.ppm", 0],
      ["2.ppm", 1],
    ]);
  });

  test("without a usable line is an error", async () => {
    const csv = folder.write("labels.csv", "path,label\n");
    expect(await messageOf(() => imageFolder(csv))).toBe(
      `DataError: ${csv}: no line of it names a photo and its class. Write a line for each photo: path,label. Paths are relative to this file.`,
    );
  });
});

describe("split", () => {
  /** Twenty photos of each class, of which one is broken and some are alike. */
  function drawClasses(): void {
    for (const name of ["cat", "dog"])
      draw(...Array.from({ length: 20 }, (_, index) => `${name}/${index}.ppm`));
    folder.write("cat/broken.ppm", ppmOf(drawPhoto(1)).subarray(0, 300));
    const copy = ppmOf(drawPhoto(99, 40, 40));
    for (const name of ["cat/copy.ppm", "dog/copy.ppm"]) folder.write(name, copy);
    folder.write("dog/smaller.ppm", ppmOf(drawPhoto(99, 30, 30)));
  }

  test("reads all once, leaves out what is broken, keeps what is alike on one side and tells of it", async () => {
    drawClasses();
    const found = await imageFolder(folder.path);
    expect(found.counts).toEqual([22, 22]);
    const progress: number[] = [];
    const split = await found.split({ seed: 2, onProgress: (done) => void progress.push(done) });
    expect(progress).toEqual(Array.from({ length: 44 }, (_, index) => index + 1));
    expect(split.counts).toEqual([21, 22]);
    expect(problemsOf(split)["cat/broken.ppm"]).toMatch(
      /^not a binary PGM or PPM image: 64x48x3 pixels need/,
    );
    expect(split.notes).toEqual([
      "1 group of photos that are the same or nearly so: cat/copy.ppm = dog/copy.ppm = dog/smaller.ppm",
      "the same photo has several classes, 1 time: cat/copy.ppm = dog/copy.ppm = dog/smaller.ppm",
    ]);
    const copies = split.photos.filter(({ path }) => /copy|smaller/.test(path));
    expect(new Set(copies.map(({ part }) => part)).size).toBe(1);
    const countOf = (part: string) => split.photos.filter((photo) => photo.part === part).length;
    expect([countOf("validation"), countOf("test")]).toEqual([4, 9]);
    expect(countOf("train")).toBe(30);
    expect((await found.split({ seed: 2 })).photos).toEqual(split.photos);
  });

  test("takes validation from what is for training where a folder has its own test", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `${index}.ppm`);
    draw(
      ...["train/a/", "train/b/", "test/a/", "test/b/"].flatMap((above) => names.map((name) => above + name)),
    );
    folder.write("test/a/leak.ppm", ppmOf(drawPhoto(5, 40, 30)));
    folder.write("train/a/leak.ppm", ppmOf(drawPhoto(5, 40, 30)));
    const split = await (await imageFolder(folder.path)).split({ fractions: { validation: 0.2 } });
    const parts = split.photos.map(({ path, part }) => `${path.split("/")[0]} ${part}`);
    const countOf = (text: string) => parts.filter((part) => part === text).length;
    expect([countOf("train train"), countOf("train validation"), countOf("test test")]).toEqual([17, 4, 21]);
    expect(split.notes.at(-1)).toBe(
      "the folder has the same photo on two sides, 1 time: test/a/leak.ppm = train/a/leak.ppm",
    );
  });

  test("needs no photo read where near-duplicates do not matter", async () => {
    drawClasses();
    const split = await (await imageFolder(folder.path)).split({ nearDuplicates: false });
    expect(split.counts).toEqual([22, 22]);
    expect(split.photos.filter(({ part }) => part === "test").length).toBe(8);
  });

  test("is an error when nothing but one class can be decoded", async () => {
    draw("cat/1.ppm", "cat/2.ppm");
    folder.write("dog/1.ppm", "P6\n9 9\n255\n");
    const found = await imageFolder(folder.path);
    expect(await messageOf(() => found.split())).toContain('there is one class only, "cat", with 2 photos.');
  });
});

describe("stream", () => {
  test("reads photos of some parts, or by their indices, as a model takes them", async () => {
    draw(...["a", "b"].flatMap((name) => Array.from({ length: 10 }, (_, index) => `${name}/${index}.ppm`)));
    const split = await (await imageFolder(folder.path, { name: "pets" })).split({ seed: 1 });
    const stream = split.stream({ ...options, parts: ["validation", "test"] });
    expect(stream.name).toBe("pets (validation and test)");
    expect(stream.imageShape).toEqual([8, 8, 3]);
    expect(stream.classNames).toEqual(["a", "b"]);
    const held = split.photos.filter(({ part }) => part !== "train");
    expect(stream.files).toEqual(held.map(({ file }) => file));
    expect([...stream.labels.data]).toEqual(held.map(({ label }) => label));
    const two = await stream.read(Int32Array.of(4, 0, 4));
    const expected = [4, 0, 4].map((index) => {
      const name = held[index].path;
      return imageToInput(
        drawPhoto(seedOf(name) + split.photos.findIndex(({ path }) => path === name), 20, 16),
        options,
      ).input.data;
    });
    expect(two).toEqual(Uint8Array.from(expected.flatMap((bytes) => [...bytes])));
    expect(split.stream({ ...options, indices: [3, 1] }).files).toEqual([
      split.photos[3].file,
      split.photos[1].file,
    ]);
  });

  test("a photo that has become unreadable gives its place to the next of its class", async () => {
    draw("a/0.ppm", "a/1.ppm", "a/2.ppm", "b/0.ppm");
    const stream = (await imageFolder(folder.path)).stream(options);
    const before = await stream.read(Int32Array.of(0, 1, 2, 3));
    writeFileSync(join(folder.path, "a/1.ppm"), "");
    const after = await stream.read(Int32Array.of(1, 3));
    const size = 8 * 8 * 3;
    expect(after).toEqual(before.slice(2 * size));
    expect(stream.problems).toEqual([{ file: join(folder.path, "a/1.ppm"), problem: "the file is empty" }]);
    writeFileSync(join(folder.path, "b/0.ppm"), "");
    expect(await messageOf(() => stream.read(Int32Array.of(3)))).toBe(
      `DataError: ${stream.name}: no photo of class "b" can be read. The first of them, ${join(folder.path, "b/0.ppm")}: the file is empty.`,
    );
  });

  test("says when there is nothing to stream", async () => {
    draw("a/0.ppm", "b/0.ppm");
    const found = await imageFolder(folder.path, { name: "pets" });
    expect(await messageOf(() => found.stream({ ...options, parts: ["test"] }))).toBe(
      "OptionError: pets: there are no photos to be used for: test. Deal them out first, as by await folder.split().",
    );
    expect(await messageOf(() => found.stream({ ...options, indices: [2] }))).toBe(
      "OptionError: pets: 2 is the index of no photo: there are 2. Indices are those of the folder's photos, from 0.",
    );
  });
});

/** Does something as a user who may not do everything, where the tests are run by one who may. */
async function asNobody<Result>(act: () => Promise<Result>): Promise<Result> {
  const { seteuid } = process;
  if (seteuid === undefined || process.getuid?.() !== 0) return act();
  seteuid(65534);
  try {
    return await act();
  } finally {
    seteuid(0);
  }
}
