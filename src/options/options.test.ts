import { expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { describeValue } from "./describe.ts";
import { readChoice } from "./description.ts";
import {
  booleanField,
  nameField,
  nullable,
  numberField,
  shapeField,
  size2dField,
  wholeNumberField,
} from "./fields.ts";
import { checkOptions } from "./options.ts";

interface Example {
  readonly units: number;
  readonly rate?: number;
  readonly mode?: "fast" | "slow";
  readonly bias?: boolean;
  readonly size?: number | readonly [number, number];
  readonly limit?: number | null;
}

const fields = {
  units: wholeNumberField(1),
  rate: numberField({ minimum: 0, below: 1 }, 0.5),
  mode: nameField(["fast", "slow"], "fast"),
  bias: booleanField(true),
  size: size2dField(1, 2),
  limit: nullable(numberField({ above: 0 })),
};

const check = (options: unknown) => checkOptions<Example>("layers.example", options, fields);

test("defaults are filled in, values are kept, the result is frozen", () => {
  expect(check({ units: 3 })).toEqual({
    units: 3,
    rate: 0.5,
    mode: "fast",
    bias: true,
    size: 2,
    limit: null,
  });
  const given = { units: 1, rate: 0, mode: "slow", bias: false, size: [1, 2], limit: 4 };
  expect(check(given)).toEqual(given);
  expect(check({ units: 3, rate: undefined })).toMatchObject({ rate: 0.5 });
  expect(Object.isFrozen(check({ units: 3 }))).toBe(true);
});

test.each([
  [null, "options must be one object, got null."],
  [[1], "options must be one object, got [1]."],
  [3, "options must be one object, got 3."],
  [{}, 'option "units" is missing. It has no default.'],
  [{ unit: 3 }, 'unknown option "unit". Did you mean "units"? Known: units, rate, mode, bias, size, limit.'],
  [{ units: 0 }, 'option "units" must be a whole number of at least 1, got 0.'],
  [{ units: 2.5 }, 'option "units" must be a whole number of at least 1, got 2.5.'],
  [{ units: 2 ** 31 }, 'option "units" must be a whole number of at least 1, got 2147483648.'],
  [{ units: "3" }, 'option "units" must be a whole number of at least 1, got "3".'],
  [{ units: 1, rate: 1 }, 'option "rate" must be a number at least 0 and below 1, got 1.'],
  [{ units: 1, rate: Number.NaN }, 'option "rate" must be a number at least 0 and below 1, got NaN.'],
  [{ units: 1, mode: "fats" }, 'option "mode" must be one of "fast", "slow", got "fats".'],
  [{ units: 1, bias: 1 }, 'option "bias" must be true or false, got 1.'],
  [
    { units: 1, size: [1] },
    'option "size" must be a whole number of at least 1, or a pair of them for height and width, got [1].',
  ],
  [{ units: 1, limit: 0 }, 'option "limit" must be a number above 0, got 0.'],
  [{ units: null }, 'option "units" must be a whole number of at least 1, got null.'],
])("refuses %j", async (options, message) => {
  expect(await messageOf(() => check(options))).toBe(`OptionError: layers.example: ${message}`);
});

test("an options object without any option says so", async () => {
  expect(await messageOf(() => checkOptions("layers.flatten", { units: 3 }, {}))).toBe(
    'OptionError: layers.flatten: unknown option "units". It takes none.',
  );
});

test("shapes are lists of 1 to 8 positive whole numbers", () => {
  const accepts = (value: unknown) => {
    try {
      return shapeField.parse(value, "x", "shape") === value;
    } catch {
      return false;
    }
  };
  expect([[28, 28, 1], [1], [1, 1, 1, 1, 1, 1, 1, 1]].every(accepts)).toBe(true);
  expect([[], [0], [1.5], [-1], "28", [[1]], [1, 1, 1, 1, 1, 1, 1, 1, 1], null].some(accepts)).toBe(false);
});

test("choices come by name or by description", async () => {
  const table = { adam: 1, sgd: 2 };
  expect(readChoice("optimizer", "adam", table)).toEqual({ kind: "adam", options: {} });
  expect(readChoice("optimizer", { kind: "sgd", options: { a: 1 } }, table)).toEqual({
    kind: "sgd",
    options: { a: 1 },
  });
  expect(await messageOf(() => readChoice("optimizer", "adan", table))).toBe(
    'OptionError: there is no optimizer "adan". Did you mean "adam"? Known: adam, sgd.',
  );
  expect(await messageOf(() => readChoice("optimizer", 3, table))).toBe(
    "OptionError: optimizer must be a name or a description, got 3. Known: adam, sgd.",
  );
  expect(await messageOf(() => readChoice("optimizer", "toString", table))).toMatch(/there is no optimizer/);
});

test("values are shown shortly whatever they are", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const values = [undefined, () => 1, 5n, "a", [1, 2], cycle, "x".repeat(100)];
  expect(values.map(describeValue)).toEqual([
    "nothing",
    "a function",
    "5",
    '"a"',
    "[1,2]",
    "an object",
    `"${"x".repeat(59)}...`,
  ]);
});
