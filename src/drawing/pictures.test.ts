import { expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { imageAddress } from "./image-address.ts";
import { fittedText, textWidth } from "./lettering.ts";
import { paintMap, paintRange } from "./paint-map.ts";
import { pictureSheet } from "./picture-sheet.ts";

test("numbers become grays, those with a sign two hues around white", () => {
  expect([...paintMap([0, 1, 2, 4], 2, 2).pixels]).toEqual(
    [0, 64, 128, 255].flatMap((gray) => Array(3).fill(gray)),
  );
  expect(paintRange([3, 5])).toEqual([0, 5]);
  expect(paintRange([-3, 1])).toEqual([-3, 3]);
  const signed = paintMap([-3, 0, 3, Number.NaN], 1, 4).pixels;
  expect([...signed.subarray(0, 3)]).toEqual([0x7d, 0x36, 0x06]);
  expect([...signed.subarray(6, 9)]).toEqual([0x12, 0x3f, 0x7d]);
  expect([...signed.subarray(9)]).toEqual([0x7d, 0x36, 0x06]);
  expect([...paintMap([7, 7], 1, 2, { range: [7, 7] }).pixels]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("a map of another size", async () => {
  expect(await messageOf(() => paintMap([1, 2, 3], 2, 2))).toBe(
    "OptionError: paintMap: 2 x 2 numbers were expected, got 3. Give one map at a time, row by row.",
  );
});

test("letters are of different widths, others are a sign, and what is too long is cut", () => {
  expect(textWidth("i")).toBeLessThan(textWidth("m"));
  expect(textWidth("\u{1f600}")).toBe(textWidth("\ufffd"));
  expect(fittedText("conv1", 1000)).toBe("conv1");
  const cut = fittedText("a very long caption", 80);
  expect(cut).toMatch(/^a very.*\u2026$/);
  expect(textWidth(cut)).toBeLessThanOrEqual(80);
});

/** A picture of one gray. */
const gray = (value: number, width = 2, height = 2) => ({
  ...{ width, height, channels: 1 as const },
  pixels: new Uint8Array(width * height).fill(value),
});

test("a sheet: pictures magnified a whole number of times, in rows, with ink above and below", () => {
  const pictures = [gray(10), gray(20), gray(30)].map((image, index) => ({ image, caption: `${index}` }));
  const sheet = pictureSheet({
    title: "Sheet",
    sections: [{ title: "One", pictures, columns: 2 }],
    ...{ width: 400, side: 51 },
  });
  expect(sheet).toMatchObject({ width: 400, channels: 3 });
  const at = (x: number, y: number) => sheet.pixels[3 * (y * 400 + x)];
  // Title 40 to 76, heading to 100: then pictures of 25 times their size.
  const top = 100;
  expect([at(40, top), at(89, top + 49), at(90, top), at(100, top), at(149, top)]).toEqual([
    10, 10, 255, 20, 20,
  ]);
  expect(at(40, top + 50 + 20 + 10)).toBe(30);
  const inked = (from: number, to: number) =>
    sheet.pixels.subarray(3 * 400 * from, 3 * 400 * to).some((value) => value < 100);
  expect([inked(0, 40), inked(40, 58), inked(58, 76), inked(76, 94)]).toEqual([false, true, false, true]);
  expect(sheet.height).toBe(100 + 2 * 70 + 10 + 40);
});

test("a large picture is made smaller: pixels are means", () => {
  const image = {
    width: 4,
    height: 2,
    channels: 1 as const,
    pixels: Uint8Array.of(0, 100, 8, 8, 0, 100, 8, 8),
  };
  const sheet = pictureSheet({
    title: "",
    sections: [{ title: "", pictures: [{ image }] }],
    ...{ width: 100, side: 2 },
  });
  expect([0, 1, 2].map((x) => sheet.pixels[3 * (76 * 100 + 40 + x)])).toEqual([50, 8, 255]);
});

test("sheets that cannot be made", async () => {
  const sheetOf = (pictures: { image: ReturnType<typeof gray> }[]) => () =>
    pictureSheet({ title: "", sections: [{ title: "", pictures, columns: 1 }] });
  expect(await messageOf(sheetOf([{ image: gray(0, 0, 2) }]))).toBe(
    "OptionError: pictureSheet: a picture is 0 x 2 pixels.",
  );
  expect(await messageOf(sheetOf(Array(300).fill({ image: gray(0) })))).toBe(
    "OptionError: pictureSheet: the sheet would be 36706 pixels long, 30000 at most. Give fewer pictures, or make several sheets.",
  );
});

test("an image's address holds its bytes", async () => {
  expect(await imageAddress(gray(7), "png")).toMatch(/^data:image\/png;base64,iVBORw0KGgo[\w+/=]+$/);
});
