import { expect, test } from "vitest";
import { naturalOrder } from "./natural-order.ts";

test("numbers by their value, capitals beside small letters, all else by code", () => {
  const ordered = ["", "1", "01", "2", "10", "A", "a", "B", "b 2", "b 10", "b-1", "é", "ß", "猫"];
  expect(ordered.toReversed().sort(naturalOrder)).toEqual([
    ...["", "01", "1", "2", "10", "A", "a", "B", "b 2", "b 10", "b-1", "ß", "é", "猫"],
  ]);
  // Longer than any number that is exact.
  expect(naturalOrder("x99999999999999999998", "x99999999999999999999")).toBeLessThan(0);
  expect(naturalOrder("a", "a")).toBe(0);
});
