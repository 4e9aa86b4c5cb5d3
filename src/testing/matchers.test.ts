import { expect, test } from "vitest";
import { Tensor } from "../tensor/index.ts";

const expected = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);

test("toBeCloseToTensor accepts what is within the tolerance", () => {
  expect(Tensor.from([1, 2, 3, 4, 5, 6.0000005], [2, 3])).toBeCloseToTensor(expected);
  expect([1, 2, 3, 4, 5, 6.5]).toBeCloseToTensor(expected, { relative: 0.1 });
  expect([Number.NaN, Number.POSITIVE_INFINITY]).toBeCloseToTensor([Number.NaN, Number.POSITIVE_INFINITY]);
});

test("toBeCloseToTensor says the greatest error, its index, and how many are off", () => {
  const actual = Tensor.from([1, 2.5, 3, 4, 7, 6], [2, 3]);
  expect(() => expect(actual).toBeCloseToTensor(expected, { absolute: 0.25 })).toThrow(
    "greatest error 2 at index 4 = [1, 1]: expected 5, got 7; 2 of 6 beyond 0.25 absolute + 0 relative",
  );
});

test("toBeCloseToTensor rejects other shapes, dtypes, lengths and NaN", () => {
  expect(() => expect(expected.reshape([3, 2])).toBeCloseToTensor(expected)).toThrow(
    "expected Tensor float32[2, 3], got Tensor float32[3, 2]",
  );
  expect(() => expect(expected.as("int32")).toBeCloseToTensor(expected)).toThrow("got Tensor int32[2, 3]");
  expect(() => expect([1]).toBeCloseToTensor(expected)).toThrow("expected 6 numbers, got 1");
  expect(() => expect([Number.NaN]).toBeCloseToTensor([1])).toThrow("greatest error Infinity at index 0");
  expect(() => expect([1]).toBeCloseToTensor([Number.NaN], { relative: 1 })).toThrow("expected NaN, got 1");
});
