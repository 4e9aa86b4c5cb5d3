import { toOutputsFirst } from "../../../../formats/layouts.ts";
import { asPlain, plainValue, rowOrder } from "../values.ts";
import { writeActivation } from "./activations.ts";
import type { Exporter } from "./exporter.ts";

/** Gemm with weights [out, in], as PyTorch writes it; MatMul with [in, out] where there are more axes. */
export const dense: Exporter<"dense"> = (writer, { activation }, [x]) => {
  const [inputs, units] = writer.shapeOf("weight") ?? [];
  const offset = () => {
    const bias = writer.shapeOf("bias");
    return bias === undefined ? [] : [writer.parameter("bias", bias)];
  };
  if (x.shape.length > 1) {
    const rows = asPlain(writer, x);
    const product = writer.node("MatMul", [rows.name, writer.parameter("weight", [inputs, units], "rows")]);
    const name = offset().reduce((sum, bias) => writer.node("Add", [sum, bias]), product);
    return writeActivation(writer, activation, plainValue(name, writer.shape));
  }
  // A flattened image comes channel by channel in the file: the rows of the matrix follow it.
  const order = rowOrder(x.mixed);
  const weight = writer.parameter("weight", [units, inputs], JSON.stringify(x.mixed), (values) =>
    toOutputsFirst(values, units, order),
  );
  const name = writer.node("Gemm", [x.name, weight, ...offset()], { transB: 1 });
  return writeActivation(writer, activation, plainValue(name, writer.shape));
};
