import { channelsFirstOrder, toOutputsFirst } from "../../../../formats/layouts.ts";
import type { Padding2d } from "../../../../graph/index.ts";
import { windowOf } from "../../../../layers/conv2d.ts";
import { resolveTransposed } from "../../../../layers/conv2d-transpose.ts";
import { resolveWindow, size2d } from "../../../../layers/geometry.ts";
import type { PaddingOption } from "../../../../ops/index.ts";
import type { Size2dOption } from "../../../../options/index.ts";
import type { ExportedValue } from "../exported-value.ts";
import { asImage, imageValue, ownShape } from "../values.ts";
import type { Attributes, LayerWriter } from "../writer.ts";
import { writeActivation } from "./activations.ts";
import type { Exporter } from "./exporter.ts";

export const conv2d: Exporter<"conv2d"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  const attributes = windowAttributes(writer, options, x, options.groups);
  return finish(
    writer,
    options.activation,
    writer.node("Conv", kernelInputs(writer, x, "weight"), attributes),
  );
};

export const depthwiseConv2d: Exporter<"depthwiseConv2d"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  const attributes = windowAttributes(writer, options, x, x.shape[0]);
  return finish(
    writer,
    options.activation,
    writer.node("Conv", kernelInputs(writer, x, "weight"), attributes),
  );
};

export const separableConv2d: Exporter<"separableConv2d"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  const filter = kernel(writer, "depthwise_weight");
  const attributes = windowAttributes(writer, options, x, x.shape[0]);
  const name = writer.node("Conv", [x.name, filter], attributes, "depthwise");
  const pointwise = kernelInputs(writer, { ...x, name }, "pointwise_weight");
  return finish(writer, options.activation, writer.node("Conv", pointwise, { kernel_shape: [1, 1] }));
};

export const conv2dTranspose: Exporter<"conv2dTranspose"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  const image = ownShape(x);
  const kernelShape = size2d(options.kernelSize);
  const strides = size2d(options.strides);
  const dilations = size2d(options.dilationRate);
  const { padding, outputSize } = resolveTransposed(options, image, writer.layer);
  const cut = [padding.top + padding.bottom, padding.left + padding.right];
  // What "same" and "valid" add behind the last pixel is padding of the output in ONNX, like outputPadding.
  const outputPadding = outputSize.map(
    (size, axis) =>
      size - ((image[axis] - 1) * strides[axis] + dilations[axis] * (kernelShape[axis] - 1) + 1 - cut[axis]),
  );
  const name = writer.node("ConvTranspose", kernelInputs(writer, x, "weight"), {
    kernel_shape: kernelShape,
    strides,
    dilations,
    pads: padsOf(padding),
    group: options.groups,
    ...(outputPadding.some((size) => size > 0) && { output_padding: outputPadding }),
  });
  return finish(writer, options.activation, name);
};

/** `pads` of ONNX: before the height and the width, then behind them. */
export function padsOf({ top, bottom, left, right }: Padding2d): readonly number[] {
  return [top, left, bottom, right];
}

interface Window {
  readonly kernelSize: Size2dOption;
  readonly strides: Size2dOption;
  readonly padding: PaddingOption;
  readonly dilationRate: Size2dOption;
}

function windowAttributes(writer: LayerWriter, options: Window, x: ExportedValue, group: number): Attributes {
  const window = windowOf(options);
  const { padding } = resolveWindow(ownShape(x), window, writer.layer);
  const { window: kernelShape, strides, dilations } = window;
  return { kernel_shape: kernelShape, strides, dilations, pads: padsOf(padding), group };
}

function kernelInputs(writer: LayerWriter, x: ExportedValue, weight: string): string[] {
  const bias = writer.shapeOf("bias");
  const inputs = [x.name, kernel(writer, weight)];
  return bias === undefined ? inputs : [...inputs, writer.parameter("bias", bias)];
}

/** Filters [KH, KW, I, O] as [O, I, KH, KW]; transposed ones [KH, KW, O, I] alike as [I, O, KH, KW]. */
function kernel(writer: LayerWriter, name: string): string {
  const [height, width, inputs, outputs] = writer.shapeOf(name) ?? [];
  const order = channelsFirstOrder([height, width, inputs]);
  return writer.parameter(name, [outputs, inputs, height, width], "", (values) =>
    toOutputsFirst(values, outputs, order),
  );
}

function finish(
  writer: LayerWriter,
  activation: Parameters<typeof writeActivation>[1],
  name: string,
): ExportedValue {
  return writeActivation(writer, activation, imageValue(name, writer.shape));
}
