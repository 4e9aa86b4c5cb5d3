import { createHash } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { checksumOf, downloadSlot, environmentVariable, userCacheFolder } from "./browser-downloads.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

const bytes = Uint8Array.of(1, 2, 3, 4, 5);

/** The page's Cache storage, as far as it is used. */
function stubCaches(put: (stored: Map<string, Response>, place: string, response: Response) => void): void {
  const stored = new Map<string, Response>();
  const cache = {
    match: async (place: string) => stored.get(place)?.clone(),
    put: async (place: string, response: Response) => put(stored, place, response),
  };
  vi.stubGlobal("caches", { open: async () => cache });
}

async function fill(path: string): Promise<Uint8Array> {
  const part = await downloadSlot("", path).begin("sha256");
  if (part === null) throw new Error("the place is taken");
  await part.append(bytes.subarray(0, 2));
  await part.append(bytes.subarray(2));
  expect(part.size).toBe(5);
  expect(await part.digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
  return await part.finish();
}

test("a file is kept in the page's cache", async () => {
  stubCaches((stored, place, response) => stored.set(place, response));
  const slot = downloadSlot("", "host/a.pth");
  expect(slot.place).toBe("/fovea/host/a.pth");
  expect(await slot.read()).toBeNull();
  expect(await fill("host/a.pth")).toEqual(bytes);
  expect(await slot.read()).toEqual(bytes);
});

test("without a cache, or with a full one, it is there all the same", async () => {
  vi.stubGlobal("caches", undefined);
  expect(await fill("host/b.pth")).toEqual(bytes);
  stubCaches(() => {
    throw new Error("QuotaExceededError");
  });
  expect(await fill("host/c.pth")).toEqual(bytes);
});

test("one caller at a time holds a place, and what is cleared is gone", async () => {
  const slot = downloadSlot("mine", "host/d.pth");
  expect(slot.place).toBe("/fovea/mine/host/d.pth");
  const part = await slot.begin(null);
  expect(await slot.begin(null)).toBeNull();
  await part?.append(bytes);
  await part?.clear('"tag"');
  expect(part).toMatchObject({ size: 0, version: '"tag"' });
  expect(await part?.digest()).toBeNull();
  await part?.release();
  const again = await slot.begin("md5");
  expect(await again?.digest()).toBeNull();
  await again?.release();
});

test("checksums that browsers do not know, and pages that have none, are passed over", async () => {
  expect(await checksumOf(bytes, "md5")).toBeNull();
  vi.stubGlobal("crypto", {});
  expect(await checksumOf(bytes, "sha256")).toBeNull();
  expect([environmentVariable("HOME"), userCacheFolder()]).toEqual([undefined, ""]);
});
