import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { decodeImage } from "./node-files.ts";
import { decodeImageBytes } from "./node-images.ts";

let folder = "";
const text = (value: string) => new TextEncoder().encode(value);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fovea-images-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function messageOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error(`expected a failure, got ${String(error)}`);
  return `${error.name}: ${error.message}`;
}

describe("decodeImage", () => {
  test("reads binary PGM without any package", async () => {
    const path = join(folder, "gray.pgm");
    writeFileSync(path, Buffer.concat([Buffer.from("P5\n2 1\n255\n"), Uint8Array.of(7, 9)]));
    expect(await decodeImage(path)).toEqual({
      width: 2,
      height: 1,
      channels: 1,
      pixels: Uint8Array.of(7, 9),
    });
  });

  test("says what to install when sharp is missing or broken", async () => {
    const missing = () => Promise.reject(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }));
    expect(await messageOf(decodeImageBytes(text("PNG"), "a.png", missing))).toBe(
      "FileError: a.png: reading this kind of image needs the package sharp, which is not installed. Run: npm install sharp. Or convert the image to binary PGM or PPM.",
    );
    const broken = () => Promise.reject(new Error("bad binary"));
    expect(await messageOf(decodeImageBytes(text("PNG"), "a.png", broken))).toContain(
      "a.png: the package sharp, which reads this kind of image, does not load (Error: bad binary). Run: npm install sharp.",
    );
  });

  test("decodes through sharp and refuses what is not an image or has odd channels", async () => {
    const spaces: string[] = [];
    function fakeSharp(result: () => Promise<unknown>, space = "srgb") {
      const pipeline = {
        metadata: async () => ({ space }),
        toColourspace: (name: string) => {
          spaces.push(name);
          return pipeline;
        },
        rotate: () => pipeline,
        removeAlpha: () => pipeline,
        raw: () => pipeline,
        toBuffer: result,
      };
      return async () => ({ default: () => pipeline });
    }
    const result = (channels: number) => ({
      data: Buffer.alloc(channels),
      info: { width: 1, height: 1, channels },
    });
    const image = await decodeImageBytes(
      text("x"),
      "a.png",
      fakeSharp(async () => result(3)),
    );
    expect(image).toEqual({ width: 1, height: 1, channels: 3, pixels: new Uint8Array(3) });
    const gray = fakeSharp(async () => result(1), "b-w");
    expect(await decodeImageBytes(text("x"), "gray.png", gray)).toMatchObject({ channels: 1 });
    expect(spaces).toEqual(["srgb", "b-w"]);
    const failing = fakeSharp(() => Promise.reject(new Error("unsupported image format")));
    const odd = decodeImageBytes(
      text("x"),
      "a.png",
      fakeSharp(async () => result(2)),
    );
    await expect(odd).rejects.toThrow(FormatError);
    expect(await messageOf(odd)).toContain(
      "decodes to 2 channels, 1 (gray) or 3 (RGB) were expected. Save it as",
    );
    expect(await messageOf(decodeImageBytes(text("x"), "a.png", failing))).toBe(
      "FormatError: a.png: this is not an image that can be read (unsupported image format). Check that it opens in an image viewer, and save it again as PNG or JPEG.",
    );
  });
});
