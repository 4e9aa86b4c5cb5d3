import fc from "fast-check";
import { type DrawScale, floats, type OpDraws, seeds, shapes } from "./draw.ts";

type Kinds = "reshape" | "pad" | "slice" | "concatenate" | "transpose" | "broadcast" | "reduceSum" | "matmul";

const margins = fc.array(fc.nat(2), { minLength: 4, maxLength: 4 });

function matmulSides(scale: DrawScale) {
  const outer = fc.integer({ min: 1, max: scale === "small" ? 4 : 70 });
  const inner = fc.integer({ min: 1, max: scale === "small" ? 4 : 300 });
  return fc.record({
    rows: outer,
    inner,
    columns: outer,
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    seed: seeds,
  });
}

/** Generators for moving elements about, sums and matrix products. */
export function shapeDraws(scale: DrawScale): OpDraws<Kinds> {
  return {
    reshape: fc
      .record({ shape: shapes(scale), turn: fc.nat(3), seed: seeds })
      .map(({ shape, turn, seed }) => ({
        // The sizes in another order, or in one row.
        attributes: {
          shape:
            turn === 3 ? [shape.reduce((a, b) => a * b, 1)] : [...shape.slice(turn), ...shape.slice(0, turn)],
        },
        operands: [floats(shape, seed)],
      })),
    pad: fc
      .record({
        shape: shapes(scale, 1),
        before: margins,
        after: margins,
        value: fc.constantFrom(0, -1.5),
        seed: seeds,
      })
      .map(({ shape, before, after, value, seed }) => ({
        attributes: { before: before.slice(0, shape.length), after: after.slice(0, shape.length), value },
        operands: [floats(shape, seed)],
      })),
    slice: fc
      .record({ size: shapes(scale, 1), begin: margins, after: margins, seed: seeds })
      .map(({ size, begin, after, seed }) => ({
        attributes: { begin: begin.slice(0, size.length), size },
        operands: [
          floats(
            size.map((length, axis) => begin[axis] + length + after[axis]),
            seed,
          ),
        ],
      })),
    concatenate: fc
      .record({
        shape: shapes(scale, 1),
        axis: fc.nat(3),
        sizes: fc.array(fc.integer({ min: 1, max: scale === "small" ? 2 : 9 }), {
          minLength: 1,
          maxLength: 4,
        }),
        seed: seeds,
      })
      .map(({ shape, axis, sizes, seed }) => {
        const along = axis % shape.length;
        const operands = sizes.map((size, index) => floats(shape.with(along, size), seed + index));
        return { attributes: { axis: along }, operands };
      }),
    transpose: fc
      .record({
        shape: shapes(scale),
        order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 }),
        seed: seeds,
      })
      .map(({ shape, order, seed }) => ({
        attributes: { permutation: order.filter((axis) => axis < shape.length) },
        operands: [floats(shape, seed)],
      })),
    broadcast: fc
      .record({ shape: shapes(scale), ones: fc.nat(15), seed: seeds })
      .map(({ shape, ones, seed }) => ({
        attributes: { shape },
        operands: [
          floats(
            shape.map((size, axis) => ((ones >> axis) & 1 ? 1 : size)),
            seed,
          ),
        ],
      })),
    reduceSum: fc
      .record({
        shape: shapes(scale, 1),
        mask: fc.integer({ min: 1, max: 15 }),
        keepDimensions: fc.boolean(),
        seed: seeds,
      })
      .map(({ shape, mask, keepDimensions, seed }) => {
        const drawn = shape.flatMap((_, axis) => ((mask >> axis) & 1 ? [axis] : []));
        return {
          attributes: { axes: drawn.length === 0 ? [0] : drawn, keepDimensions },
          operands: [floats(shape, seed)],
        };
      }),
    matmul: matmulSides(scale).map(({ rows, inner, columns, transposeA, transposeB, seed }) => ({
      attributes: { transposeA, transposeB },
      operands: [
        floats(transposeA ? [inner, rows] : [rows, inner], seed),
        floats(transposeB ? [columns, inner] : [inner, columns], seed + 1),
      ],
    })),
  };
}
