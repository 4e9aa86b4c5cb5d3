import type { Taps } from "../graph/index.ts";
import { check, checkOperands } from "./checks.ts";
import { costOf } from "./cost.ts";
import type { OpRule } from "./rule.ts";

/** What each of `size` positions of the operand gives to the result, from what each of the result takes. */
function transposed(taps: readonly Taps[], size: number): readonly Taps[] {
  const given = Array.from({ length: size }, (): [number, number][] => []);
  taps.forEach((from, to) => {
    for (const [position, weight] of from) given[position].push([to, weight]);
  });
  return given;
}

function tapsIn(axis: readonly Taps[]): number {
  return axis.reduce((sum, taps) => sum + taps.length, 0);
}

/**
 * Pixels weighed and added up along both axes: y[n, i, j, c] = the sum over (h, v) in rows[i] and (w, u) in columns[j] of
 * v u x[n, h, w, c]. Whoever builds it works out the taps: of one pixel for the nearest, of two for linear interpolation,
 * of the mirrored position for padding by reflection. It is linear, and its gradient is the same op with taps transposed.
 *
 * Shapes: [N, H, W, C] -> [N, rows, columns, C].
 */
export const resample2d: OpRule<"resample2d"> = {
  shape: (context) => {
    const { attributes, inputs, where } = context;
    const hint = "Images are [batch, height, width, channels].";
    checkOperands(context, [{ name: "x", axes: ["N", "H", "W", "C"], hint }]);
    const [batch, height, width, channels] = inputs[0].shape;
    for (const [name, size] of [["rows", height] as const, ["columns", width] as const]) {
      const axis = attributes[name];
      check(axis.length > 0, where, () => `${name} must have taps for at least one position, got none`);
      for (const [position, weight] of axis.flat()) {
        check(
          Number.isSafeInteger(position) && position >= 0 && position < size && Number.isFinite(weight),
          where,
          () =>
            `a tap of ${name} must be one of 0 to ${size - 1} with a weight, got [${position}, ${weight}]`,
        );
      }
    }
    return {
      shape: [batch, attributes.rows.length, attributes.columns.length, channels],
      dtype: "float32",
    };
  },
  gradient: ({ inputs: [x], attributes: { rows, columns } }, dy, build) => [
    build("resample2d", [dy], {
      rows: transposed(rows, x.shape[1]),
      columns: transposed(columns, x.shape[2]),
    }),
  ],
  reference: ({ node, inputs: [x], output }) => {
    const { rows, columns } = node.attributes;
    const [batch, height, width, channels] = node.inputs[0].shape;
    let result = 0;
    for (let n = 0; n < batch; n++)
      for (const rowTaps of rows)
        for (const columnTaps of columns)
          for (let c = 0; c < channels; c++, result++)
            for (const [row, v] of rowTaps)
              for (const [column, u] of columnTaps) {
                output[result] += v * u * x[((n * height + row) * width + column) * channels + c];
              }
  },
  // A product and a sum for each pair of taps.
  cost: (node) => {
    const { rows, columns } = node.attributes;
    const [batch, , , channels] = node.shape;
    return costOf(node, 2 * batch * channels * tapsIn(rows) * tapsIn(columns));
  },
};
