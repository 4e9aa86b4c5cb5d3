import type { Node, Update, UpdateAttributes, UpdateKind } from "../graph/index.ts";
import { formatShape, ShapeError, sameShape } from "../tensor/index.ts";
import type { UpdateRule } from "./rule.ts";

/** w (1 - rate weightDecay), the decoupled decay that comes before every optimizer's own step. */
function decayed(weight: number, rate: number, weightDecay: number): number {
  return weight * (1 - rate * weightDecay);
}

/** w -= rate g. */
const sgd: UpdateRule<"sgd"> = {
  slots: [],
  hyperLength: 1,
  reference: ({ weightDecay }, variable, gradient, _, [rate]) => {
    variable.forEach((weight, index) => {
      variable[index] = decayed(weight, rate, weightDecay) - rate * gradient[index];
    });
  },
};

/** v = momentum v - rate g; w += v, or with Nesterov w += momentum v - rate g (Sutskever et al. 2013, as in Keras). */
const momentum: UpdateRule<"momentum"> = {
  slots: ["velocity"],
  hyperLength: 1,
  reference: (attributes, variable, gradient, [velocity], [rate]) => {
    variable.forEach((weight, index) => {
      const step = rate * gradient[index];
      velocity[index] = attributes.momentum * velocity[index] - step;
      const move = attributes.nesterov ? attributes.momentum * velocity[index] - step : velocity[index];
      variable[index] = decayed(weight, rate, attributes.weightDecay) + move;
    });
  },
};

/**
 * m = beta1 m + (1 - beta1) g and v = beta2 v + (1 - beta2) g^2, both corrected for their start at zero by the factors
 * in hyper; w -= rate mHat / (sqrt(vHat) + epsilon) (Kingma and Ba 2015; decay as in Loshchilov and Hutter 2019).
 */
const adam: UpdateRule<"adam"> = {
  slots: ["firstMoment", "secondMoment"],
  hyperLength: 3,
  reference: ({ beta1, beta2, epsilon, weightDecay }, variable, gradient, [first, second], hyper) => {
    const [rate, firstCorrection, secondCorrection] = hyper;
    variable.forEach((weight, index) => {
      first[index] = beta1 * first[index] + (1 - beta1) * gradient[index];
      second[index] = beta2 * second[index] + (1 - beta2) * gradient[index] ** 2;
      const step = (first[index] * firstCorrection) / (Math.sqrt(second[index] * secondCorrection) + epsilon);
      variable[index] = decayed(weight, rate, weightDecay) - rate * step;
    });
  },
};

/** s = rho s + (1 - rho) g^2; w -= rate g / (sqrt(s) + epsilon) (Tieleman and Hinton 2012, as in PyTorch). */
const rmsprop: UpdateRule<"rmsprop"> = {
  slots: ["meanSquare"],
  hyperLength: 1,
  reference: ({ rho, epsilon, weightDecay }, variable, gradient, [square], [rate]) => {
    variable.forEach((weight, index) => {
      square[index] = rho * square[index] + (1 - rho) * gradient[index] ** 2;
      const step = gradient[index] / (Math.sqrt(square[index]) + epsilon);
      variable[index] = decayed(weight, rate, weightDecay) - rate * step;
    });
  },
};

/** variable = momentum variable + (1 - momentum) value. */
const movingAverage: UpdateRule<"movingAverage"> = {
  slots: [],
  hyperLength: 0,
  reference: (attributes, variable, value) => {
    variable.forEach((old, index) => {
      variable[index] = attributes.momentum * old + (1 - attributes.momentum) * value[index];
    });
  },
};

/** variable = kept variable + value; where kept is 0 it does not matter what the variable was, were it NaN. */
const accumulate: UpdateRule<"accumulate"> = {
  slots: [],
  hyperLength: 1,
  reference: (_attributes, variable, value, _slots, [kept]) => {
    variable.forEach((old, index) => {
      variable[index] = kept === 0 ? value[index] : kept * old + value[index];
    });
  },
};

/** The rule of every kind of update. A kind without a rule is a compile error. */
export const updateTable: { readonly [K in UpdateKind]: UpdateRule<K> } = {
  sgd,
  momentum,
  adam,
  rmsprop,
  movingAverage,
  accumulate,
};

/**
 * Builds an update, checking shapes.
 *
 * @throws ShapeError when value or slots have not the variable's shape, or hyper not the length of the rule
 */
export function createUpdate<K extends UpdateKind>(
  kind: K,
  attributes: UpdateAttributes[K],
  operands: {
    readonly variable: Node<"variable">;
    readonly value: Node;
    readonly slots?: readonly Node<"variable">[];
    readonly hyper?: Node;
  },
): Update<K> {
  const { variable, value, slots = [], hyper = null } = operands;
  const { slots: slotNames, hyperLength } = updateTable[kind];
  const where = `${kind} of ${variable.attributes.name}`;
  const fits = (node: Node) => node.dtype === "float32" && sameShape(node.shape, variable.shape);
  const describe = (node: Node) => `${node.dtype}${formatShape(node.shape)}`;
  if (variable.dtype !== "float32")
    throw new ShapeError(`only float32 variables change, got ${describe(variable)}`, { where });
  if (slots.length !== slotNames.length) {
    const names = slotNames.length === 0 ? "none" : slotNames.join(", ");
    throw new ShapeError(`takes ${slotNames.length} slots (${names}), got ${slots.length}`, { where });
  }
  const named = [["value", value] as const, ...slots.map((slot, index) => [slotNames[index], slot] as const)];
  for (const [name, node] of named) {
    if (!fits(node))
      throw new ShapeError(`${name} must be ${describe(variable)}, got ${describe(node)}`, { where });
  }
  const expected = hyperLength === 0 ? "none" : `float32[${hyperLength}]`;
  const came = hyper === null ? "none" : describe(hyper);
  if (expected !== came) throw new ShapeError(`hyper must be ${expected}, got ${came}`, { where });
  return Object.freeze({ kind, attributes, variable, value, slots, hyper });
}
