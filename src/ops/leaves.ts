import { checkShape, EngineError } from "../tensor/index.ts";
import { check, checkCount } from "./checks.ts";
import type { OpRule, ReferenceContext, ShapeContext } from "./rule.ts";

const free = () => ({ flops: 0, bytes: 0 });

function namedShape(context: ShapeContext<"input" | "variable">) {
  const { attributes, where } = context;
  checkCount(context, []);
  check(
    attributes.name !== "",
    where,
    () => "the name is empty",
    "Give it a name that is unique in its graph.",
  );
  checkShape(attributes.shape, `${where} "${attributes.name}"`);
  return { shape: attributes.shape, dtype: attributes.dtype };
}

function noReference({ node }: ReferenceContext<"input" | "variable">): void {
  throw new EngineError(
    `an engine gives ${node.kind} "${node.attributes.name}" its value; nothing computes it`,
  );
}

/** A value fed at every step. Shapes: [] -> attributes.shape. */
export const input: OpRule<"input"> = {
  shape: namedShape,
  gradient: null,
  reference: noReference,
  cost: free,
};

/** State of the engine. Shapes: [] -> attributes.shape. */
export const variable: OpRule<"variable"> = {
  shape: namedShape,
  gradient: null,
  reference: noReference,
  cost: free,
};

/** y = value everywhere. Shapes: [] -> attributes.shape. */
export const constant: OpRule<"constant"> = {
  shape: (context) => {
    checkCount(context, []);
    checkShape(context.attributes.shape, context.where);
    return { shape: context.attributes.shape, dtype: "float32" };
  },
  gradient: null,
  reference: ({ node, output }) => {
    output.fill(node.attributes.value);
  },
  cost: free,
};
