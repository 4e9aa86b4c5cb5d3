import { expect, test } from "vitest";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { colourTable } from "./colour-map.ts";
import { overlay } from "./overlay.ts";

test("colours are near those of the maps' tables", () => {
  // Entries 0, 64, 128, 192 and 255 of viridis as matplotlib has it, and of turbo as d3-scale-chromatic 3.1 works it out.
  const expected = {
    viridis: [0x440154, 0x3b528b, 0x21918c, 0x5ec962, 0xfde725],
    turbo: [0x23171b, 0x26bde1, 0x96fa50, 0xff801d, 0x900c00],
  } as const;
  for (const name of ["turbo", "viridis"] as const) {
    const found = [0, 64, 128, 192, 255].flatMap((entry) => [
      ...colourTable(name).subarray(3 * entry, 3 * entry + 3),
    ]);
    const bytes = expected[name].flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]);
    expect(found).toBeCloseToTensor(bytes, { absolute: 4 });
  }
});

const gray = { width: 4, height: 1, channels: 1, pixels: Uint8Array.of(0, 100, 200, 255) } as const;

test("nothing where the map is 0, the colour's share where it is not", () => {
  const [red, green, blue] = colourTable("viridis").subarray(3 * 255);
  const map = Tensor.from([0, 0, 1, 1], [1, 4]);
  const half = overlay(gray, map, { colours: "viridis", opacity: 0.5 });
  expect(half).toMatchObject({ width: 4, height: 1, channels: 3 });
  expect([...half.pixels.subarray(0, 6)]).toEqual([0, 0, 0, 100, 100, 100]);
  expect(half.pixels.subarray(6)).toBeCloseToTensor(
    [200, 200, 200, 255, 255, 255].map((own, index) => 0.5 * own + 0.5 * [red, green, blue][index % 3]),
    { absolute: 0.51 },
  );
  const full = overlay(gray, map, { colours: "viridis", opacity: 1 });
  expect([...full.pixels.subarray(9)]).toEqual([red, green, blue]);
});

test("a map of fewer pixels is stretched between the middles of its pixels", () => {
  // Along 8 pixels, 2 numbers lie at 1.5 and 5.5: 0 up to the first, 1 from the second on, a straight line between.
  const black = { width: 8, height: 2, channels: 3, pixels: new Uint8Array(48).fill(255) } as const;
  const { pixels } = overlay(black, Tensor.from([0, 1], [1, 2]), { opacity: 1 });
  const table = colourTable("turbo");
  const expected = [0, 0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1, 1].flatMap((value) =>
    [0, 1, 2].map((channel) => 255 * (1 - value) + value * table[3 * Math.round(255 * value) + channel]),
  );
  expect(pixels).toBeCloseToTensor([...expected, ...expected], { absolute: 0.51 });
});

test("mistakes", async () => {
  expect(await messageOf(() => overlay(gray, Tensor.zeros("float32", [1, 2, 2])))).toBe(
    "ShapeError: overlay: a map of [h, w] was expected, got [1, 2, 2]. gradCam gives such a map for each image.",
  );
  expect(await messageOf(() => overlay({ ...gray, width: 5 }, Tensor.zeros("float32", [1, 1])))).toBe(
    "DataError: overlay: 1x5x1 pixels were expected, got 4 bytes. Give height * width * channels bytes.",
  );
  expect(await messageOf(() => overlay(gray, Tensor.zeros("float32", [1, 1]), { opacity: 2 }))).toBe(
    'OptionError: overlay: option "opacity" must be a number at least 0 and at most 1, got 2.',
  );
});
