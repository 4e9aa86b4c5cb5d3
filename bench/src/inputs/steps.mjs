/**
 * A net as a list of steps that any library can follow: ReLUs and padding spelled out, what inference leaves out left in as
 * dropout. Each step's value is the input of those that name its index.
 */

import { resolveWindow, size2d } from "../../../dist/layers/geometry.js";
import { resolvePool2d } from "../../../dist/layers/pooling2d.js";

/** @typedef {import("fovea").Model["architecture"]} Architecture */
/** @typedef {import("../types.ts").Step} Step */

/** @param {Architecture} architecture @returns {readonly Step[]} the last is the net's output */
export function stepsOf({ layers, calls, output }) {
  if (output !== calls.length - 1) throw new Error("the output is not the last layer");
  /** @type {Step[]} */
  const steps = [];
  /** Index of the step with a call's value. @type {number[]} */
  const stepOf = [];
  for (const { layer: position, inputs, shape } of calls) {
    const { name, layer } = layers[position];
    const shapes = inputs.map((index) => calls[index].shape);
    steps.push({ inputs: inputs.map((index) => stepOf[index]), ...describe(name, layer, shapes, shape) });
    const activation = "activation" in layer.options ? layer.options.activation : "linear";
    if (layer.kind !== "activation" && activation !== "linear") {
      if (activation !== "relu") throw notKnown(name, `activation ${activation}`);
      steps.push({ inputs: [steps.length - 1], op: "relu" });
    }
    stepOf.push(steps.length - 1);
  }
  return steps;
}

/**
 * @param {string} name
 * @param {import("fovea").Layer} layer
 * @param {readonly (readonly number[])[]} inputs shapes
 * @param {readonly number[]} output shape
 * @returns {import("../types.ts").Operation}
 */
function describe(name, layer, [input = []], output) {
  // The union of all layers does not narrow: each case takes the options of its own kind.
  const { kind } = layer;
  /** @type {any} */
  const options = layer.options;
  switch (kind) {
    case "input":
    case "flatten":
    case "add":
    case "globalAveragePool2d":
      return { op: kind };
    case "dropout":
      return { op: kind, rate: options.rate };
    case "activation":
      if (options.activation !== "relu") throw notKnown(name, `activation ${options.activation}`);
      return { op: "relu" };
    case "dense":
      return { op: kind, name, bias: options.useBias };
    case "batchNormalization":
      return { op: kind, name, epsilon: options.epsilon };
    case "conv2d": {
      const [window, strides, dilations] = [options.kernelSize, options.strides, options.dilationRate].map(
        size2d,
      );
      if (options.groups !== 1 || dilations.some((size) => size !== 1))
        throw notKnown(name, "groups or dilation");
      const { padding } = resolveWindow(
        input,
        { window, strides, dilations, padding: options.padding, ceilMode: false },
        name,
      );
      return { op: kind, name, bias: options.useBias, strides, padding: sides(padding) };
    }
    case "maxPool2d": {
      const { poolSize, strides, padding } = resolvePool2d(options, input, name);
      return { op: kind, window: poolSize, strides, padding: sides(padding) };
    }
    case "adaptiveAveragePool2d":
      // Images of the size that the net was made for have the pool's output size already.
      if (input.join() !== output.join()) throw notKnown(name, "pooling to another size");
      return { op: "identity" };
    default:
      throw notKnown(name, kind);
  }
}

/** @param {import("../../../dist/graph/kinds.js").Padding2d} padding @returns {[number, number, number, number]} */
function sides({ top, bottom, left, right }) {
  return [top, bottom, left, right];
}

/** @param {string} name @param {string} what */
function notKnown(name, what) {
  return new Error(`the bench has no step for ${what} (layer ${name})`);
}
