import { toOrder } from "../../../../formats/layouts.ts";
import { sizeOf } from "../../../../tensor/index.ts";
import type { ExportedValue } from "../exported-value.ts";
import { reshapeTo, rowOrder, unmix, withChannelsFirst } from "../values.ts";
import type { LayerWriter } from "../writer.ts";
import type { Exporter } from "./exporter.ts";

/** With the running statistics; ONNX needs a factor and an offset, whether the layer has them or not. */
export const batchNormalization: Exporter<"batchNormalization"> = (
  writer,
  { epsilon, momentum },
  [input],
) => {
  const x = withChannelsFirst(writer, input);
  const names = [
    channelParameter(writer, "weight", x, 1),
    channelParameter(writer, "bias", x, 0),
    channelParameter(writer, "running_mean", x, 0),
    channelParameter(writer, "running_var", x, 1),
  ];
  const attributes = { epsilon: { float: epsilon }, momentum: { float: momentum } };
  return { ...x, name: writer.node("BatchNormalization", [x.name, ...names], attributes) };
};

/** One number a channel; the features of a flattened image are in another order in the file. */
function channelParameter(writer: LayerWriter, name: string, x: ExportedValue, missing: number): string {
  const shape = writer.shapeOf(name);
  if (shape === undefined) {
    const channels = x.shape[0];
    return writer.floats(new Array<number>(channels).fill(missing), [channels]);
  }
  const order = rowOrder(x.mixed);
  if (order === null) return writer.parameter(name, shape);
  return writer.parameter(name, shape, JSON.stringify(x.mixed), (values) => toOrder(values, order));
}

/** LRN; runtimes take images alone. */
export const localResponseNormalization: Exporter<"localResponseNormalization"> = (
  writer,
  { size, alpha, beta, bias },
  [input],
) => {
  const x = withChannelsFirst(writer, unmix(writer, input));
  const attributes = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: bias } };
  const normalized = (name: string) => writer.node("LRN", [name], attributes);
  if (x.shape.length === 3) return { ...x, name: normalized(x.name) };
  const [channels, ...others] = x.shape;
  const image = reshapeTo(writer, x.name, [channels, sizeOf(others), 1]);
  return { ...x, name: reshapeTo(writer, normalized(image), x.shape) };
};
