import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { contactSheet } from "./contact-sheet.ts";
import { runCommandLine } from "./program.ts";

describe("a contact sheet", () => {
  test("has its images in rows, the first apart, small ones enlarged", () => {
    const image = (value: number) => Uint8Array.from({ length: 30 * 60 }, () => value);
    const rows = [
      [image(10), image(20), image(30)],
      [image(40), image(50), image(60)],
    ];
    const { width, height, channels, pixels } = contactSheet({ rows, height: 30, width: 60, channels: 1 });
    // 112 / 60 is less than 2: one pixel for one.
    expect({ width, height, channels }).toEqual({
      width: 4 + 60 + 14 + 60 + 4 + 60 + 4,
      height: 4 + 34 + 34,
      channels: 1,
    });
    const at = (x: number, y: number) => pixels[y * width + x];
    expect([at(3, 10), at(4, 4), at(63, 33), at(64, 10), at(77, 10), at(78, 4)]).toEqual([
      255, 10, 10, 255, 255, 20,
    ]);
    expect([at(142, 33), at(142, 34), at(142, 38), at(201, 67), at(202, 67)]).toEqual([30, 255, 60, 60, 255]);
    const zoomed = contactSheet({
      rows: [[Uint8Array.of(1, 2, 3, 4, 5, 6)]],
      height: 1,
      width: 2,
      channels: 3,
    });
    expect([zoomed.width, zoomed.height]).toEqual([4 + 2 * 56 + 4, 4 + 56 + 4]);
    const first = (4 * zoomed.width + 4) * 3;
    expect([...zoomed.pixels.subarray(first + 55 * 3, first + 57 * 3)]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("fovea augment", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-augment-"));
    for (const [label, shade] of [
      ["cat", 90],
      ["dog", 180],
    ] as const) {
      await mkdir(join(folder, "photos", label), { recursive: true });
      for (let index = 0; index < 3; index++) {
        const pixels = Uint8Array.from({ length: 12 * 16 * 3 }, (_, at) => shade + ((at * (index + 3)) % 60));
        const file = Buffer.concat([Buffer.from("P6\n16 12\n255\n"), pixels]);
        await writeFile(join(folder, "photos", label, `${index}.ppm`), file);
      }
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(...words: string[]) {
    const terminal = createTestTerminal();
    const code = await runCommandLine(["augment", ...words], terminal);
    return { code, out: terminal.outText(), err: terminal.errText() };
  }

  test("writes a sheet of a few photos and says which they are", async () => {
    const preview = join(folder, "sheet.png");
    const words = [
      join(folder, "photos"),
      "--preview",
      preview,
      "--size",
      "20",
      "--count",
      "3",
      "--draws",
      "2",
    ];
    const changes = ["--augment", "shift:2+flip@dog+color:0.2+mixup"];
    const { code, out, err } = await run(...words, ...changes, "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const document = JSON.parse(out);
    // 20 pixels are shown as 100.
    expect(document).toMatchObject({
      preview,
      width: 4 + 100 + 14 + 100 + 4 + 100 + 4,
      height: 4 + 3 * 104,
      seed: 1,
      problems: [],
    });
    expect(document.augment.map(({ kind }: { kind: string }) => kind)).toEqual([
      "shift",
      "flip",
      "colorJitter",
      "mixup",
    ]);
    expect(document.images).toHaveLength(3);
    for (const { name, class: label } of document.images) expect(name.startsWith(label)).toBe(true);
    const bytes = await readFile(preview);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([document.width, document.height]);
    // The same again, bit for bit; another seed shows something else.
    await run(...words, ...changes);
    expect(await readFile(preview)).toEqual(bytes);
    await run(...words, ...changes, "--seed", "2");
    expect(await readFile(preview)).not.toEqual(bytes);
  });

  test("takes a folder of photos without classes, and leaves out what is none", async () => {
    await writeFile(join(folder, "photos", "cat", "broken.jpg"), "no photo");
    const preview = join(folder, "cats.png");
    const { code, out, err } = await run(join(folder, "photos", "cat"), "--preview", preview, "--count", "9");
    expect(code).toBe(0);
    expect(out).toMatch(/row 3: .*\d\.ppm\n.*cats\.png: \d+ x \d+ pixels, each row an image and 7 draws\n$/);
    expect(err).toMatch(/broken\.jpg: .*; left out\n$/);
    await rm(join(folder, "photos", "cat", "broken.jpg"));
  });

  test.each([
    [
      ["nowhere"],
      "nowhere: there is no such folder or file. Give a folder of photos, or a data set by name: mnist,",
    ],
    [
      ["mnist", "--preview", "sheet.jpg"],
      '--preview: "sheet.jpg" does not end in .png. The sheet is a PNG file.',
    ],
    [["mnist", "--augment", "flop"], '--augment: unknown augmentation "flop". Did you mean "flip"? Known: '],
    [["mnist", "--count", "0"], '--count: a whole number from 1 to 64 was expected, got "0".'],
  ])("%j", async (words, message) => {
    const { code, out, err } = await run(...words);
    expect({ code: code > 0, out }).toEqual({ code: true, out: "" });
    expect(err).toContain(message);
  });
});
