/** @typedef {import("./model.mjs").OnnxNode} OnnxNode */
/** @typedef {import("../../types.ts").Step} Step */

/**
 * A net's nodes in inference. Values are named by their step, weights as in the net's file.
 *
 * @param {readonly Step[]} steps
 * @returns {readonly OnnxNode[]}
 */
export function netNodes(steps) {
  /** Name of each step's value. @type {string[]} */
  const names = [];
  /** @type {OnnxNode[]} */
  const nodes = [];
  for (const [index, step] of steps.entries()) {
    const inputs = step.inputs.map((input) => names[input]);
    const output = `v${index}`;
    const node = nodeOf(step, inputs, output);
    if (node !== null) nodes.push(node);
    names.push(node === null ? (inputs[0] ?? "x") : output);
  }
  return nodes;
}

/** @param {Step} step @param {readonly string[]} inputs @param {string} output @returns {OnnxNode | null} null where nothing is to do */
function nodeOf(step, inputs, output) {
  switch (step.op) {
    case "input":
    case "identity":
    case "dropout":
      return null;
    case "relu":
      return { kind: "Relu", inputs, output };
    case "add":
      return { kind: "Add", inputs, output };
    case "flatten":
      return { kind: "Flatten", inputs, output, attributes: { axis: 1 } };
    case "globalAveragePool2d":
      // ONNX's GlobalAveragePool keeps the axes of size 1.
      return { kind: "ReduceMean", inputs, output, attributes: { axes: [2, 3], keepdims: 0 } };
    case "maxPool2d":
      return {
        kind: "MaxPool",
        inputs,
        output,
        attributes: { kernel_shape: step.window, strides: step.strides, pads: padsOf(step.padding) },
      };
    case "conv2d":
      return {
        kind: "Conv",
        inputs: [...inputs, ...weightsOf(step)],
        output,
        attributes: { strides: step.strides, pads: padsOf(step.padding) },
      };
    case "dense":
      return { kind: step.bias ? "Gemm" : "MatMul", inputs: [...inputs, ...weightsOf(step)], output };
    case "batchNormalization": {
      const parameters = ["weight", "bias", "running_mean", "running_var"].map(
        (part) => `${step.name}.${part}`,
      );
      return {
        kind: "BatchNormalization",
        inputs: [...inputs, ...parameters],
        output,
        attributes: { epsilon: { real: step.epsilon } },
      };
    }
  }
}

/** @param {{ readonly name: string, readonly bias: boolean }} step */
function weightsOf({ name, bias }) {
  return bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`];
}

/** ONNX has all beginnings before all ends. @param {readonly [number, number, number, number]} padding */
function padsOf([top, bottom, left, right]) {
  return [top, left, bottom, right];
}
