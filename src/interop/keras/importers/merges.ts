import type { Layer, LayerKind, SymbolicTensor } from "../../../layers/index.ts";
import type { Source } from "../topology.ts";
import { type Apply, type ImportContext, type Importer, single } from "./importer.ts";

/** Layers that join several inputs; of operators, one of both may be a number. */
function joined(kind: "add" | "subtract" | "multiply" | "divide" | "average"): Importer {
  return (context) => {
    const constant = constantOf(context);
    if (constant !== null) return withConstant(context, kind, constant);
    const layer = context.make(kind, {});
    return (inputs) => layer.apply(inputs);
  };
}

/** A number among the inputs, and whether it comes first. */
function constantOf({
  layer,
  options,
}: ImportContext): { readonly value: number; readonly isFirst: boolean } | null {
  const isConstant = (source: Source): source is { readonly constant: number } => "constant" in source;
  const [call = []] = layer.calls;
  const value = call.find(isConstant);
  if (value === undefined) return null;
  if (layer.calls.length !== 1 || call.length !== 2 || call.every(isConstant)) {
    throw options.error("it has numbers among its inputs", "Only one number and one tensor are supported.");
  }
  return { value: value.constant, isFirst: isConstant(call[0]) };
}

/** x + c and the like, as a rescaling with fixed numbers. */
function withConstant(
  { options, make }: ImportContext,
  kind: LayerKind,
  { value, isFirst }: { readonly value: number; readonly isFirst: boolean },
): Apply {
  const factors: { readonly [operation: string]: readonly [scale: number, offset: number] } = {
    add: [1, value],
    subtract: isFirst ? [-1, value] : [1, -value],
    multiply: [value, 0],
    ...(isFirst ? {} : { divide: [1 / value, 0] }),
  };
  if (!Object.hasOwn(factors, kind)) {
    throw options.error("it has a number among its inputs", "Use a layer without, or Rescaling.");
  }
  const [scale, offset] = factors[kind];
  const layer = make("rescaling", { scale, offset });
  return (inputs) => layer.apply(inputs);
}

/** max(a, b) = b + max(a - b, 0), min(a, b) = a - max(a - b, 0), one input after the other. */
function extreme(which: "maximum" | "minimum"): Importer {
  return ({ helper }) => {
    const difference = helper("subtract", {});
    const excess = helper("activation", { activation: "relu" });
    const sum: Layer = which === "maximum" ? helper("add", {}) : helper("subtract", {});
    const join = (a: SymbolicTensor, b: SymbolicTensor) => {
      const above = excess.apply(difference.apply([a, b]));
      return which === "maximum" ? sum.apply([b, above]) : sum.apply([a, above]);
    };
    return ([first, ...others]) => others.reduce(join, first);
  };
}

/** a + scale b, the residual of Inception-ResNet in Keras's applications. */
const scaledResidual: Importer = ({ options, make, helper }) => {
  const scaled = helper("rescaling", { scale: options.number("scale") });
  const sum = make("add", {});
  return ([residual, branch]) =>
    sum.apply(branch === undefined ? [residual] : [residual, scaled.apply(branch)]);
};

/** Classes with several inputs. */
export const mergeImporters = {
  Add: joined("add"),
  Subtract: joined("subtract"),
  Multiply: joined("multiply"),
  Average: joined("average"),
  Divide: joined("divide"),
  TrueDivide: joined("divide"),
  Maximum: extreme("maximum"),
  Minimum: extreme("minimum"),
  CustomScaleLayer: scaledResidual,
  Concatenate: single("concatenate", (options) => ({ axis: options.number("axis", -1) })),
} satisfies { readonly [className: string]: Importer };
