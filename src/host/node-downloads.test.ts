import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { downloadSlot, environmentVariable, userCacheFolder } from "./node-downloads.ts";

const { platform } = process;
afterEach(() => {
  vi.unstubAllEnvs();
  Object.defineProperty(process, "platform", { value: platform });
});

test.each([
  ["linux", { XDG_CACHE_HOME: "/x" }, join("/x", "fovea")],
  ["linux", { XDG_CACHE_HOME: "relative" }, join(homedir(), ".cache", "fovea")],
  ["linux", { XDG_CACHE_HOME: "" }, join(homedir(), ".cache", "fovea")],
  ["darwin", { XDG_CACHE_HOME: "/x" }, join(homedir(), "Library", "Caches", "fovea")],
  ["win32", { LOCALAPPDATA: "/local" }, join("/local", "fovea")],
])("the cache of %s with %j is %s", (system, environment, expected) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  Object.defineProperty(process, "platform", { value: system });
  expect(userCacheFolder()).toBe(expected);
});

test("an empty variable is none", () => {
  vi.stubEnv("FOVEA_CACHE", "");
  expect(environmentVariable("FOVEA_CACHE")).toBeUndefined();
  vi.stubEnv("FOVEA_CACHE", "/c");
  expect(environmentVariable("FOVEA_CACHE")).toBe("/c");
});

test("what is there stays for who goes on, and leaves nothing behind in the end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fovea-slot-"));
  try {
    const slot = downloadSlot(folder, "host/a.pth");
    const first = await slot.begin("md5");
    expect(await slot.begin("md5")).toBeNull();
    await first?.clear('"tag"');
    await first?.append(new TextEncoder().encode("hello "));
    await first?.release();
    const second = await slot.begin("md5");
    expect(second).toMatchObject({ size: 6, version: '"tag"' });
    await second?.append(new TextEncoder().encode("world"));
    // md5 of "hello world".
    expect(await second?.digest()).toBe("5eb63bbbe01eeed093cb22bb8f5acdc3");
    expect(await slot.read()).toBeNull();
    await second?.finish();
    await second?.release();
    expect(await readdir(join(folder, "host"))).toEqual(["a.pth"]);
    expect(await readFile(slot.place, "utf8")).toBe("hello world");
  } finally {
    await rm(folder, { recursive: true });
  }
});
