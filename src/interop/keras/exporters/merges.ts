import type { LayerKind } from "../../../layers/index.ts";
import { type ExportContext, type Placed, rescaled } from "./exporter.ts";

/** A layer of several inputs that is positive where all of them are. */
function joined<K extends "add" | "multiply" | "average" | "concatenate">(
  className: string,
  configOf: (context: ExportContext<K>) => Readonly<Record<string, unknown>> = () => ({}),
) {
  return (context: ExportContext<K>): Placed => ({
    ...context.place({ className, config: configOf(context) }, context.inputs),
    isPositive: context.inputs.every(({ isPositive }) => isPositive),
  });
}

/** Kinds with several inputs. */
export const mergeExporters = {
  add: joined<"add">("Add"),
  multiply: joined<"multiply">("Multiply"),
  average: joined<"average">("Average"),
  concatenate: joined<"concatenate">("Concatenate", ({ options }) => ({ axis: options.axis })),
  // TensorFlow.js has no layer for differences: a + (-b).
  subtract: ({ inputs: [first, second], place, helper }: ExportContext<"subtract">): Placed =>
    place({ className: "Add", config: {} }, [first, helper("negative", rescaled(-1, 0), [second])]),
  divide: ({ refuse }: ExportContext<"divide">): Placed => {
    throw refuse("it divides one input by another");
  },
} as const satisfies Partial<Record<LayerKind, unknown>>;
