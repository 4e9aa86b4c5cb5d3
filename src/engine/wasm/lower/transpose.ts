import { stridesOf } from "../../../tensor/index.ts";
import { type Axis, axisTable, mergeAxes, productOf } from "./axes.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering } from "./lowering.ts";
import { emitCopy } from "./shape.ts";

/** Positions across in a unit of work: enough that squares of 4 are seldom cut, and few enough to share out. */
const ACROSS_PER_UNIT = 32;

/**
 * Where the innermost axis stays innermost, rows are copied. Otherwise the axis that is contiguous in the source changes
 * places with the one that is contiguous in the target, in squares; the others are walked from outside.
 */
export const lowerTranspose: Lowering<"transpose"> = (node, context) => {
  const [x] = node.inputs;
  const { permutation } = node.attributes;
  const [source, target] = [context.buffer(x), context.buffer(node)];
  const strides = stridesOf(x.shape);
  const sourceStrides = permutation.map((axis) => strides[axis]);
  const axes = mergeAxes(node.shape, [sourceStrides, stridesOf(node.shape)]);
  const [along] = axes.slice(-1);
  const across = axes.find((axis) => axis.strides[0] === 1);
  if (across === undefined || across === along) {
    emitCopy(context, { source, target }, axes);
    return;
  }
  const rest = axes.filter((axis) => axis !== along && axis !== across);
  const outer: readonly Axis[] = rest.length > 0 ? rest : [{ size: 1, strides: [1, 1] }];
  const table = context.table(axisTable(outer));
  const acrossPerUnit = Math.min(across.size, ACROSS_PER_UNIT);
  const units = productOf(outer) * Math.ceil(across.size / acrossPerUnit);
  const unitsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / (acrossPerUnit * along.size)));
  context.emit({
    kernel: "transpose",
    arguments: {
      ...{ source, target, axes: table, axisCount: outer.length },
      ...{ across: across.size, targetStride: 4 * across.strides[1] },
      ...{ along: along.size, sourceStride: 4 * along.strides[0] },
      ...{ acrossPerUnit, units, unitsPerChunk },
    },
    chunks: chunksFor(units, unitsPerChunk),
    reads: [source, table],
    writes: [target],
  });
};
