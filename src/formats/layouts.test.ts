import { expect, test } from "vitest";
import { channelsFirstOrder, fromOrder, fromOutputsFirst, toOrder, toOutputsFirst } from "./layouts.ts";

const range = (count: number) => Float32Array.from({ length: count }, (_, index) => index);

test("an image with channels last finds its values where channels come first", () => {
  // [1, 2, 3] in rows: pixel 0 channels 0 to 2, pixel 1 channels 0 to 2; there, two pixels a channel.
  expect(channelsFirstOrder([1, 2, 3])).toEqual(Int32Array.of(0, 2, 4, 1, 3, 5));
  expect(channelsFirstOrder([1, 1, 5])).toBeNull();
  expect(channelsFirstOrder([4, 3, 1])).toBeNull();
});

test("filters OIHW are filters HWIO, element by element", () => {
  const [outputs, inputs, height, width] = [20, 3, 2, 4];
  const oihw = range(outputs * inputs * height * width);
  const hwio = fromOutputsFirst(oihw, outputs, channelsFirstOrder([height, width, inputs]));
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let h = 0; h < height; h++)
        for (let w = 0; w < width; w++) {
          expect(hwio[((h * width + w) * inputs + i) * outputs + o]).toBe(
            oihw[((o * inputs + i) * height + h) * width + w],
          );
        }
  expect(toOutputsFirst(hwio, outputs, channelsFirstOrder([height, width, inputs]))).toEqual(oihw);
});

test("a matrix [out, in] is transposed, and back", () => {
  const matrix = fromOutputsFirst(range(6), 2, null);
  expect([...matrix]).toEqual([0, 3, 1, 4, 2, 5]);
  expect(toOutputsFirst(matrix, 2, null)).toEqual(range(6));
});

test("values of a flattened image change their order, and back", () => {
  const order = channelsFirstOrder([2, 1, 2]) ?? new Int32Array();
  const ours = fromOrder(Float32Array.of(10, 11, 20, 21), order);
  expect([...ours]).toEqual([10, 20, 11, 21]);
  expect([...toOrder(ours, order)]).toEqual([10, 11, 20, 21]);
});
