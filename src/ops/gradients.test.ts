import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff/index.ts";
import type { OpKind } from "../graph/index.ts";
import { OptionError } from "../tensor/index.ts";
import { expectTrueGradients, weighedSum } from "../testing/check-gradients.ts";
import { buildCase, type OpCase, type OpDraw, opDraws } from "../testing/draws/index.ts";
import { opKinds } from "../testing/kinds.ts";
import { opTable } from "./table.ts";

const draws = opDraws("small");

/** Kinds without a gradient rule. Whoever adds one says so here. */
const withoutGradient: readonly OpKind[] = [
  "input",
  "variable",
  "constant",
  "maxPool2dGradient",
  "localResponseNormalizationGradient",
  "hardSwishGradient",
  "geluGradient",
  "logSoftmaxGradient",
  "batchMomentsGradient",
  "batchNormalizeReduce",
  "batchNormalizeInputGradient",
  "batchNormalizeMomentsGradient",
  "softmaxCrossEntropyGradient",
  "oneHot",
  "topKHits",
  "loadImages",
  "loadRows",
  "loadLabels",
  "warpImages",
  "mixExamples",
];

/** The operands that can be trained through: the float32 ones, but for a loss's targets. */
function trained(kind: OpKind, { leaves }: OpCase) {
  const floats = leaves.filter(({ dtype }) => dtype === "float32");
  return kind === "softmaxCrossEntropy" ? floats.slice(0, 1) : floats;
}

test("the kinds without a gradient are those listed", () => {
  expect(opKinds.filter((kind) => opTable[kind].gradient === null)).toEqual(withoutGradient);
});

describe.each(opKinds.filter((kind) => !withoutGradient.includes(kind)))("%s", (kind) => {
  test("has the gradient that central differences give", () => {
    const drawn = draws[kind] as fc.Arbitrary<OpDraw<OpKind>>;
    fc.assert(
      fc.property(drawn, (draw) => {
        const opCase = buildCase(kind, draw, { smooth: true });
        const { loss, weights, values } = weighedSum(opCase.node);
        expectTrueGradients(loss, trained(kind, opCase), new Map([...opCase.values, [weights, values]]));
      }),
      { seed: 20, numRuns: 30 },
    );
  });
});

describe.each(
  withoutGradient.filter(
    (kind) =>
      ![
        "input",
        "variable",
        "constant",
        "oneHot",
        "loadImages",
        "loadRows",
        "loadLabels",
        "warpImages",
      ].includes(kind),
  ),
)("%s", (kind) => {
  test("says that it cannot be differentiated", () => {
    const [draw] = fc.sample(draws[kind] as fc.Arbitrary<OpDraw<OpKind>>, { seed: 1, numRuns: 1 });
    const { node, leaves } = buildCase(kind, draw);
    expect(() => gradients(weighedSum(node).loss, [leaves[0]])).toThrow(OptionError);
    expect(() => gradients(weighedSum(node).loss, [leaves[0]])).toThrow(
      `${kind} in drawn: this op has no gradient, but the loss depends on a trained value through it. Use it outside the loss only.`,
    );
  });
});
