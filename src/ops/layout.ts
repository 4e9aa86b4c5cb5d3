import { checkShape, formatShape, type Shape, sizeOf } from "../tensor/index.ts";
import { anyShape, check, checkOperand, checkWholeNumbers, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { blockIndices } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

const zeros = (shape: Shape): Shape => shape.map(() => 0);

/** The same elements in row-major order under another shape. Shapes: any -> attributes.shape of the same size. */
export const reshape: OpRule<"reshape"> = {
  shape: (context) => {
    const { attributes, where } = context;
    const x = sameShapeType(context, ["x"]).shape;
    checkShape(attributes.shape, where);
    check(
      sizeOf(x) === sizeOf(attributes.shape),
      where,
      () =>
        `${formatShape(x)} has ${sizeOf(x)} elements, ${formatShape(attributes.shape)} has ${sizeOf(attributes.shape)}`,
      "A reshape keeps the number of elements.",
    );
    return { shape: attributes.shape, dtype: "float32" };
  },
  gradient: ({ inputs: [x] }, dy, build) => [build("reshape", [dy], { shape: x.shape })],
  reference: ({ inputs: [x], output }) => {
    output.set(x);
  },
  cost: elementwiseCost(0),
};

function checkPerAxis(where: string, name: string, values: Shape, x: Shape): void {
  check(
    values.length === x.length,
    where,
    () => `${name} must have one number for each axis of ${formatShape(x)}, got ${formatShape(values)}`,
  );
}

/** Surrounds x with `value`. Shapes: [d...] -> [before + d + after...]. */
export const pad: OpRule<"pad"> = {
  shape: (context) => {
    const { attributes, where } = context;
    const x = sameShapeType(context, ["x"]).shape;
    for (const name of ["before", "after"] as const) {
      checkPerAxis(where, name, attributes[name], x);
      checkWholeNumbers(where, name, attributes[name], 0);
    }
    const shape = x.map((size, axis) => attributes.before[axis] + size + attributes.after[axis]);
    return { shape, dtype: "float32" };
  },
  gradient: ({ inputs: [x], attributes: { before } }, dy, build) => [
    build("slice", [dy], { begin: before, size: x.shape }),
  ],
  reference: ({ node, inputs: [x], output }) => {
    output.fill(node.attributes.value);
    blockIndices(node.inputs[0].shape, node.shape, node.attributes.before).forEach((position, index) => {
      output[position] = x[index];
    });
  },
  cost: elementwiseCost(0),
};

/** The block of `size` elements of x from `begin`. Shapes: [d...] -> size, with begin + size <= d. */
export const slice: OpRule<"slice"> = {
  shape: (context) => {
    const { attributes, where } = context;
    const { begin, size } = attributes;
    const x = sameShapeType(context, ["x"]).shape;
    checkPerAxis(where, "begin", begin, x);
    checkPerAxis(where, "size", size, x);
    checkWholeNumbers(where, "begin", begin, 0);
    checkWholeNumbers(where, "size", size, 1);
    check(
      x.every((length, axis) => begin[axis] + size[axis] <= length),
      where,
      () => `a block of ${formatShape(size)} from ${formatShape(begin)} reaches beyond ${formatShape(x)}`,
    );
    return { shape: size, dtype: "float32" };
  },
  gradient: ({ inputs: [x], attributes: { begin, size } }, dy, build) => {
    const after = x.shape.map((length, axis) => length - begin[axis] - size[axis]);
    return [build("pad", [dy], { before: begin, after, value: 0 })];
  },
  reference: ({ node, inputs: [x], output }) => {
    blockIndices(node.shape, node.inputs[0].shape, node.attributes.begin).forEach((position, index) => {
      output[index] = x[position];
    });
  },
  cost: elementwiseCost(0),
};

/** One value after another along `axis`. Shapes: [..., d_i, ...] -> [..., sum of d_i, ...]; the rest must agree. */
export const concatenate: OpRule<"concatenate"> = {
  shape: (context) => {
    const { inputs, where } = context;
    const { axis } = context.attributes;
    check(inputs.length > 0, where, () => "takes at least one input, got 0");
    checkOperand(context, 0, { name: "input 0", axes: anyShape });
    const first = inputs[0].shape;
    check(
      Number.isSafeInteger(axis) && axis >= 0 && axis < first.length,
      where,
      () => `axis must be one of 0 to ${first.length - 1} for ${formatShape(first)}, got ${axis}`,
    );
    const axes = first.map((size, position) => (position === axis ? "*" : size));
    inputs.forEach((_, index) => {
      const hint = `All inputs must have the shape of the first but for axis ${axis}.`;
      checkOperand(context, index, { name: `input ${index}`, axes, hint });
    });
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return { shape: first.map((size, position) => (position === axis ? total : size)), dtype: "float32" };
  },
  gradient: ({ inputs, attributes: { axis } }, dy, build, wanted) => {
    let offset = 0;
    return inputs.map(({ shape }, index) => {
      const begin = shape.map((_, position) => (position === axis ? offset : 0));
      offset += shape[axis];
      return wanted[index] ? build("slice", [dy], { begin, size: shape }) : null;
    });
  },
  reference: ({ node, inputs, output }) => {
    const begin = [...zeros(node.shape)];
    inputs.forEach((values, input) => {
      const { shape } = node.inputs[input];
      blockIndices(shape, node.shape, begin).forEach((position, index) => {
        output[position] = values[index];
      });
      begin[node.attributes.axis] += shape[node.attributes.axis];
    });
  },
  cost: elementwiseCost(0),
};
