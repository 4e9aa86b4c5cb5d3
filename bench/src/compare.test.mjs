import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareOutputs, difference } from "./compare.mjs";

/** @type {string} */
let folder;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-compare-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** @param {string} name @param {readonly number[]} values */
async function file(name, values) {
  const path = join(folder, name);
  await writeFile(path, new Uint8Array(Float32Array.from(values).buffer));
  return path;
}

test("the greatest difference, relative to the greatest value", () => {
  expect(difference(Float32Array.of(1, 2, -4), Float32Array.of(1, 2.5, -4))).toBe(0.125);
  expect(difference(Float32Array.of(0, 0), Float32Array.of(0, 0))).toBe(0);
  expect(difference(Float32Array.of(1, Number.NaN), Float32Array.of(1, 1))).toBe(Number.POSITIVE_INFINITY);
  expect(() => difference(Float32Array.of(1), Float32Array.of(1, 2))).toThrow(
    "computes 2 values, ours are 1",
  );
});

test("outputs within the tolerance pass with their difference; others are refused with both sides' values", async () => {
  const ours = await file("ours.f32", [2, 1]);
  expect(compareOutputs({ tolerance: 0.5 }, ours, await file("near.f32", [2, 2]))).toBe(0.5);
  const far = await file("far.f32", [2, 2]);
  expect(() => compareOutputs({ tolerance: 0.01 }, ours, far)).toThrow(
    "outputs differ by 5.0e-1 of the greatest, at most 0.01 may be: ours begin 2.00000, 1.00000; theirs 2.00000, 2.00000",
  );
});
