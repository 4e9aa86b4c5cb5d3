import { describe, expect, it } from "vitest";
import {
  type Expression,
  evaluateExpression,
  formatNumber,
  formulaParts,
  number,
  plainText,
  product,
  sum,
} from "./expression.ts";

const symbol = (name: string, value: number, reused = false): Expression => ({
  kind: "symbol",
  name,
  value,
  reused,
});
const x = symbol("x", 3);
const y = symbol("y", -2);
const show = (expression: Expression) => [
  plainText(expression, "symbols"),
  plainText(expression, "numbers"),
  evaluateExpression(expression),
];

describe("simplification", () => {
  it.each<[string, Expression, string, string, number]>([
    ["drops ones and zeros", sum([product([number(1), x]), number(0)]), "x", "3", 3],
    ["gathers equal terms", sum([x, x]), "2·x", "2·3", 6],
    ["squares equal factors", product([y, y]), "y²", "(-2)²", 4],
    ["subtracts negative terms", sum([x, product([number(-1), y])]), "x - y", "3 - (-2)", 5],
    ["gathers whole sums first", sum([sum([x, y]), sum([x, y])]), "2·(x + y)", "2·(3 + (-2))", 2],
    ["comes to nothing", product([number(0), x]), "0", "0", 0],
    ["is one without factors", product([]), "1", "1", 1],
    ["is zero without terms", sum([]), "0", "0", 0],
  ])("%s", (_, expression, symbols, numbers, value) => {
    expect(show(expression)).toEqual([symbols, numbers, value]);
  });
});

it("marks what is reused", () => {
  const delta = symbol("δ2", -0.5, true);
  expect(formulaParts(product([delta, x, y]), "numbers")).toEqual([
    { text: "-0.5", reuses: "δ2" },
    { text: "·3·(-2)", reuses: null },
  ]);
});

it("formats numbers with six digits and no trailing zeros", () => {
  expect([0.1 + 0.2, 1 / 3, -0, 1e-9, 1234567, 2].map(formatNumber)).toEqual([
    "0.3",
    "0.333333",
    "0",
    "1e-9",
    "1234570",
    "2",
  ]);
});
